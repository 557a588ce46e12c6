"""`spacepolicy explain`: why a statement of the local revision holds."""

import json
import re
import sys
from collections.abc import Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse

from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.query import local_revision
from spacepolicy.dataset.reasoning.explanation import Explainer
from spacepolicy.errors import UsageError
from spacepolicy.namespaces import RDF, Base
from spacepolicy.settings import Settings

_BARE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(//|[^\s\"'<>]+:)[^\s\"'<>]*")
"""An IRI as it stands, told from a prefixed name by `//` or a second colon."""


def explain(chosen: Settings, terms: tuple[str, str, str], format: str) -> int:
    """Print the proof of the statement; 1 where it does not hold.

    Raises: UsageError where a term cannot be read, or the revision has nothing inferred.
    """
    refuse_endpoint(chosen, "explain")
    revision = local_revision(chosen)
    if revision.base is None:
        raise UsageError("This store holds no revision of files: nothing is inferred in it.")
    statement = read_statement(terms, revision.prefixes, revision.base)
    store = Store()
    store.bulk_load(path=revision.dataset, format=RdfFormat.N_QUADS)
    explainer = Explainer(store, Base(revision.base), revision.prefixes)
    proof = explainer.prove(statement)
    if proof is None:
        print(
            f"{' '.join(map(str, statement))} does not hold: revision {revision.number} neither "
            "states nor infers it.",
            file=sys.stderr,
        )
        return 1
    if format == "json":
        print(json.dumps(explainer.table(proof), ensure_ascii=False, indent=2))
    else:
        print(explainer.text(proof))
    return 0


def read_statement(terms: tuple[str, str, str], prefixes: Mapping[str, str], base: str) -> Triple:
    """The statement of terms written as IRIs, prefixed names or Turtle literals.

    Raises: UsageError where one cannot be read.

    >>> str(read_statement((":s", "a", "<id/o>"), {"": "urn:x:"}, "https://example.org/").object)
    '<https://example.org/id/o>'
    """
    subject, predicate, value = (read_term(text, prefixes, base) for text in terms)
    if not isinstance(subject, NamedNode):
        raise UsageError(f"{terms[0]!r} is no IRI: only things with names are explained.")
    if not isinstance(predicate, NamedNode):
        raise UsageError(f"{terms[1]!r} is no property.")
    return Triple(subject, predicate, value)


def read_term(text: str, prefixes: Mapping[str, str], base: str) -> NamedNode | Literal:
    """The term; a literal as the engine keeps it.

    Raises: UsageError where it cannot be read.
    """
    if text == "a":
        return NamedNode(f"{RDF}type")
    prefix, colon, local = text.partition(":")
    if colon and prefix in prefixes and not local.startswith("//"):
        text = f"<{prefixes[prefix]}{local}>"
    elif _BARE.fullmatch(text):
        text = f"<{text}>"
    declared = " ".join(f"@prefix {name}: <{iri}> ." for name, iri in prefixes.items())
    try:
        (quad,) = parse(f"{declared} <urn:s> <urn:p> {text} .", RdfFormat.TURTLE, base_iri=base)
    except (SyntaxError, ValueError):
        known = ", ".join(f"{name}:" for name in prefixes)
        raise UsageError(
            f"{text!r} is no IRI, prefixed name or Turtle literal; the prefixes are {known}."
        ) from None
    engine = Store()
    engine.add(Quad(quad.subject, quad.predicate, quad.object))
    (kept,) = engine
    if not isinstance(kept.object, NamedNode | Literal):
        raise UsageError(f"{text!r} is no IRI and no literal.")
    return kept.object
