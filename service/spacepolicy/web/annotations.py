"""The passages of a source as Web Annotations: where each stands in the text, and what it says.

Each annotation's target selects the passage by its offsets, its words and its fragment; its bodies
are the named graph that states what the passage says, and each of the statements in plain words.

Spec: https://www.w3.org/TR/annotation-model/, https://www.w3.org/TR/annotation-protocol/
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Query, Request
from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy import formats
from spacepolicy.errors import BadParameterError, NotFoundError
from spacepolicy.namespaces import Base
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.representation import (
    DeferredRepresentation,
    Representation,
    json_body,
    representation,
)
from spacepolicy.web.iri_routing import local_path
from spacepolicy.web.linked_data.graph_documents import (
    GraphDocument,
    PassageDocument,
    ReferenceDocument,
    graph_document,
)
from spacepolicy.web.linked_data.jsonld import language_tag
from spacepolicy.web.linked_data.labels import Labels
from spacepolicy.web.locale import LANGUAGES
from spacepolicy.web.routes import Handler

ANNOTATIONS: Final = "/annotations"
CONTEXT: Final = "http://www.w3.org/ns/anno.jsonld"
MEDIA_TYPE: Final = f'application/ld+json; profile="{CONTEXT}"'
_FRAGMENTS: Final = "http://tools.ietf.org/rfc/rfc5147"
"""The model's IRI for fragments of plain text (RFC 5147)."""
_JSON_LD: Final = formats.Format("annotations", "Web Annotation", "graph", MEDIA_TYPE, "jsonld")
Source = Annotated[str, Query(description="the IRI of a source", min_length=1, max_length=4000)]
Object = dict[str, Any]
ByLanguage = Mapping[str, Labels]


def web_annotations(app_state: AppState) -> Handler:
    """Return the handler of annotations."""

    @representation(app_state, offers=(_JSON_LD,), negotiated=False)
    async def annotations(request: Request, source: Source) -> DeferredRepresentation:
        """The passages of a source that say something, as Web Annotations."""
        path = local_path(app_state.service, source)
        if path is None or "#" in path:
            raise BadParameterError(f"source takes the IRI of a source here, not <{source[:200]}>.")
        here = app_state.service.url(request.scope, f"{ANNOTATIONS}?source={source}")

        async def make() -> Representation:
            thing = NamedNode(source)
            found = await graph_document(
                app_state, path, thing, app_state.service.url(request.scope, path)
            )
            if not (found.passages or found.references):
                raise NotFoundError(f"<{source}> has no passages.")
            return Representation(json_body(_collection(app_state, found, here)))

        return DeferredRepresentation(f"{ANNOTATIONS} {source}", make)

    return annotations


def _collection(app_state: AppState, found: GraphDocument, here: str) -> Object:
    named = (*found.names, *found.statements)
    names = {language: Labels(app_state.service, named, language) for language in LANGUAGES}
    own = Base(app_state.service.revision.base or "")
    around = _around(found, own)
    selected: list[tuple[PassageDocument | ReferenceDocument, list[Object]]] = [
        *((each, _quoting(each, around.get(each.iri, {}))) for each in found.passages),
        *((each, [_fragment(each)]) for each in found.references),
    ]
    items = [
        _annotation(each, found.thing, names, selector, here)
        for each, selector in selected
        if each.statements
    ]
    return {
        "@context": CONTEXT,
        "id": here,
        "type": "AnnotationCollection",
        "label": [
            {"@value": each.link(found.thing).text, "@language": language_tag(language)}
            for language, each in names.items()
        ],
        "total": len(items),
        "first": {"id": f"{here}#first", "type": "AnnotationPage", "startIndex": 0, "items": items},
    }


def _around(found: GraphDocument, own: Base) -> dict[NamedNode, dict[str, str]]:
    """The text before and after each passage, where the source's graph states it."""
    roles = {own.term("prefixText"): "prefix", own.term("suffixText"): "suffix"}
    around: dict[NamedNode, dict[str, str]] = {}
    for triple in found.statements:
        role = roles.get(triple.predicate)
        if role and isinstance(triple.subject, NamedNode) and isinstance(triple.object, Literal):
            around.setdefault(triple.subject, {})[role] = triple.object.value
    return around


def _quoting(passage: PassageDocument, around: Mapping[str, str]) -> list[Object]:
    return [
        {"type": "TextPositionSelector", "start": passage.start, "end": passage.end},
        {"type": "TextQuoteSelector", "exact": passage.words.value, **around},
        {**_fragment(passage), "conformsTo": _FRAGMENTS},
    ]


def _fragment(passage: PassageDocument | ReferenceDocument) -> Object:
    return {"type": "FragmentSelector", "value": passage.iri.value.partition("#")[2]}


def _annotation(
    passage: PassageDocument | ReferenceDocument,
    source: NamedNode,
    names: ByLanguage,
    selector: list[Object],
    here: str,
) -> Object:
    return {
        "id": f"{here}#{passage.iri.value.partition('#')[2]}",
        "type": "Annotation",
        "motivation": "describing",
        "body": [
            {"id": passage.iri.value, "type": "Dataset", "purpose": "describing"},
            *(
                _in_words(each, of, language)
                for each in passage.statements
                for language, of in names.items()
            ),
        ],
        "target": {"source": source.value, "selector": selector},
    }


def _in_words(statement: Triple, names: Labels, language: str) -> Object:
    """The statement as a text body: the names of its terms in the language."""
    terms = (statement.subject, statement.predicate, statement.object)
    words = (_name(term, names) for term in terms)
    return {
        "type": "TextualBody",
        "value": " ".join(words),
        "format": "text/plain",
        "language": language_tag(language),
        "purpose": "describing",
    }


def _name(term: object, names: Labels) -> str:
    if isinstance(term, NamedNode):
        return names.link(term).text
    return f"“{term.value}”" if isinstance(term, Literal) else "…"
