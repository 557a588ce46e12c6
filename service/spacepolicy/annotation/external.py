"""The port for other annotators: a command that reads a text and writes proposals as JSON.

The command gets the text on standard input, in UTF-8, and the name of the source as its last
argument. It writes the JSON that `annotate --json` prints, of which only `proposals` is needed,
within a time and a size. A proposal that does not fit the text or the data is refused with its
place.
"""

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from tempfile import TemporaryFile
from typing import Final, cast

from spacepolicy.annotation.annotating import Background
from spacepolicy.annotation.proposals import KINDS, Kind, Proposal
from spacepolicy.errors import SpacepolicyError

TIMEOUT_SECONDS: Final = 120.0
"""A model on a slow machine needs less for a long policy."""
_MOST_BYTES: Final = 64 << 20
"""Far more than the proposals for a text of a thousand pages."""
_SHOWN: Final = 300
"""Characters of a command's error output that are shown."""


class AnnotatorError(SpacepolicyError):
    """Another annotator could not be run, or its output is not valid."""


def ask_annotator(
    command: str, text: str, source: str, background: Background, timeout_seconds: float
) -> tuple[Proposal, ...]:
    """The command's proposals for the text.

    Raises: AnnotatorError.
    """
    written = _run([*shlex.split(command), source], text, timeout_seconds)
    try:
        answer = json.loads(written)
    except ValueError as error:
        raise AnnotatorError(f"The annotator did not write JSON: {error}.") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("proposals"), list):
        raise AnnotatorError('The annotator did not write {"proposals": […]}.')
    return tuple(_read_all(answer["proposals"], text, background))


def _run(command: list[str], text: str, timeout_seconds: float) -> bytes:
    with TemporaryFile() as output, TemporaryFile() as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 # the user's own command
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        except (OSError, IndexError) as error:
            raise AnnotatorError(f"The annotator could not be started: {error}.") from error
        _feed(process, text, timeout_seconds)
        size = output.seek(0, os.SEEK_END)
        if process.returncode:
            errors.seek(0)
            message = errors.read(_SHOWN).decode("utf-8", "replace").strip()
            reason = (
                f"The annotator ended with {process.returncode}{f': {message}' if message else '.'}"
            )
            raise AnnotatorError(reason)
        if size > _MOST_BYTES:
            raise AnnotatorError(f"The annotator wrote {size:,} bytes; {_MOST_BYTES:,} are taken.")
        output.seek(0)
        return output.read()


def _feed(process: subprocess.Popen[bytes], text: str, timeout_seconds: float) -> None:
    """Send the command the text, and end it with its children when its time is over."""
    try:
        process.communicate(text.encode(), timeout=timeout_seconds)
    except subprocess.TimeoutExpired as error:
        raise AnnotatorError(f"The annotator took longer than {timeout_seconds:g} s.") from error
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _read_all(proposals: list[object], text: str, background: Background) -> Iterator[Proposal]:
    for number, each in enumerate(proposals):
        try:
            yield _read(each, text, background)
        except (TypeError, ValueError) as error:
            raise AnnotatorError(f"Proposal {number} of the annotator: {error}.") from error


def _read(proposal: object, text: str, background: Background) -> Proposal:
    """Parse a proposal. Raises: ValueError with what is wrong."""
    if not isinstance(proposal, dict):
        raise ValueError("it is no object")
    kind, start, end = proposal.get("kind"), proposal.get("start"), proposal.get("end")
    if kind not in KINDS:
        raise ValueError(f"its kind is {kind!r}, not one of {', '.join(KINDS)}")
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise ValueError(f"{start!r} to {end!r} is no place in a text of {len(text)} code points")
    if proposal.get("words", text[start:end]) != text[start:end]:
        raise ValueError(
            f"its words are {proposal['words']!r}, but the text has {text[start:end]!r}"
        )
    score = proposal.get("score", 0.5)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise ValueError(f"its score is {score!r}, not a number from 0 to 1")
    is_new = proposal.get("new", False) is True
    texts = {
        each: _text(proposal, each) for each in ("subject", "property", "object", "label", "rule")
    }
    _refuse_unknown(texts, background, is_new=is_new)
    return Proposal(
        cast("Kind", kind),
        start,
        end,
        text[start:end],
        texts["rule"] or "another annotator",
        float(score),
        subject=texts["subject"],
        predicate=texts["property"],
        object=texts["object"],
        label=texts["label"],
        new=is_new,
    )


def _text(proposal: Mapping[str, object], key: str) -> str:
    value = proposal.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"its {key} is {value!r}, not a text")
    return value or ""


def _refuse_unknown(texts: Mapping[str, str], background: Background, *, is_new: bool) -> None:
    """An IRI of the project without statements may only be the subject of a new thing."""
    for key in ("subject", "property", "object"):
        iri = texts[key]
        known = not iri.startswith(background.base) or iri in background.iris
        if not known and not (is_new and key != "property"):
            raise ValueError(f'its {key} <{iri}> does not exist, and it is not marked "new": true')
