"""`spacepolicy annotate`: proposals for a text, by rules and by other annotators."""

import json
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from signal import SIGTERM, default_int_handler, signal

from spacepolicy import settings
from spacepolicy.annotation.acceptance import AcceptedProposals, write_quotes
from spacepolicy.annotation.annotating import Background, annotate, read_background
from spacepolicy.annotation.external import TIMEOUT_SECONDS, ask_annotator
from spacepolicy.annotation.proposals import KINDS, Annotation, Proposal, as_json
from spacepolicy.annotation.review.server import ReviewServer
from spacepolicy.annotation.review.session import ReviewSession
from spacepolicy.commands.options import add_option
from spacepolicy.errors import UsageError
from spacepolicy.knowledge.loading.sources import FOLDER
from spacepolicy.settings import ContentFolder, Settings
from spacepolicy.text_files import read_text


def add_arguments(parser: ArgumentParser) -> None:
    """Add the text to annotate, and how."""
    parser.add_argument(
        "source", metavar="SOURCE", help="the name of a source in seeds/, or the path of a text"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the proposals as data/SOURCE.quotes, marked until a person confirms them",
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help="show the proposals beside the text in a browser, to confirm, change or refuse",
    )
    parser.add_argument("--json", action="store_true", help="print the proposals as JSON")
    parser.add_argument(
        "--annotator",
        metavar="COMMAND",
        help="a command that gets the text on standard input and writes such JSON, to be added",
    )
    parser.add_argument(
        "--annotator-timeout",
        type=float,
        default=TIMEOUT_SECONDS,
        metavar="SECONDS",
        help=f"how long that command may take ({TIMEOUT_SECONDS:g})",
    )
    add_option(parser, "content", "the folder whose names and wordings are known")


def run(given: Namespace, chosen: Settings) -> int:
    """Print the proposals for the given source."""
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        raise UsageError("There is no content, whose names and wordings would be looked for.")
    if content.packaged and (given.write or given.serve):
        raise UsageError("An installed package is not written to: name a folder with --content.")
    name, text = text_to_annotate(content, given.source)
    background = read_background(content.path, packaged=content.packaged)
    annotation = _annotated(name, text, background, given)
    if given.serve:
        serve_review(ReviewSession(content.path, name, annotation, background))
    elif given.write:
        path = write_quotes(content.path, name, AcceptedProposals(annotation, annotation.proposals))
        print(f"{path} written; each passage is marked as proposed, and `build` waits until")
        print("you have compared it with the words and taken out its line with status:proposed.")
    elif given.json:
        print(json.dumps(as_json(annotation), ensure_ascii=False, indent=1))
    else:
        for line in _lines(annotation, background):
            print(line)
    return 0


def _annotated(name: str, text: str, background: Background, given: Namespace) -> Annotation:
    others: tuple[Proposal, ...] = ()
    if given.annotator:
        timeout: float = given.annotator_timeout
        others = ask_annotator(given.annotator, text, name, background, timeout)
    return annotate(text, name, background, others)


def text_to_annotate(content: ContentFolder, source: str) -> tuple[str, str]:
    """The name of the source and its text: one in the content, or a file.

    Raises: UsageError where there is no such text, FindingsError where it is not UTF-8.
    """
    seed = content.path / FOLDER / f"{source}.txt"
    path = seed if seed.is_file() else Path(source)
    if not path.is_file():
        there = sorted(each.stem for each in (content.path / FOLDER).glob("*.txt"))
        raise UsageError(
            f"{source} is no source with a text in {FOLDER}/ ({', '.join(there)}) and no file."
        )
    try:
        return path.stem, path.read_bytes().decode()
    except UnicodeDecodeError:
        read_text(path)  # raises the finding that says where the text is not UTF-8
        raise


def serve_review(session: ReviewSession) -> None:
    """Serve the review until the person finishes it, or the command is interrupted."""
    with ReviewServer(session) as server, suppress(KeyboardInterrupt):
        signal(SIGTERM, default_int_handler)
        print(f"Open {server.address}", flush=True)
        print("The address works once. Finish on the page, or with Ctrl-C here.", flush=True)
        server.serve_forever(poll_interval=0.2)
    counts = session.counts()
    print(", ".join(f"{number} {decision}" for decision, number in counts.items()))


def _lines(annotation: Annotation, background: Background) -> Iterator[str]:
    """The text output: a line for each proposal, then the number of each kind."""
    for each in annotation.proposals:
        yield _line(each, background)
    for start, end in annotation.uncovered:
        yield f"{start},{end}  uncovered  “{' '.join(annotation.text[start:end].split())}”"
    counts = Counter(each.kind for each in annotation.proposals)
    yield ", ".join(f"{counts[kind]} {kind}" for kind in KINDS)


def _line(proposal: Proposal, background: Background) -> str:
    said = [proposal.predicate, proposal.object]
    short = " ".join(
        each.removeprefix(f"{background.base}def/").removeprefix(background.base) for each in said
    )
    words = " ".join(proposal.words.split())
    return (
        f"{proposal.start},{proposal.end}  {proposal.kind}  “{_shortened(words)}”"
        f"{f'  {short.strip()}' if short.strip() else ''}  ({proposal.rule}, {proposal.score:g})"
    )


def _shortened(words: str) -> str:
    """The words; for a long passage, the first and the last ones."""
    most = 100
    if len(words) <= most:
        return words
    return f"{words[: most // 2].rpartition(' ')[0]} … {words[-most // 2 :].partition(' ')[2]}"
