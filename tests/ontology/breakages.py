"""Breakages: small edits of the content, each with the gate that must find it, and where.

Each edit changes a copy of the shipped content and the documents of `tests/documents`, and gives
the line at which it did so. `python -m tests.ontology.breakages` writes the tables of
docs/checks.md from it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SHIPPED: Final = "shanghai-2022-opinions"
DOCUMENTS: Final = (SHIPPED, *sorted(path.name for path in (ROOT / "tests/documents").iterdir()))

Edit = Callable[[Path], int]
"""Breaks a file; gives the line, after the edit, of its first change."""


@dataclass(frozen=True)
class Breakage:
    """An edit of `file`, and what `gate` must say of it: rule, place, words, nearest name.

    `{document}` in names of files stands for each document in turn. The finding is at the line
    that changed, or at that of `words` in `at`, or without one where `line` is False. `others` are
    findings of the gate beside it; `stops`: whether a build publishes nothing.
    """

    what: str
    gate: str
    rule: str
    file: str
    edit: Callable[[str], Edit]
    says: str
    near: str = ""
    at: str = ""
    words: str = ""
    line: bool = True
    others: bool = False
    stops: bool = True

    def named(self, name: str, document: str) -> str:
        """The name of a file for the document; the shipped one shares out its background."""
        shared = "technologies" if document == SHIPPED else document
        name = name.replace("data/background/{document}", f"data/background/{shared}")
        return name.replace("{document}", document)

    @property
    def of_documents(self) -> bool:
        """Whether it is tried with each document."""
        return "{document}" in self.file

    def cases(self) -> Iterator[tuple["Breakage", str]]:
        """The breakage with each document that it is tried with."""
        for document in DOCUMENTS if self.of_documents else (SHIPPED,):
            yield self, document


def _changed(path: Path, before: bytes, after: bytes) -> int:
    assert before != after, f"{path} stayed as it was"
    path.unlink(missing_ok=True)  # it may be linked to the file that it was copied from
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(after)
    same = next(
        (n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    return after.count(b"\n", 0, same) + 1


def replace(before: str, after: str, count: int = 1) -> Callable[[str], Edit]:
    """Replace words that stand in the file."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            path = content / name
            old = path.read_bytes()
            assert before.encode() in old, f"{name} does not say {before!r}"
            return _changed(path, old, old.replace(before.encode(), after.encode(), count))

        return edit

    return named


def match(pattern: str, after: str, count: int = 1) -> Callable[[str], Edit]:
    """Replace what the regular expression matches first, or `count` times."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            path = content / name
            old = path.read_text(encoding="utf-8")
            new = re.sub(pattern, after, old, count=count, flags=re.MULTILINE | re.DOTALL)
            return _changed(path, old.encode(), new.encode())

        return edit

    return named


def write(change: Callable[[bytes], bytes]) -> Callable[[str], Edit]:
    """Write other bytes; a file that is not there has none."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            path = content / name
            old = path.read_bytes() if path.is_file() else b""
            return _changed(path, old, change(old))

        return edit

    return named


def append(text: str) -> Callable[[str], Edit]:
    """Write more at the end of a file."""
    return write(lambda old: old + text.encode())


def remove() -> Callable[[str], Edit]:
    """Remove the file."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            (content / name).unlink()
            return 1

        return edit

    return named


def rename_everywhere(before: str, after: str) -> Callable[[str], Edit]:
    """Replace a name in all files of the content; the line is that of the named file."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            line = 1
            pattern = re.compile(rf"(?<![\w-]){re.escape(before)}(?![\w-])".encode())
            for folder in ("ontology", "data", "queries"):
                for path in sorted((content / folder).rglob("*.*")):
                    if path.suffix not in (".ttl", ".trig", ".rq", ".yaml"):
                        continue
                    old = path.read_bytes()
                    if pattern.search(old):
                        changed = _changed(path, old, pattern.sub(after.encode(), old))
                        line = changed if path == content / name else line
            return line

        return edit

    return named


CRLF: Final = write(lambda old: old.replace(b"\n", b"\r\n"))
BOM: Final = write(lambda old: b"\xef\xbb\xbf" + old)
UTF_16: Final = write(lambda old: old.decode().encode("utf-16"))


def put(words: str, found: bytes) -> Callable[[str], Edit]:
    """Write these bytes before words of the file."""
    return write(lambda old: old.replace(words.encode(), found + words.encode(), 1))


LATIN_1: Final = b"caf\xe9 "
CONFLICT: Final = b"<<<<<<< HEAD\n=======\n>>>>>>> branch\n"
TRIG: Final = "data/{document}.trig"
NAMES: Final = "data/background/{document}.trig"
SHAPES: Final = "ontology/shapes.ttl"
CORE: Final = "ontology/spacepolicy.ttl"
QUERY: Final = "queries/tasks-by-technology.rq"
RULE: Final = "ontology/checks/chains-fit-together.rq"
EXAMPLE: Final = "ontology/checks/examples/Deadline.ttl"

_ENCODINGS: Final = (
    Breakage(
        "a Latin-1 byte in an ontology file",
        "syntax",
        "encoding",
        "ontology/time.ttl",
        put("a owl:Class", LATIN_1),
        "the byte 0xE9 (é in Latin-1) in column",
    ),
    Breakage(
        "a Latin-1 byte in a data file",
        "syntax",
        "encoding",
        TRIG,
        put("a :Passage", LATIN_1),
        "the byte 0xE9 (é in Latin-1) in column",
    ),
    Breakage(
        "a Latin-1 byte in a saved query",
        "queries",
        "encoding",
        QUERY,
        put("SELECT DISTINCT", LATIN_1),
        "the byte 0xE9 (é in Latin-1) in column",
    ),
    Breakage(
        "a Latin-1 byte in a rule",
        "pitfalls",
        "encoding",
        RULE,
        put("SELECT DISTINCT", LATIN_1),
        "the byte 0xE9 (é in Latin-1) in column",
    ),
    Breakage(
        "a Latin-1 byte in the note of a source",
        "evidence",
        "encoding",
        "seeds/{document}.toml",
        put("sha256", LATIN_1),
        "the byte 0xE9 (é in Latin-1) in column",
        others=True,
    ),
    Breakage(
        "a Latin-1 byte in a source’s text",
        "evidence",
        "encoding",
        "seeds/{document}.txt",
        write(lambda old: old[:300] + b"\xe9" + old[300:]),
        "is not UTF-8",
    ),
    Breakage(
        "a Latin-1 byte in the names of tags",
        "queries",
        "encoding",
        "queries/tags.toml",
        write(lambda old: old + b"# caf\xe9\n"),
        "the byte 0xE9 (é in Latin-1) in column",
    ),
    Breakage(
        "a byte order mark before an ontology",
        "syntax",
        "encoding",
        CORE,
        BOM,
        "begins with a byte order mark (BOM",
    ),
    Breakage(
        "a byte order mark before data",
        "syntax",
        "encoding",
        TRIG,
        BOM,
        "begins with a byte order mark (BOM",
    ),
    Breakage(
        "a byte order mark before a query",
        "syntax",
        "encoding",
        QUERY,
        BOM,
        "begins with a byte order mark (BOM",
    ),
    Breakage(
        "a byte order mark before a source’s text",
        "evidence",
        "encoding",
        "seeds/{document}.txt",
        BOM,
        "begins with a byte order mark (BOM",
    ),
    Breakage(
        "a byte order mark before the note of a source",
        "syntax",
        "encoding",
        "seeds/{document}.toml",
        BOM,
        "begins with a byte order mark (BOM",
    ),
    Breakage("data saved as UTF-16", "syntax", "encoding", TRIG, UTF_16, "the file is UTF-16"),
    Breakage("a query saved as UTF-16", "queries", "encoding", QUERY, UTF_16, "is UTF-16"),
    Breakage(
        "a NUL byte in data",
        "syntax",
        "encoding",
        TRIG,
        put("a :Passage", b"\0"),
        "a NUL byte stands in the text",
    ),
    Breakage(
        "a NUL byte in a query",
        "queries",
        "encoding",
        QUERY,
        put("WHERE", b"\0"),
        "a NUL byte stands in the text",
    ),
    Breakage(
        "a control character in a label",
        "syntax",
        "encoding",
        NAMES,
        put('"@en', b"\x0b"),
        "the control character U+000B",
    ),
    Breakage(
        "a character that another encoding lost",
        "syntax",
        "encoding",
        NAMES,
        put('"@en', "\N{REPLACEMENT CHARACTER}".encode()),
        "U+FFFD stands where",
    ),
    Breakage(
        "ends of lines of Windows in data",
        "syntax",
        "line-ends",
        TRIG,
        CRLF,
        "end with CR LF instead of LF",
    ),
    Breakage(
        "ends of lines of Windows in an ontology file",
        "syntax",
        "line-ends",
        "ontology/policy.ttl",
        CRLF,
        "end with CR LF instead of LF",
    ),
    Breakage(
        "ends of lines of Windows in a query",
        "syntax",
        "line-ends",
        QUERY,
        CRLF,
        "end with CR LF instead of LF",
    ),
    Breakage(
        "ends of lines of an old Macintosh",
        "syntax",
        "line-ends",
        SHAPES,
        write(lambda old: old.replace(b"\n", b"\r")),
        "end with CR instead of LF",
    ),
    Breakage(
        "ends of lines of Windows in a source’s text",
        "evidence",
        "line-ends",
        "seeds/{document}.txt",
        CRLF,
        "end with CR LF instead of LF",
    ),
    Breakage(
        "marks of a merge in data",
        "syntax",
        "merge-conflict",
        TRIG,
        put("    a :Passage ;\n", CONFLICT),
        "a merge left its marks: the line begins with <<<<<<<",
    ),
    Breakage(
        "marks of a merge in a query",
        "queries",
        "merge-conflict",
        QUERY,
        put("WHERE", b"\n" + CONFLICT),
        "a merge left its marks",
        words="<<<<<<<",
    ),
    Breakage(
        "marks of a merge in the note of a source",
        "evidence",
        "merge-conflict",
        "seeds/{document}.toml",
        put("sha256", CONFLICT),
        "a merge left its marks",
        others=True,
    ),
)

_NAMES: Final = (
    Breakage(
        "a misspelt individual",
        "naming",
        "unknown-name",
        TRIG,
        match(r"^    :(develops|builds) (\w+:[\w-]+)([\w-]) ;", r"    :\1 \2x\3 ;"),
        "is no thing that the data know",
        "Did you mean ",
    ),
    Breakage(
        "a misspelt individual that shapes meet too",
        "shapes",
        "label-minCount",
        TRIG,
        match(r"^    :develops (technology:[\w-]+)([\w-]) ;", r"    :develops \1x\2 ;"),
        "does not conform in rdfs:label",
        others=True,
    ),
    Breakage(
        "a misspelt concept",
        "naming",
        "unknown-name",
        NAMES,
        match(r"status:(external|inferred) ;", r"status:x\1 ;"),
        "is not declared",
        "Did you mean status:",
    ),
    Breakage(
        "a misspelt class in data",
        "naming",
        "unknown-name",
        TRIG,
        replace("a :Measure ;", "a :Maesure ;"),
        ":Maesure is not declared",
        "Did you mean :Measure?",
    ),
    Breakage(
        "a misspelt property in data",
        "naming",
        "unknown-name",
        TRIG,
        replace(":isMeasureOf ", ":isMeasurOf "),
        ":isMeasurOf is not declared",
        "Did you mean :isMeasureOf?",
    ),
    Breakage(
        "a misspelt term in the ontology",
        "naming",
        "unknown-name",
        "ontology/policy.ttl",
        replace("rdfs:subClassOf :Document ;", "rdfs:subClassOf :Docment ;"),
        ":Docment is not declared",
        "Did you mean :Document?",
    ),
    Breakage(
        "a term that RDFS lacks",
        "naming",
        "unknown-name",
        NAMES,
        replace("rdfs:label ", "rdfs:lable "),
        "rdfs:lable is no term of",
        "Did you mean rdfs:label?",
        others=True,
    ),
    Breakage(
        "a term that SKOS lacks",
        "naming",
        "unknown-name",
        "ontology/concepts/goal-kind.ttl",
        replace("skos:prefLabel ", "skos:preferedLabel "),
        "skos:preferedLabel is no term of",
        "Did you mean skos:prefLabel?",
    ),
    Breakage(
        "a term that OWL lacks",
        "naming",
        "unknown-name",
        "ontology/policy.ttl",
        replace("owl:inverseOf ", "owl:inversOf "),
        "owl:inversOf is no term of",
        "Did you mean owl:inverseOf?",
    ),
    Breakage(
        "a term that Dublin Core lacks",
        "naming",
        "unknown-name",
        NAMES,
        replace("dcterms:created ", "dcterms:creatd "),
        "dcterms:creatd is no term of",
        "Did you mean dcterms:created?",
    ),
    Breakage(
        "a datatype that XML Schema lacks",
        "naming",
        "unknown-name",
        NAMES,
        replace("^^xsd:date ", "^^xsd:dat "),
        "xsd:dat is no term of",
        "Did you mean xsd:date?",
    ),
    Breakage(
        "a term that SHACL lacks",
        "naming",
        "unknown-name",
        SHAPES,
        replace("sh:minCount 1 ;", "sh:mincount 1 ;"),
        "sh:mincount is no term of",
        "Did you mean sh:minCount?",
    ),
    Breakage(
        "a shape aimed at a misspelt class",
        "naming",
        "unknown-name",
        SHAPES,
        replace("sh:targetClass :Actor ;", "sh:targetClass :Actr ;"),
        ":Actr is not declared",
        "Did you mean :Actor?",
    ),
    Breakage(
        "a shape that asks for a misspelt property",
        "naming",
        "unknown-name",
        SHAPES,
        replace("sh:path :locatedIn ;", "sh:path :locatdIn ;"),
        ":locatdIn is not declared",
        "Did you mean :locatedIn?",
    ),
    Breakage(
        "a misspelt term in a rule",
        "naming",
        "unknown-name",
        RULE,
        replace("owl:propertyChainAxiom/rdf:first", "owl:propertyChain/rdf:first"),
        "owl:propertyChain is no term of",
        "Did you mean owl:propertyChainAxiom?",
    ),
    Breakage(
        "a misspelt term in a saved query",
        "queries",
        "unknown-name",
        QUERY,
        replace(":isTaskOf ?policy", ":isTsakOf ?policy"),
        ":isTsakOf is not declared",
        "Did you mean :isTaskOf?",
    ),
    Breakage(
        "a misspelt term in the options of a saved query",
        "queries",
        "unknown-name",
        QUERY,
        replace("?technology a :Technology ;", "?technology a :Tecnology ;"),
        ":Tecnology is not declared",
        "Did you mean :Technology?",
        others=True,
    ),
    Breakage(
        "a misspelt term in the query of a shape",
        "shapes",
        "shape-syntax",
        SHAPES,
        replace("$this skos:inScheme ?value .", "$this skos:inSchema ?value ."),
        "skos:inSchema is no term of",
        "Did you mean skos:inScheme?",
    ),
)

_ONTOLOGY: Final = (
    Breakage(
        "a chain whose steps cannot meet",
        "pitfalls",
        "chains-fit-together",
        "ontology/actions.ttl",
        replace("    :hasPart\n    :attracts\n", "    :attracts\n    :hasPart\n"),
        "cannot hold",
        words="owl:propertyChainAxiom (",
        others=True,
    ),
    Breakage(
        "an ontology that nothing imports",
        "syntax",
        "import",
        CORE,
        replace("  owl:imports <https://w3id.org/spacepolicy/ontology/time> ;\n", ""),
        "is no part of the knowledge",
        at="ontology/time.ttl",
        words="a owl:Ontology",
    ),
    Breakage(
        "an import that no file answers",
        "syntax",
        "import",
        CORE,
        replace("ontology/time> ;\n", "ontology/tiem> ;\n"),
        "is imported, but no file",
    ),
    Breakage(
        "a definition in Chinese is gone",
        "labels",
        "definitions-are-in-both-languages",
        "ontology/time.ttl",
        match(r"^  skos:definition \"[^\n]*\"@zh ;\n", ""),
        "has no definition in zh, though most terms of this file have one",
        words="skos:definition",
    ),
    Breakage(
        "a definition in English is gone",
        "labels",
        "terms-have-one-definition",
        "ontology/time.ttl",
        match(r"^  skos:definition \"[^\n]*\"@en ;\n", ""),
        "has 0 definitions in en",
        words="skos:definition",
        others=True,
    ),
    Breakage(
        "a label in Chinese is gone",
        "labels",
        "terms-have-one-label-in-each-language",
        "ontology/time.ttl",
        replace('  rdfs:label "期限"@zh ;\n', ""),
        "0 labels in zh",
        words='rdfs:label "deadline"@en',
        others=True,
    ),
    Breakage(
        "English words tagged as Chinese",
        "labels",
        "texts-are-in-the-script-of-their-language",
        "ontology/policy.ttl",
        replace('"目标"@zh', '"aim"@zh'),
        "“aim” is tagged zh",
        others=True,
    ),
    Breakage(
        "Chinese words tagged as English",
        "labels",
        "texts-are-in-the-script-of-their-language",
        NAMES,
        match(r'"[^"\n]*"@en ;\n(    rdfs:label )"([^"\n]*)"@zh', r'"\2"@en ;\n\1"\2"@zh'),
        "is tagged en, but written in another script",
    ),
    Breakage(
        "a rule for a gate that is not there",
        "pitfalls",
        "check-rule",
        RULE,
        replace("#+ gate: pitfalls", "#+ gate: pitfals"),
        "no gate named 'pitfals'",
        "Did you mean pitfalls?",
    ),
    Breakage(
        "a rule that is no SPARQL",
        "skos",
        "saved-query",
        "ontology/checks/broader-has-no-cycles.rq",
        replace("SELECT", "SELEC"),
        "the query is not SPARQL",
        words="SELEC",
    ),
    Breakage(
        "a rule that is no SELECT",
        "pitfalls",
        "check-rule",
        RULE,
        match(r"SELECT DISTINCT \?subject \(owl[^\n]*\n", "ASK\n"),
        "a rule is a SELECT of variables",
        words="#+ gate",
    ),
    Breakage(
        "a rule in a file that nothing reads",
        "syntax",
        "format",
        "ontology/checks/more.sparql",
        append("#+ gate: labels\nSELECT * {}\n"),
        "nothing reads this file",
        line=False,
    ),
    Breakage(
        "a deprecated term that is used",
        "pitfalls",
        "deprecated-terms-are-replaced-and-unused",
        "ontology/actions.ttl",
        append("\n:develops\n  owl:deprecated true ;\n  dcterms:isReplacedBy :builds ;\n.\n"),
        ":develops is deprecated, but is used",
        words="owl:deprecated true",
    ),
    Breakage(
        "a rule without a message",
        "labels",
        "check-rule",
        RULE,
        match(r"^#\+ message:[^\n]*\n", ""),
        "the header needs",
        words="#+ gate",
    ),
    Breakage(
        "a rule without an example",
        "pitfalls",
        "rule-example",
        "ontology/checks/examples/chains-fit-together.trig",
        remove(),
        "no example breaks the rule",
        at=RULE,
        words="#+ gate",
    ),
    Breakage(
        "an example that breaks nothing",
        "pitfalls",
        "rule-example",
        "ontology/checks/examples/chains-fit-together.trig",
        replace("rdfs:range :Region ;", "rdfs:range :Entity ;"),
        "does not break the rule",
        words="@prefix",
    ),
    Breakage(
        "a property renamed everywhere",
        "metadata",
        "published-term",
        "ontology/actions.ttl",
        rename_everywhere(":attracts", ":attractsTo"),
        "def/attracts, which version 0.1.0 has, is declared no more",
        "If def/attractsTo is its new name",
        words="  a owl:ObjectProperty",
        others=True,
    ),
    Breakage(
        "a concept is gone",
        "metadata",
        "published-term",
        "ontology/concepts/comparator.ttl",
        match(r"^<https://w3id.org/spacepolicy/concept/comparator/at-least>.*?^\.\n\n", ""),
        "concept/comparator/at-least, which version 0.1.0 has, is declared no more",
        at="ontology/versions/0.1.0.txt",
        words="concept/comparator/at-least",
        others=True,
    ),
    Breakage(
        "a prefix that queries use is declared no more",
        "metadata",
        "declared-prefix",
        CORE,
        match(r"  sh:declare \[\n    sh:namespace \"[^\"]*rdf-schema#\"[^\]]*\] ;\n", ""),
        "use the prefix rdfs:",
        words="a owl:Ontology",
    ),
    Breakage(
        "a prefix is declared for another namespace",
        "metadata",
        "declared-prefix",
        CORE,
        replace('"http://www.w3.org/2000/01/rdf-schema#"', '"http://example.org/rdfs#"'),
        "the ontology declares it as <http://example.org/rdfs#>",
        words="a owl:Ontology",
    ),
    Breakage(
        "README’s first query finds nothing",
        "queries",
        "shown-query",
        "README.md",
        replace("?measure :develops ?thing ;", "?measure :builds ?thing ;"),
        "the query that is shown has no answer",
        words="SELECT ?task ?words",
    ),
    Breakage(
        "a query of the documentation is misspelt",
        "queries",
        "shown-query",
        "docs/writing.md",
        replace("query=SELECT ?date", "query=SELEC ?date"),
        "the query that is shown does not run",
    ),
    Breakage(
        "a file is not in the one layout",
        "layout",
        "layout",
        "ontology/time.ttl",
        replace("  a owl:Class ;\n", "  a   owl:Class ;\n"),
        "is not in the one layout",
    ),
    Breakage(
        "data are not in the one layout",
        "layout",
        "layout",
        TRIG,
        replace("  a :Passage ;\n", "  a  :Passage ;\n"),
        "is not in the one layout",
    ),
    Breakage(
        "a cycle of classes",
        "pitfalls",
        "hierarchies-have-no-cycles",
        "ontology/policy.ttl",
        replace(
            "rdfs:subClassOf :Document ;",
            "rdfs:subClassOf :Document ;\n  rdfs:subClassOf :PolicyDocument ;",
        ),
        "",
        others=True,
        words="rdfs:subClassOf :Document ;",
    ),
)

_SHAPES: Final = (
    Breakage(
        "a list of one alternative path",
        "shapes",
        "shape-syntax",
        SHAPES,
        match(r"(sh:alternativePath \(\n        \[\n[^\]]*\]\n).*?(\n      \))", r"\1\2"),
        "takes a list of two paths or more",
        words="sh:alternativePath (",
    ),
    Breakage(
        "a query of a shape that is no SPARQL",
        "shapes",
        "shape-syntax",
        SHAPES,
        replace('sh:select "SELECT $this', 'sh:select "SELEC $this'),
        "is no SPARQL",
    ),
    Breakage(
        "a query of a shape that does not select what it judges",
        "shapes",
        "shape-syntax",
        SHAPES,
        replace('sh:select "SELECT $this ?value', 'sh:select "SELECT ?value'),
        "does not select $this",
    ),
    Breakage(
        "a count in quotes",
        "shapes",
        "shape-syntax",
        SHAPES,
        replace("sh:minCount 1 ;", 'sh:minCount "1" ;'),
        "takes an integer",
    ),
    Breakage(
        "a severity of one’s own",
        "shapes",
        "shape-syntax",
        SHAPES,
        replace("sh:severity sh:Warning ;", "sh:severity sh:Shape ;"),
        "takes one of",
    ),
    Breakage(
        "a pattern that is no regular expression",
        "shapes",
        "shape-syntax",
        SHAPES,
        match(r'sh:pattern "[^"]*"', 'sh:pattern "("'),
        "takes a regular expression",
    ),
    Breakage(
        "a shape that refers to none",
        "shapes",
        "shape-syntax",
        SHAPES,
        replace("sh:property shape:label ;", "sh:property shape:labels ;"),
        "nothing is said of",
    ),
    Breakage(
        "a shape without a target",
        "shapes",
        "shape-syntax",
        SHAPES,
        replace("  sh:targetClass :Actor ;\n", ""),
        "has no target: it judges nothing",
        words="shape:Actor\n  a sh:NodeShape",
        others=True,
    ),
    Breakage(
        "a shape without an example",
        "shapes",
        "shape-example",
        EXAMPLE,
        remove(),
        "the shape Deadline has no example that breaks it",
        at=SHAPES,
        words="shape:Deadline\n  a sh:NodeShape",
    ),
    Breakage(
        "an example of no shape",
        "shapes",
        "shape-example",
        "ontology/checks/examples/Nothing.ttl",
        append("<https://example.org/bad/a> a <https://example.org/bad/B> .\n"),
        "there is no shape Nothing",
    ),
    Breakage(
        "a constraint that no example breaks",
        "shapes",
        "shape-example",
        EXAMPLE,
        replace(":deadlineYear 1001", ":deadlineYear 1000"),
        "breaks the constraint maxCount on deadlineYear of Deadline",
        at=SHAPES,
        words="",
        line=False,
    ),
    Breakage(
        "an example that is no Turtle",
        "shapes",
        "syntax",
        EXAMPLE,
        replace("bad:empty\n", "bad:empty [\n"),
        "the example is no Turtle",
        line=False,
    ),
    Breakage(
        "a message in Chinese is gone",
        "shapes",
        "shape-message",
        SHAPES,
        match(r"^    sh:message \"[^\n]*\"@zh ;\n", ""),
        "messages in zh",
        words="",
        line=False,
    ),
    Breakage(
        "a class without a shape",
        "pitfalls",
        "classes-have-a-shape",
        SHAPES,
        match(r"^shape:Deadline\n.*?^\.\n\n", ""),
        "no shape says what makes :Deadline",
        at="ontology/time.ttl",
        words=":Deadline\n  a owl:Class",
    ),
)

_DATA: Final = (
    Breakage(
        "two things with one official number or code",
        "rules",
        "key",
        "data/background/regions.trig",
        replace('"CN-SH"', '"CN"'),
        "id/region/china and id/region/shanghai agree in the key `:Region HasKey :isoCode`",
    ),
    Breakage(
        "two tasks with one number",
        "rules",
        "key",
        TRIG,
        match(r"(:isTaskOf [^\n]*\n    :ordinal )2 ;", r"\g<1>1 ;"),
        "agree in the key",
    ),
    Breakage(
        "two tasks with one number, as shapes meet them",
        "shapes",
        "key",
        TRIG,
        match(r"(:isTaskOf [^\n]*\n    :ordinal )2 ;", r"\g<1>1 ;"),
        "agree in the key",
    ),
    Breakage(
        "a node without a name that is not complete",
        "shapes",
        "Quantity-minCount",
        TRIG,
        append("\n<#char=0,1> {\n  policy:x :hasQuantity [ a :Quantity ] .\n}\n"),
        "does not conform",
        words="[ a :Quantity ]",
        others=True,
    ),
    Breakage(
        "a quotation that is not in the text",
        "evidence",
        "quotation",
        TRIG,
        match(r'(:exactText "[^"\n]*)"@en', r'\1 and more"@en'),
        "",
        others=True,
    ),
    Breakage(
        "an offset that is wrong",
        "evidence",
        "offsets",
        TRIG,
        match(r"^    :start (\d+) ;", r"    :start 1\1 ;"),
        "",
        others=True,
    ),
    Breakage(
        "a statement outside of all graphs",
        "syntax",
        "graph",
        TRIG,
        append("<urn:a> <urn:b> <urn:c> .\n"),
        "is stated in no graph",
        others=True,
    ),
    Breakage(
        "a broken statement",
        "syntax",
        "syntax",
        TRIG,
        replace("    a :Measure ;\n", "    a :Measure\n    ;; ]\n"),
        "",
        words="    ;; ]",
    ),
    Breakage(
        "a graph of a file is stated in another too",
        "syntax",
        "graph",
        "data/background/technologies.trig",
        append(
            "<https://w3id.org/spacepolicy/graph/background/regions> { <urn:a> <urn:b> <urn:c> }\n"
        ),
        "is stated in",
        others=True,
    ),
    Breakage(
        "a text that was edited",
        "evidence",
        "source",
        "seeds/{document}.txt",
        write(lambda old: old + b"more\n"),
        "the digest is",
        at="seeds/{document}.toml",
        words="sha256",
        others=True,
    ),
    Breakage(
        "a note that is no TOML",
        "evidence",
        "syntax",
        "seeds/{document}.toml",
        replace("sha256 = ", "sha256 == "),
        "this is not TOML",
        others=True,
    ),
    Breakage(
        "a text without a note",
        "evidence",
        "source",
        "seeds/{document}.toml",
        remove(),
        "the text has no metadata",
        at="seeds/{document}.txt",
        line=False,
        others=True,
    ),
    Breakage(
        "a thing that is of two classes which exclude each other",
        "rules",
        "cax-adc",
        NAMES,
        match(r"^  ((?:actor|product):[\w-]+)\n", r"  \1\n    a :Region ;\n"),
        "cannot hold together",
        at=TRIG,
        line=False,
        others=True,
    ),
)

_QUERIES: Final = (
    Breakage(
        "options of a parameter that are no SPARQL",
        "queries",
        "saved-query-options",
        QUERY,
        replace("'SELECT ?technology ?label", "'SELEC ?technology ?label"),
        "the options of the parameter technology are no query",
    ),
    Breakage(
        "options that select something else",
        "queries",
        "saved-query-options",
        QUERY,
        replace("'SELECT ?technology ?label {", "'SELECT (?technology AS ?t) ?label {"),
        "do not select ?technology",
    ),
    Breakage(
        "options that offer nothing",
        "queries",
        "saved-query-options",
        QUERY,
        replace("?technology a :Technology ;", "?technology a :Technology ; :ordinal 99 ;"),
        "offer no choice",
    ),
    Breakage(
        "a title in one language",
        "queries",
        "saved-query",
        QUERY,
        match(r'^#\+   zh: "[^"\n]*"\n', ""),
        "the title is not one question",
        words="#+ title",
    ),
    Breakage(
        "a title that is no question",
        "queries",
        "saved-query-language",
        QUERY,
        replace("reusable rockets?", "reusable rockets."),
        "does not end with “?”",
        words="#+ title",
    ),
    Breakage(
        "a description in one language",
        "queries",
        "saved-query-language",
        "queries/tasks.rq",
        match(r"(^#\+ description:\n(?:#\+   .*?\n)*?)#\+   zh: .*?\n", r"\1"),
        "the description is not there in zh",
        words="#+ description",
    ),
    Breakage(
        "a tag without a name",
        "queries",
        "saved-query-language",
        QUERY,
        replace("tags: [tasks", "tags: [unheard-of, tasks"),
        "the tag 'unheard-of' is not there in en",
        others=True,
        words="#+ tags",
    ),
    Breakage(
        "a header that is no YAML",
        "queries",
        "saved-query",
        QUERY,
        replace("#+ tags: [tasks", "#+ tags: [tasks: [tasks"),
        "the header is not YAML",
        line=False,
    ),
    Breakage(
        "a key that headers do not have",
        "queries",
        "saved-query",
        QUERY,
        replace("#+ tags:", "#+ tag:"),
        "'tag' is no key",
        line=False,
    ),
    Breakage(
        "a query that is no SPARQL",
        "queries",
        "saved-query",
        QUERY,
        replace("SELECT DISTINCT ?ordinal", "SELEC DISTINCT ?ordinal"),
        "the query is not SPARQL",
    ),
    Breakage(
        "a parameter without its place",
        "queries",
        "saved-query",
        QUERY,
        replace("      VALUES ?technology { UNDEF }\n", ""),
        "has no place of its own",
        line=False,
    ),
    Breakage(
        "tags that are no list",
        "queries",
        "saved-query",
        QUERY,
        match(r"^#\+ tags: [^\n]*", "#+ tags: 5"),
        "'tags' is no list",
        words="#+ title",
    ),
    Breakage(
        "expected answers with a byte that is not UTF-8",
        "syntax",
        "encoding",
        "data/shanghai-2022-opinions.expect.yaml",
        put("queries:", b"# caf\xe9\n"),
        "is not UTF-8",
    ),
    Breakage(
        "names of tags that are no TOML",
        "queries",
        "saved-query",
        "queries/tags.toml",
        append("[broken\n"),
        "the file is not TOML",
    ),
    Breakage(
        "a name of a query that is no name",
        "queries",
        "saved-query",
        "queries/Bad_Name.rq",
        append("SELECT * {}\n"),
        "the name is not kebab-case",
    ),
    Breakage(
        "an answer that differs from the one expected",
        "queries",
        "expect-row",
        "queries/task-count.rq",
        match(r"\(COUNT\(DISTINCT \?(\w+)\)", r"(1 + COUNT(DISTINCT ?\1)"),
        "the answer",
        at="data/shanghai-2022-opinions.expect.yaml",
        line=False,
        others=True,
        stops=False,
    ),
)

_REASONERS: Final = (
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

BREAKAGES: Final = (
    *_ENCODINGS,
    *_NAMES,
    *_ONTOLOGY,
    *_SHAPES,
    *_DATA,
    *_QUERIES,
    *_REASONERS,
)
"""All of them, by kind."""
PAGE: Final = ROOT / "docs" / "checks.md"
BEGIN: Final = "<!-- tables: made by python -m tests.ontology.breakages -->"
END: Final = "<!-- end of the tables -->"
KINDS: Final = {
    "Bytes": _ENCODINGS,
    "Names": _NAMES,
    "The ontology, its rules and its documentation": _ONTOLOGY,
    "Shapes": _SHAPES,
    "Data and sources": _DATA,
    "Saved queries": _QUERIES,
    "What other reasoners see": _REASONERS,
}


def page() -> str:
    """The page of checks: what it says, with the tables of what is broken between its marks."""
    tables = "\n\n".join(f"## {kind}\n\n{_table(rows)}" for kind, rows in KINDS.items())
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{rest.partition(END)[2]}"


def _table(rows: tuple[Breakage, ...]) -> str:
    head = "| what is broken | gate | rule | it says | `build` |\n|---|---|---|---|---|"
    return "\n".join((head, *map(_row, rows)))


def _row(each: Breakage) -> str:
    said = " … ".join(filter(None, (each.says, each.near))).replace("|", "\\|")
    stops = "stops" if each.stops else "publishes"
    return f"| {each.what} | `{each.gate}` | `{each.rule}` | {said} | {stops} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
