"""`spacepolicy cite`: the passages of sources that contain given words."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path

from spacepolicy import settings
from spacepolicy.commands.options import add_option
from spacepolicy.errors import UsageError
from spacepolicy.knowledge.checks.evidence import DescribedPassage
from spacepolicy.knowledge.citation import Citation, CitedPlace, quoted_sources
from spacepolicy.knowledge.citation import cite as cite_source
from spacepolicy.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Add the words to search."""
    parser.add_argument("words", help="words of the source")
    add_option(parser, "content", "the folder of seeds/ and data/")


def run(given: Namespace, chosen: Settings) -> int:
    """Print the passages of the given words."""
    return cite(chosen, given.words)


def cite(chosen: Settings, words: str) -> int:
    """Print the passages that contain the words; return 1 where none does.

    Where no source contains them, the nearest passage of all is shown. A source without a text or
    quotations here is not searched.

    Raises: UsageError where there is no content, FindingsError where it cannot be read.
    """
    content = settings.content_directory(chosen, Path.cwd())
    if content is None or not words.strip():
        raise UsageError("There is nothing to look for, or no content to look in.")
    known = quoted_sources(content.path, packaged=content.packaged)
    cited = [
        (cite_source(words, source, passages), {passage.iri: passage for passage in passages})
        for source, passages in known
        if source.text is not None or passages
    ]
    standing = [each for each in cited if each[0].standings]
    nearest = sorted(cited, key=lambda each: each[0].likeness, reverse=True)[:1]
    if not standing:
        there_is = any(each.nearest for each, _ in nearest)
        near = "the nearest passage is" if there_is else "there is no passage yet"
        searched = ", ".join(each.source.iri for each, _ in cited) or "seeds/"
        wordless = len(known) - len(cited)
        others = f" (without words here, not searched: {wordless})" if wordless else ""
        print(f"not found in {searched}{others}; {near}")
    for citation, named in standing or nearest:
        for line in _lines(citation, named):
            print(line)
    return 0 if any(citation.found for citation, _ in cited) else 1


def _lines(citation: Citation, named: Mapping[str, DescribedPassage]) -> Iterator[str]:
    for standing in citation.standings:
        if standing.passages:
            yield f"{standing.start},{standing.end}  {standing.text!r} stands in"
            for passage in standing.passages:
                yield from _passage_lines(passage, named)
        else:
            yield from _unheld_lines(citation, standing)
    if citation.nearest is not None:
        yield from _passage_lines(citation.nearest, named)


def _passage_lines(
    passage: DescribedPassage, named: Mapping[str, DescribedPassage]
) -> Iterator[str]:
    yield f"{passage.iri}  {passage.start},{passage.end}"
    yield f'  "{passage.exact}"'
    for iri in passage.about:
        yield f"  says something of {iri}"
    for outer in passage.within:
        about = ", ".join(named[outer].about) if outer in named else ""
        yield f"  within {outer}{f', which is about {about}' if about else ''}"


def _unheld_lines(citation: Citation, standing: CitedPlace) -> Iterator[str]:
    """Words that are in the text but in no passage: the offsets for a new one."""
    yield f"{citation.source.iri}#char={standing.start},{standing.end}  no passage holds this yet"
    yield f'  "{standing.text}"'
    for passage in standing.touched:
        yield f"  overlaps {passage.iri}"
