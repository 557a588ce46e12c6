"""A draft of a revision as files, for the process that is to publish it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pyoxigraph import RdfFormat, Store, parse

from spacepolicy.revisions.draft import Draft
from spacepolicy.revisions.revision import Counts, FileGraphs

_DATASET: Final = "dataset.nq"
_DRAFT: Final = "draft.json"


def write_draft(folder: Path, draft: Draft) -> None:
    """Write the draft into the folder."""
    with (folder / _DATASET).open("wb") as file:
        draft.dataset.dump(file, RdfFormat.N_QUADS)
    table = {
        "counts": asdict(draft.counts),
        "record_sha256": draft.record_sha256,
        "content_sha256": draft.content_sha256,
        "message": draft.message,
        "author": draft.author,
        "base": draft.base,
        "prefixes": dict(draft.prefixes),
        "checks": dict(draft.checks),
        "files": {name: sorted(graphs) for name, graphs in asdict(draft.files).items()},
    }
    (folder / _DRAFT).write_text(json.dumps(table), encoding="utf-8")


def read_draft(folder: Path) -> Draft:
    """The draft in the folder."""
    table: Mapping[str, Any] = json.loads((folder / _DRAFT).read_text(encoding="utf-8"))
    dataset = Store()
    with (folder / _DATASET).open("rb") as file:
        dataset.extend(parse(file, RdfFormat.N_QUADS, rename_blank_nodes=False))
    files = {name: frozenset(graphs) for name, graphs in table["files"].items()}
    told = {**table, "counts": Counts(**table["counts"]), "files": FileGraphs(**files)}
    return Draft(dataset, **told)
