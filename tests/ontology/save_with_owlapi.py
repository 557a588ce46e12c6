"""Save ontology files as an editor built on the OWL API does, into the folder named last.

A program of its own: Java can be started once in a process. Arguments: the ontology's folder, the
folder to write to, then the names of files.
"""

import sys
from pathlib import Path

import jpype

from spacepolicy.knowledge.reference_reasoners import consistency_java


def main(folder: Path, into: Path, names: list[str]) -> None:
    consistency_java._start_java()
    owlapi = consistency_java._owlapi
    turtle = jpype.JClass("org.coode.owlapi.turtle.TurtleOntologyFormat")
    create = owlapi("model.IRI").create
    for name in names:
        manager = owlapi("apibinding.OWLManager").createOWLOntologyManager()
        for path in (*folder.glob("*.ttl"), *folder.glob("concepts/*.ttl")):
            place = create(path.absolute().as_uri())
            manager.addIRIMapper(owlapi("util.SimpleIRIMapper")(create(_ontology(path)), place))
        source = owlapi("io.StringDocumentSource")((folder / name).read_text(encoding="utf-8"))
        ontology = manager.loadOntologyFromOntologyDocument(source)
        target = owlapi("io.StringDocumentTarget")()
        manager.saveOntology(ontology, turtle(), target)
        (into / name).write_text(str(target.toString()), encoding="utf-8")


def _ontology(path: Path) -> str:
    """The IRI of the file's ontology, which stands first in the layout."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("<")).strip("<>")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
