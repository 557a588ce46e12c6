"""The service's log: nothing is lost, everything stands in its order."""

import asyncio
import io
import logging

import pytest

from spacepolicy.commands.log_handler import LogHandler


def logger(written: io.StringIO) -> logging.Logger:
    made = logging.Logger("here", logging.INFO)
    made.addHandler(LogHandler(written))
    return made


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


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
