"""The snippets for editors: the terms of the ontology by their labels. Run to write them."""

import json
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode

from spacepolicy.knowledge.loading.content import read_content
from spacepolicy.knowledge.loading.ontology import knowledge_graphs
from spacepolicy.knowledge.loading.record import graph_iri
from spacepolicy.namespaces import OWL, RDF, RDFS

ROOT: Final = Path(__file__).parents[1]
PATH: Final = ROOT / "editors/vscode/snippets/terms.json"
_KINDS: Final = {
    f"{OWL}Class": "a :{name}",
    f"{OWL}ObjectProperty": ":{name} ${{1:thing}}",
    f"{OWL}DatatypeProperty": ":{name} ${{1:value}}",
}


def snippets() -> str:
    """The file of snippets: of each term in use, by its names in English and Chinese."""
    record = read_content(ROOT, packaged=False).record
    graphs = knowledge_graphs(record)
    bodies: dict[str, str] = {}
    labels: dict[str, dict[str, str]] = {}
    unused: set[str] = set()
    namespace = f"{record.base.iri}def/"
    for quad in record.quads():
        if graph_iri(quad) not in graphs or not isinstance(quad.subject, NamedNode):
            continue
        name = quad.subject.value.removeprefix(namespace)
        if name == quad.subject.value:
            continue
        if quad.predicate.value == f"{RDF}type" and isinstance(quad.object, NamedNode):
            if form := _KINDS.get(quad.object.value):
                bodies[name] = form.format(name=name)
        elif quad.predicate.value == f"{RDFS}label" and isinstance(quad.object, Literal):
            labels.setdefault(name, {})[quad.object.language or ""] = quad.object.value
        elif quad.predicate.value == f"{OWL}deprecated":
            unused.add(name)
    table = {
        name: {
            "prefix": [name, *(labels.get(name, {}).get(each, name) for each in ("en", "zh"))],
            "body": bodies[name],
            "description": " · ".join(labels.get(name, {}).values()),
        }
        for name in sorted(bodies.keys() - unused)
    }
    return json.dumps(table, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(snippets(), encoding="utf-8")
