"""Tokens of Turtle and TriG with the places where they stand, and the comments among them.

The tokens are those of a document that a parser has accepted; on other texts they mean nothing.
Spec: https://www.w3.org/TR/turtle/#sec-grammar-grammar, https://www.w3.org/TR/trig/#sec-grammar
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, cast, final

Kind = Literal["comment", "iri", "string", "tag", "mark", "word"]

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<comment>\#[^\r\n]*)
  | (?P<iri><[^<>"{}|^`\x00-\x20]*>)
  | (?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*'''
      |"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<word>(?:\.(?=[0-9]))?
      (?:[^ \t\r\n<>"'\#;,.\[\](){}^@\\]|\\.|\.+(?=[^ \t\r\n<>"'\#;,.\[\](){}^@]))+)
  | (?P<mark>\^\^|.)
    """,
    re.VERBOSE | re.DOTALL,
)


@final
@dataclass(frozen=True, slots=True)
class TurtleToken:
    """A piece of the document; line and column of its first character count from 1."""

    kind: Kind
    text: str
    line: int
    column: int


def tokens(text: str) -> Iterator[TurtleToken]:
    """The tokens of a document in order, comments among them, white space left out.

    >>> [token.text for token in tokens("<#a> a :B.C ; :d 1.5. # why")]
    ['<#a>', 'a', ':B.C', ';', ':d', '1.5', '.', '# why']
    """
    line, line_start = 1, 0
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "space":
            column = match.start() - line_start + 1
            yield TurtleToken(cast("Kind", match.lastgroup), match.group(), line, column)
        if breaks := match.group().count("\n"):
            line += breaks
            line_start = text.rindex("\n", 0, match.end()) + 1


_OWLAPI_COMMENT = re.compile(
    r"""
    \#{65}
  | \#
  | \#[ ]{4}(?:Annotation\ properties|Datatypes|Object\ Properties|Data\ properties|Classes
      |Individuals|Annotations|General\ axioms|Rules)
  | \#{3}[ ]{2}Generated\ by\ the\ OWL\ API\ \(version\ [^()]+\)\ https?://\S+
  | \#{3}[ ]{2}Warning:\ type\ declarations\ were\ not\ added\ automatically\.
    """,
    re.VERBOSE,
)


def is_machine_made(comment: TurtleToken, iris: Collection[str]) -> bool:
    """Whether the comment is one that the OWL API, and so Protégé, writes by itself.

    These are banners, the line with the version, and the IRI of the entity whose block follows,
    which is one of the document's `iris`; each stands alone on its line.
    """
    text = comment.text.rstrip()
    return comment.column == 1 and (
        _OWLAPI_COMMENT.fullmatch(text) is not None
        or (text.startswith("###  ") and text.removeprefix("###  ") in iris)
    )
