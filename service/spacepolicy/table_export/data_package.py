"""The catalogue of a folder of tables, as a Data Package: its revision, the tables, their columns,
and each file with its digest.

Spec: https://datapackage.org/standard/data-package/, https://datapackage.org/standard/table-schema/
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spacepolicy.columns.parquet_files import fields
from spacepolicy.store.revision import Revision
from spacepolicy.table_export.class_tables import ClassTable
from spacepolicy.table_export.statement_tables import APART, MERGED, Partition

CATALOGUE: Final = "datapackage.json"
KIND: Final = "spacepolicy tables 1"
"""Marks the folder as an export in the catalogue, so that no other folder is ever replaced."""
_PROFILE: Final = "https://datapackage.org/profiles/2.0/datapackage.json"
_MEDIA_TYPE: Final = "application/vnd.apache.parquet"
_TYPES: Final = {
    "int64": "integer",
    "double": "number",
    "float": "number",
    "bool": "boolean",
    "date32[day]": "date",
}
"""Arrow's types as Table Schema's; decimals are numbers, timestamps datetimes, others strings."""
_MEANINGS: Final = {
    "subject": "IRI, or _: and the label of a blank node",
    "predicate": "IRI of the property",
    "object": "IRI, or _: and the label of a blank node; null for a literal",
    "value": "lexical form of a literal",
    "datatype": "IRI of the datatype of a literal",
    "language": "language of a literal, in lower case",
    "stated": "false for what is only inferred",
    "graphs": "named graphs in which the statement stands",
    "evidence": "those of the graphs that are passages of a source",
    "iri": "IRI of the instance, or _: and the label of a blank node",
}


def catalogue(
    folder: Path,
    revision: Revision,
    mode: str,
    statements: Mapping[str, Sequence[Partition]],
    classes: Sequence[ClassTable],
) -> str:
    """The text of the catalogue of the tables that were written to a folder."""
    tables = [_statements(folder, name, found) for name, found in statements.items() if found]
    package = {
        "$schema": _PROFILE,
        "name": "tables",
        "title": f"Statements and instances of revision {revision.number}",
        "kind": KIND,
        "created": revision.time,
        "version": str(revision.number),
        "revision": {
            "number": revision.number,
            "recordSha256": revision.record_sha256,
            "digest": revision.digest,
            "base": revision.base,
            "defaultGraph": mode,
            "prefixes": dict(revision.prefixes),
        },
        "resources": [*tables, *(_class(folder, each) for each in classes)],
    }
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"


_TITLES: Final = {
    MERGED: "What the default graph holds, a partition for each property",
    APART: "What named graphs alone hold, a partition for each property",
}


def _statements(folder: Path, name: str, partitions: Sequence[Partition]) -> dict[str, Any]:
    return {
        "name": name,
        "title": _TITLES[name],
        "path": [each.path for each in partitions],
        "format": "parquet",
        "mediatype": _MEDIA_TYPE,
        "rows": sum(each.rows for each in partitions),
        "partitionedBy": "property",
        "schema": {"fields": list(_fields(folder / partitions[0].path))},
        "files": [
            {"property": each.name, "iri": each.predicate, **_file(folder, each.path, each.rows)}
            for each in partitions
        ],
    }


def _class(folder: Path, table: ClassTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "rdfType": table.iri,
        "path": table.path,
        "format": "parquet",
        "mediatype": _MEDIA_TYPE,
        "rows": table.rows,
        "schema": {"fields": list(_class_fields(folder, table)), "primaryKey": ["iri"]},
        "files": [_file(folder, table.path, table.rows)],
    }


def _class_fields(folder: Path, table: ClassTable) -> Iterator[dict[str, Any]]:
    columns = {column.name: column for column in table.columns}
    for described in _fields(folder / table.path):
        column = columns.get(described["name"])
        if column is None:
            yield described
            continue
        metadata = {key: value for key, value in column.column.metadata().items() if value}
        partial = _partial(table.partial[column.name])
        yield described | {"property": column.predicate} | metadata | partial


def _partial(values: int) -> dict[str, int]:
    """How many values a column does not hold, or not whole, where there are any."""
    return {"partialValues": values} if values else {}


def _fields(path: Path) -> Iterator[dict[str, Any]]:
    for name, arrow, many in fields(path):
        item = _TYPES.get(arrow) or _longer(arrow)
        meaning = _MEANINGS.get(name)
        yield {
            "name": name,
            **({"type": "list", "itemType": item} if many else {"type": item}),
            "arrowType": f"list<{arrow}>" if many else arrow,
            **({"description": meaning} if meaning else {}),
        }


def _longer(arrow: str) -> str:
    """Table Schema's type for an Arrow type whose name has parts."""
    if arrow.startswith("decimal"):
        return "number"
    return "datetime" if arrow.startswith("timestamp") else "string"


def _file(folder: Path, path: str, rows: int) -> dict[str, Any]:
    file = folder / path
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return {"path": path, "rows": rows, "bytes": file.stat().st_size, "sha256": digest}


def files_of(text: str) -> set[str] | None:
    """The files that a catalogue lists; None where it is not one of these."""
    try:
        package = json.loads(text)
        if package["kind"] != KIND:
            return None
        return {file["path"] for resource in package["resources"] for file in resource["files"]}
    except (ValueError, KeyError, TypeError):
        return None


def rows_of(tables: Iterable[ClassTable | Partition]) -> int:
    """The number of rows of all the tables."""
    return sum(table.rows for table in tables)
