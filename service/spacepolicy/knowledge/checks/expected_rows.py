"""Expected answers: the answers of saved queries over single documents, and over sets of documents.

`data/<name>.expect.yaml` is for the document with that name, `queries/sets/<name>.yaml` names its
`documents`; the set `vocabulary` has none. Both have, by the name of a query, a case or a list of
cases: `parameters` other than the defaults, and `rows`, each with `values` written as in a VALUES
block (UNDEF: unbound) and the `passages` that justify it, as `#char=0,9` or `<document>#char=0,9`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, final

import yaml

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.text_files import read_text

SUFFIX: Final = ".expect.yaml"
SETS: Final = "queries/sets"
VOCABULARY: Final = "vocabulary"
"""The name of the set without documents."""
UNBOUND: Final = "UNDEF"
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Nodes: TypeAlias = "dict[str, yaml.Node]"


@final
@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """A row: its values as they are written, and the passages that justify it."""

    values: tuple[str, ...]
    passages: tuple[str, ...]
    line: int = field(compare=False, default=1)


@final
@dataclass(frozen=True, slots=True)
class Case:
    """A query with values of its parameters, and the rows of its answer."""

    query: str
    parameters: Mapping[str, tuple[str, ...]]
    rows: tuple[ExpectedRow, ...]
    line: int = field(compare=False, default=1)


@final
@dataclass(frozen=True, slots=True)
class Expected:
    """The content of a file: the documents, the policies, and the cases.

    `policies` are those that a document's answers are about; empty for a set.
    """

    path: Path
    documents: tuple[str, ...]
    policies: tuple[str, ...]
    cases: tuple[Case, ...]

    @property
    def is_vocabulary(self) -> bool:
        """Whether it is the set without documents."""
        return self.path.stem == VOCABULARY and not self.documents

    def of(self, query: str) -> tuple[Case, ...]:
        """The cases of the query."""
        return tuple(case for case in self.cases if case.query == query)


def document_path(content: Path, name: str) -> Path:
    """The file of the answers expected over the document."""
    return content / "data" / f"{name}{SUFFIX}"


def read_document(path: Path) -> Expected:
    """Read the expected answers over a single document.

    Raises: FindingsError naming the line that is wrong.
    """
    table = _top(path, {"policy", "queries"})
    policies = _texts(path, table["policy"]) if "policy" in table else ()
    name = path.name.removesuffix(SUFFIX)
    return Expected(path, (name,), policies, tuple(_cases(path, table)))


def read_set(path: Path) -> Expected:
    """Read the expected answers over a set of documents.

    Raises: FindingsError naming the line that is wrong.
    """
    table = _top(path, {"documents", "queries"})
    if "documents" not in table:
        raise _wrong(path, 1, "the set does not name its documents", "Add `documents: […]`.")
    documents = _texts(path, table["documents"])
    return Expected(path, documents, (), tuple(_cases(path, table)))


def set_paths(content: Path) -> list[Path]:
    """The files of the sets, by name."""
    return sorted((content / SETS).glob("*.yaml"))


def _top(path: Path, keys: set[str]) -> Nodes:
    try:
        node = yaml.compose(read_text(path), _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise _wrong(path, line, f"this is not YAML: {getattr(error, 'problem', error)}") from error
    return _table(path, node, keys)


def _cases(path: Path, table: Nodes) -> Iterator[Case]:
    if "queries" not in table:
        return
    for name, node in _table(path, table["queries"]).items():
        cases = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for each in cases:
            yield _case(path, name, each)


def _case(path: Path, name: str, node: yaml.Node) -> Case:
    table = _table(path, node, {"parameters", "rows"})
    if not isinstance(table.get("rows"), yaml.SequenceNode):
        raise _wrong(path, _line(node), f"{name} has no list of rows", "Write `rows: []` for none.")
    given = _table(path, table["parameters"]) if "parameters" in table else {}
    parameters = {key: _texts(path, value) for key, value in given.items()}
    rows = tuple(_row(path, each) for each in table["rows"].value)
    return Case(name, parameters, rows, _line(node))


def _row(path: Path, node: yaml.Node) -> ExpectedRow:
    table = _table(path, node, {"values", "passages"})
    if "values" not in table:
        raise _wrong(path, _line(node), "the row has no values")
    passages = _texts(path, table["passages"]) if "passages" in table else ()
    return ExpectedRow(_texts(path, table["values"]), passages, _line(node))


def _table(path: Path, node: yaml.Node | None, keys: set[str] | None = None) -> Nodes:
    """The nodes of a mapping, by their keys."""
    if not isinstance(node, yaml.MappingNode):
        wanted = f" with {', '.join(sorted(keys))}" if keys else ""
        raise _wrong(path, _line(node), f"this is no table{wanted}")
    table: Nodes = {}
    for key, value in node.value:
        if key.value in table or (keys is not None and key.value not in keys):
            twice = "stands there twice" if key.value in table else "is no key here"
            raise _wrong(path, _line(key), f"{key.value!r} {twice}")
        table[key.value] = value
    return table


def _texts(path: Path, node: yaml.Node) -> tuple[str, ...]:
    """The texts of a scalar or of a sequence of them, as they are written."""
    nodes: list[yaml.Node] = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for each in nodes:
        if not isinstance(each, yaml.ScalarNode):
            raise _wrong(path, _line(each), "this is no value or list of values")
    return tuple(each.value for each in nodes)


def _line(node: yaml.Node | None) -> int:
    return 1 if node is None else int(node.start_mark.line) + 1


def _wrong(path: Path, line: int, message: str, remedy: str = "") -> FindingsError:
    return FindingsError([Finding(str(path), line, "expect", f"{message}.", remedy)])
