"""The service's log: nothing is lost, everything stands in its order."""

import asyncio
import io
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spacepolicy.commands.log_handler import LogHandler
from spacepolicy.settings import LogFormat
from spacepolicy.store.revision import Counts, Revision
from spacepolicy.web.access_log import AccessRecord, RequestLine
from spacepolicy.web.request_context import RequestContext, begin_request


def logger(written: io.StringIO, format: LogFormat = "text") -> logging.Logger:
    made = logging.Logger("here", logging.INFO)
    made.addHandler(LogHandler(written, format))
    return made


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def revision(tmp_path: Path) -> Revision:
    return Revision(1, "2026-01-02T03:04:05Z", "", "", Counts(), "", "", None, {}, tmp_path)


def test_lines_of_the_event_loop_are_written_a_little_later_together(
    written: io.StringIO,
) -> None:
    ours = logger(written)

    async def log() -> str:
        for number in range(3):
            ours.info("line %d", number)
        before = written.getvalue()
        await asyncio.sleep(0.3)
        return before

    assert asyncio.run(log()) == ""
    assert written.getvalue() == "".join(f"INFO here line {number}\n" for number in range(3))


def test_a_warning_waits_for_nothing_and_comes_behind_what_was_before_it(
    written: io.StringIO,
) -> None:
    ours = logger(written)

    async def log() -> str:
        ours.info("before")
        ours.warning("now")
        return written.getvalue()

    assert asyncio.run(log()) == "INFO here before\nWARNING here now\n"


def test_what_another_thread_logs_is_written_at_once(written: io.StringIO) -> None:
    ours = logger(written)

    async def log() -> str:
        ours.info("before")
        await asyncio.to_thread(ours.info, "beside")
        return written.getvalue()

    assert asyncio.run(log()) == "INFO here before\nINFO here beside\n"


def test_what_waits_when_the_loop_ends_is_written_at_the_end(written: io.StringIO) -> None:
    ours = logger(written)

    async def log() -> None:
        ours.info("last")

    asyncio.run(log())
    ours.handlers[0].flush()
    assert written.getvalue() == "INFO here last\n"


def test_a_line_that_cannot_be_made_hinders_no_other(written: io.StringIO) -> None:
    ours = logger(written)
    ours.info("%d", "no number")
    ours.info("after")
    assert written.getvalue().endswith("INFO here after\n")


def test_a_line_of_json_has_time_level_logger_and_message(written: io.StringIO) -> None:
    logger(written, "json").info("%d %s", 3, "things")
    line = json.loads(written.getvalue())
    assert line.keys() == {"time", "level", "logger", "message"}
    assert (line["level"], line["logger"], line["message"]) == ("INFO", "here", "3 things")
    assert line["time"].endswith("Z")
    age = datetime.now(UTC) - datetime.fromisoformat(line["time"])
    assert timedelta(seconds=-1) < age < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["two\nlines", '"quoted" \\ ', "卫星", "\udcff", "\x00", "100%"])
def test_any_text_is_one_line_of_json(written: io.StringIO, text: str) -> None:
    logger(written, "json").info(text)
    assert written.getvalue().count("\n") == 1
    assert written.getvalue().isascii()
    assert json.loads(written.getvalue())["message"] == text


def test_an_exception_is_a_member_of_its_line(written: io.StringIO) -> None:
    try:
        raise ValueError("what failed")
    except ValueError:
        logger(written, "json").exception("failed")
    line = json.loads(written.getvalue())
    assert (line["level"], line["message"]) == ("ERROR", "failed")
    assert line["exception"].endswith("ValueError: what failed")


def test_what_is_logged_within_a_request_has_its_identifiers(
    written: io.StringIO, revision: Revision
) -> None:
    async def answer() -> None:
        record = AccessRecord(request_id="r-1", query_id="q-1")
        begin_request({}, RequestContext(revision, record=record))
        logger(written, "json").warning("something is odd")

    asyncio.run(answer())
    line = json.loads(written.getvalue())
    assert (line["request_id"], line["query_id"]) == ("r-1", "q-1")


@pytest.mark.parametrize("format", ["text", "json"])
def test_the_line_of_a_request_is_the_same_past_the_loggers(format: LogFormat) -> None:
    record = AccessRecord(0.0, "solutions", "ASK {}", 3, 200, "text/csv", False, "r-1", "q-1")
    line = RequestLine("GET", "/sparql", record, 7, 0.0123)
    through, past = io.StringIO(), io.StringIO()
    theirs = logging.Logger("spacepolicy.requests", logging.INFO)
    theirs.addHandler(LogHandler(through, format))
    theirs.info(line)
    LogHandler(past, format).add(line)

    def without_time(text: str) -> object:
        return {**json.loads(text), "time": ""} if format == "json" else text

    assert without_time(past.getvalue()) == without_time(through.getvalue())
    assert "12.3" in past.getvalue()


def test_lines_of_requests_are_written_together_in_their_order(written: io.StringIO) -> None:
    handler = LogHandler(written)
    other = logging.Logger("here", logging.INFO)
    other.addHandler(handler)

    async def log() -> str:
        for number in range(3):
            handler.add(RequestLine("GET", f"/{number}", AccessRecord(), 1, 0.0))
            other.info("beside %d", number)
        before = written.getvalue()
        await asyncio.sleep(0.3)
        return before

    assert asyncio.run(log()) == ""
    lines = written.getvalue().splitlines()
    assert [line.split()[3] for line in lines[::2]] == ["/0", "/1", "/2"]
    assert lines[1::2] == [f"INFO here beside {number}" for number in range(3)]
