"""The list of parts on a page, read back from its HTML."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_EMPTY: Final = frozenset({"br", "col", "img", "input", "link", "meta", "path", "rect"})


@dataclass
class ListedPart:
    """A part as a page shows it."""

    iri: str = ""
    name: str = ""
    ordinal: str | None = None
    quotations: list[tuple[str, str]] = field(default_factory=list)
    """Their words, each with the address to which they lead."""
    references: list[str] = field(default_factory=list)
    """The addresses of the passages by reference, of which no words are linked."""
    linked: list[str] = field(default_factory=list)
    """The IRIs of the things that are said of the part."""
    parts: "list[ListedPart]" = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.top = ListedPart()
        self._open: list[tuple[str, str]] = []
        self._parts = [self.top]
        self._href = ""
        self._words = ""

    @property
    def _inside(self) -> bool:
        return ("ol", "parts") in self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _EMPTY:
            return
        self._open.append((tag, given.get("class", "")))
        self._words = ""
        if not self._inside:
            return
        if tag == "li":
            self._parts.append(ListedPart())
            self._parts[-2].parts.append(self._parts[-1])
        if tag == "a" and ("strong", "") in self._open[-2:]:
            self._parts[-1].iri = given["title"]
        elif tag == "a" and "title" in given:
            self._parts[-1].linked.append(given["title"])
        if tag == "a":
            self._href = given["href"]
            if self._open[-2] == ("div", "said") and self._href.startswith("/"):
                self._parts[-1].references.append(self._href)

    def handle_endtag(self, tag: str) -> None:
        if tag in _EMPTY:
            return
        if self._inside:
            self._close(tag)
        self._open.pop()

    def _close(self, tag: str) -> None:
        here = self._parts[-1]
        if tag == "li":
            self._parts.pop()
        elif tag == "strong":
            here.name = self._words
        elif tag == "q":
            here.quotations.append((self._words, self._href))
        elif tag == "span" and self._open[-1] == ("span", "ordinal"):
            here.ordinal = self._words

    def handle_data(self, data: str) -> None:
        self._words += data


def listed_parts(page: str) -> list[ListedPart]:
    """The parts right below the thing that the page is about, each with its own."""
    reader = _Reader()
    reader.feed(page)
    return reader.top.parts


def flat(parts: list[ListedPart]) -> list[ListedPart]:
    """The parts and all those below them, as the page has them from top to bottom."""
    return [each for part in parts for each in (part, *flat(part.parts))]
