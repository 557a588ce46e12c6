"""What only other reasoners see."""

from typing import Final

from .edits import Breakage, append

REASONERS: Final = (
    Breakage(
        "a property of two kinds",
        "profiles",
        "owl-2-dl",
        "ontology/policy.ttl",
        append("\n:isTaskOf\n  a owl:DatatypeProperty ;\n.\n"),
        "is beyond OWL 2 DL",
        line=False,
        others=True,
        stops=False,
    ),
    Breakage(
        "a class that nothing can be of",
        "consistency",
        "satisfiable",
        "ontology/time.ttl",
        append(
            "\n:Nowhere\n  a owl:Class ;\n"
            "  rdfs:subClassOf :Region ;\n  rdfs:subClassOf :TimeFrame ;\n.\n"
        ),
        "nothing can be of",
        line=False,
        others=True,
        stops=False,
    ),
)
