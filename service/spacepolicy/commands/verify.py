"""`spacepolicy verify`: checks every quotation and fingerprint against its text."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from spacepolicy import settings
from spacepolicy.commands.options import add_option
from spacepolicy.errors import UsageError
from spacepolicy.knowledge.verifying import verified_files
from spacepolicy.settings import Settings
from spacepolicy.verification import Outcome, Result, Verification, exit_status, report


def add_arguments(parser: ArgumentParser) -> None:
    """Add the source to verify, and a copy of its text."""
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="its name or IRI (all sources)")
    parser.add_argument("--text", type=Path, metavar="FILE", help="a copy of the source's text")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    add_option(parser, "content", "the folder of seeds/ and data/")
    add_option(parser, "texts")


def run(given: Namespace, chosen: Settings) -> int:
    """Verify the given source, or all."""
    return verify(chosen, given.source, given.text, as_json=given.json)


def verify(chosen: Settings, source: str | None, text: Path | None, *, as_json: bool) -> int:
    """Print the results of the passages; return 1 where one failed, 3 where one was skipped, else
    0.

    Raises: UsageError where there is no content, no such source or no such copy; FindingsError
    where the files cannot be read.
    """
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        raise UsageError("There is no content to verify.")
    found = verified_files(
        content.path,
        packaged=content.packaged,
        name=source,
        text=text,
        texts=settings.texts_directory(chosen),
    )
    if as_json:
        print(json.dumps(report(found), ensure_ascii=False, indent=1))
    else:
        for line in _lines(found):
            print(line)
    return exit_status(found)


def _lines(verifications: Sequence[Verification]) -> Iterator[str]:
    for each in verifications:
        for result in each.results:
            yield from _result_lines(result)
        yield f"{each.source}  {_counted(each.counts)}"


def _result_lines(result: Result) -> Iterator[str]:
    """A passage that failed or was skipped, or whose words only the user's copy shows."""
    cited = result.cited
    if result.outcome != "checked":
        yield f"{result.outcome}  {cited.passage}: {result.reason}"
        if cited.address is not None:
            yield f"  {cited.locator} of {cited.address}"
    elif cited.exact is None and result.words is not None:
        yield f"{result.outcome}  {cited.passage}"
        yield f"  “{' '.join(result.words.split())}”"


def _counted(counts: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
