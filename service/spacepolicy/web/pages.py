"""HTML pages, rendered from the templates in `templates/`; they load nothing from other origins."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from spacepolicy import formats
from spacepolicy.engine.diagnosis.mistake import TextEdit
from spacepolicy.engine.hints import Hint
from spacepolicy.saved_queries import SavedQuery, bind
from spacepolicy.serialization import Form
from spacepolicy.web.asset_files import ASSETS, HAS_WORKBENCH, asset
from spacepolicy.web.i18n import WORDS
from spacepolicy.web.iri_routing import local_path
from spacepolicy.web.locale import LANGUAGES
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service
from spacepolicy.web.tables import Called, Named, known_prefixes, table

_templates: Final = Environment(
    loader=PackageLoader("spacepolicy.web", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class NamedThing(Protocol):
    """A link to a thing, such as `Link`."""

    @property
    def text(self) -> str:
        """The name."""

    @property
    def href(self) -> str | None:
        """The address; None where there is none."""

    @property
    def iri(self) -> str:
        """The IRI of the thing."""

    @property
    def language(self) -> str | None:
        """The language of the name."""


def _named(link: NamedThing) -> Markup:
    """A thing's name as HTML, as a link if it has an address, with the IRI as title."""
    language = f' lang="{escape(link.language)}"' if link.language else ""
    title, text = escape(link.iri), escape(link.text)
    if link.href:
        return Markup(f'<a href="{escape(link.href)}" title="{title}"{language}>{text}</a>')  # noqa: S704 # all is escaped
    return Markup(f'<span title="{title}"{language}>{text}</span>')  # noqa: S704 # all is escaped


def _kind_class(kind: NamedThing) -> str:
    """The CSS class of a class of things, from its IRI's last segment: style.css gives it a hue."""
    return f"kind-{re.split('[/#]', kind.iri)[-1].lower()}"


def bare(query: str) -> str:
    """Return the query without the lines of its header.

    >>> bare("#+ title: a\\nASK {}")
    'ASK {}'
    """
    return "\n".join(line for line in query.split("\n") if not line.startswith("#+"))


_templates.globals["named"] = _named
_templates.globals["kind_class"] = _kind_class
_templates.filters["bare"] = bare
LANGUAGE: Final = "language"
"""The parameter of a saved query for the language of names."""
_SHOWN_BEFORE: Final = 200
_LINES_BEFORE: Final = 8
_LINES_AFTER: Final = 3
"""Characters and lines shown around a mistake: what fits on a screen, with the mistake in its lower
half, since the cause of a mistake comes before it."""
STYLE: Final = asset(
    "style.css", _templates.get_template("style.css").render(assets=ASSETS).encode()
)
"""The style sheet of all pages."""
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
WORKBENCH_SECURITY_POLICY: Final = (
    f"{CONTENT_SECURITY_POLICY}; script-src 'self'; connect-src 'self'"
)
"""The policy of `/sparql`, whose workbench sends requests to the service."""

PREVIEW_SECURITY_POLICY: Final = CONTENT_SECURITY_POLICY.replace(
    "frame-ancestors 'none'", "frame-ancestors *"
)
"""The policy of pages that other origins may show in a frame; they have no forms."""


def form(service: Service) -> str:
    """Return the query form, filled with the saved query that `?example=` names."""
    named = dict(current_locale().parameters).get("example")
    query = next((bare(each.text) for each in service.catalogue if each.name == named), "")
    return render("form.html", service, query=query)


def shown_answer(service: Service, body: bytes, called: Called, named: Named) -> dict[str, Any]:
    """Return an answer for templates: a table, a boolean, or Turtle; the others are None."""
    try:
        results = json.loads(body)
    except ValueError:
        return {"table": None, "boolean": None, "turtle": body.decode()}
    return {
        "table": table(service, results, called, named),
        "boolean": results.get("boolean"),
        "turtle": None,
    }


def answer(
    service: Service, query: str, form: Form, body: bytes, hints: Sequence[Hint] = ()
) -> str:
    """Return the page of a query's answer: a table, a boolean, or a graph as Turtle; and hints."""
    results = None if form == "graph" else json.loads(body)
    return render(
        "answer.html",
        service,
        query=query,
        table=table(service, results),
        boolean=None if results is None else results.get("boolean"),
        turtle=body.decode() if form == "graph" else None,
        hints=[hint.worded(current_locale().language) for hint in hints],
        offered=formats.offered(*formats.KINDS[form]),
    )


def problem(service: Service, members: Mapping[str, Any], remedy: str, asked: str | None) -> str:
    """Return the page of a problem; `asked` is the query that caused it, which can be edited
    there."""
    return render(
        "problem.html",
        service,
        problem=members,
        remedy=remedy,
        asked=asked,
        lines=_lines(members, asked),
        mended=_mended(members, asked),
        href=partial(href, service),
        query=asked or "",
    )


@final
@dataclass(frozen=True, slots=True)
class QueryLine:
    """A line of a query with a syntax error: its number, and in the wrong line, the texts before,
    at and after the place of the error."""

    number: int
    text: str
    wrong: tuple[str, str, str] | None = None


def _lines(members: Mapping[str, Any], asked: str | None) -> list[QueryLine]:
    """The lines around the place of a syntax error; empty where there is no place."""
    text, number, column = (members.get(name) for name in ("text", "line", "column"))
    if not (isinstance(text, str) and isinstance(number, int) and isinstance(column, int)):
        return []
    wrong = QueryLine(number, text, _place(text, column))
    lines = (asked or "").split("\n")
    if asked is None or number > len(lines):
        return [wrong]
    first = max(number - 1 - _LINES_BEFORE, 0)
    return [
        wrong if n == number else QueryLine(n, line[: 2 * _SHOWN_BEFORE])
        for n, line in enumerate(lines[first : number + _LINES_AFTER], first + 1)
    ]


def _mended(members: Mapping[str, Any], asked: str | None) -> str | None:
    """The query with the proposed edit applied; None where there is none for this text."""
    edit, number = members.get("edit"), members.get("line")
    if asked is None or not isinstance(edit, Mapping) or not isinstance(number, int):
        return None
    lines = asked.split("\n")
    if number > len(lines) or not lines[number - 1].startswith(str(members.get("text"))):
        return None  # the engine read another text than the client sent
    return TextEdit(**edit).applied(asked)


def _place(line: str, column: int) -> tuple[str, str, str]:
    """The line of a syntax error in three parts: before the place, the place, and after it."""
    at = min(column - 1, len(line))
    start = max(at - _SHOWN_BEFORE, 0)
    word = re.match(r"\w+|.", line[at:])
    end = at + len(word[0]) if word else at
    return line[start:at], line[at:end] or "⏎", line[end : end + _SHOWN_BEFORE]


def problem_kind(service: Service, kind: Mapping[str, Any]) -> str:
    """Return the page that explains a kind of problem."""
    return render("problem-kind.html", service, kind=kind)


def render(template: str, service: Service, **values: object) -> str:
    """Render the template with the values, and with those that every page needs."""
    here = current_locale()
    return _templates.get_template(template).render(
        style_path=STYLE.path,
        assets=ASSETS,
        has_workbench=HAS_WORKBENCH,
        known_prefixes=known_prefixes(service),
        base=service.revision.base or "",
        root=service.root,
        lang=here.language,
        chosen=here.chosen,
        here_in=here.here_in,
        here_at=here.is_at,
        to=lambda path: here.kept(service.root + path),
        t=WORDS[here.language],
        revision=service.revision,
        newest=service.history.current.number,
        here_now=here.here_now,
        prefixes=service.revision.prefixes,
        saved=[(query, runnable(query)) for query in service.catalogue],
        **values,
    )


def runnable(query: SavedQuery) -> str:
    """Return the query with its defaults bound, in the reader's language; unchanged where it needs
    a value."""
    needs_value = any(each.required and each.default is None for each in query.parameters)
    return query.text if needs_value else bind(query, for_reader(query, {}))


def for_reader(
    query: SavedQuery, values: Mapping[str, Sequence[str]]
) -> Mapping[str, Sequence[str]]:
    """Return the values, with the reader's language where the query takes one and none is given:
    the parameter's default is for programs."""
    taken = any(each.name == LANGUAGE and each.default in LANGUAGES for each in query.parameters)
    if not taken or values.get(LANGUAGE):
        return values
    return {**values, LANGUAGE: [current_locale().language]}


def headings(query: SavedQuery) -> Mapping[str, str]:
    """Return the headings of columns in the reader's language: descriptions of their contents."""
    language = current_locale().language
    return {
        each.name: held
        for each in query.described
        for described_in, held in each.holds.items()
        if described_in == language
    }


def href(service: Service, iri: str) -> str:
    """Return the address of the thing's page here, or its IRI where it has none."""
    path = local_path(service, iri)
    return iri if path is None else current_locale().kept(service.root + path)
