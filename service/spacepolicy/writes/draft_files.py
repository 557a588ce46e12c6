"""A draft of a revision as files, for the process that publishes it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pyoxigraph import RdfFormat, Store, parse

from spacepolicy.store.draft import Draft
from spacepolicy.store.publication import RevisionStatement
from spacepolicy.store.revision import Counts, FileGraphs

_DATASET: Final = "dataset.nq"
_DRAFT: Final = "draft.json"


def write_draft(folder: Path, draft: Draft) -> None:
    """Write the draft into the folder."""
    with (folder / _DATASET).open("wb") as file:
        draft.dataset.dump(file, RdfFormat.N_QUADS)
    files = draft.said.files
    listed = None if files is None else {name: sorted(iris) for name, iris in asdict(files).items()}
    table = asdict(draft.said) | {"files": listed, "merged": draft.merged}
    (folder / _DRAFT).write_text(json.dumps(table), encoding="utf-8")


def read_draft(folder: Path) -> Draft:
    """Read the draft in the folder."""
    table: dict[str, Any] = json.loads((folder / _DRAFT).read_text(encoding="utf-8"))
    dataset = Store()
    with (folder / _DATASET).open("rb") as file:
        dataset.extend(parse(file, RdfFormat.N_QUADS, rename_blank_nodes=False))
    table["counts"] = Counts(**table["counts"])
    if table["files"] is not None:
        files = {name: frozenset(graphs) for name, graphs in table["files"].items()}
        table["files"] = FileGraphs(**files)
    merged = table.pop("merged")
    return Draft(dataset, RevisionStatement(**table), merged)
