"""Where the embedded engine itself differs from the recommendations: each case and why.

The cases stand in `differences.toml`, from which the page for users is written too. A case stands
there only while the engine fails it without this service too; a test sees to that.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TABLE: Mapping[str, Any] = tomllib.loads(
    (Path(__file__).parent / "differences.toml").read_text(encoding="utf-8")
)


def _iri(case: str) -> str:
    suite, _, name = case.partition(":")
    return f"{TABLE[suite]}{name}"


ENGINE_DIFFERS: Mapping[str, str] = {
    _iri(case): each["title"] for each in TABLE["difference"] for case in each.get("cases", ())
}
