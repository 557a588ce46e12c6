"""`spacepolicy explain`: why a statement of the local revision holds."""

import json
import sys
from argparse import ArgumentParser, Namespace

from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.options import STORE, add_options
from spacepolicy.commands.query import local_revision
from spacepolicy.engine.snapshot import opened
from spacepolicy.errors import UsageError
from spacepolicy.knowledge.reasoning.proof_view import Explainer
from spacepolicy.namespaces import Base
from spacepolicy.proofs.proof_service import read_statement
from spacepolicy.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Add the three terms of the statement."""
    add_options(parser, *STORE)
    terms = "an IRI, a name with a prefix the ontology declares"
    parser.add_argument("subject", metavar="S", help=f"{terms}; <…> may be relative to the base")
    parser.add_argument("predicate", metavar="P", help=f"{terms}, or a (rdf:type)")
    parser.add_argument("object", metavar="O", help=f"{terms}, or a literal as Turtle writes it")
    parser.add_argument(
        "--format", choices=["text", "json"], default="text", help="how the proof is printed (text)"
    )


def run(given: Namespace, chosen: Settings) -> int:
    """Explain the given statement."""
    return explain(chosen, (given.subject, given.predicate, given.object), given.format)


def explain(chosen: Settings, terms: tuple[str, str, str], format: str) -> int:
    """Print the proof of the statement; return 1 where it does not hold.

    Raises: UsageError where a term cannot be read, or the revision has nothing inferred.
    """
    refuse_endpoint(chosen, "explain")
    revision = local_revision(chosen)
    if revision.base is None:
        raise UsageError("This store holds no revision of files: nothing is inferred in it.")
    statement = read_statement(terms, revision.prefixes, revision.base)
    explainer = Explainer(opened(revision.dataset), Base(revision.base), revision.prefixes)
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
