"""What an editor built on the OWL API, such as Protégé, makes of the shipped files, printed."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.turtle_format.document import format_text

ROOT: Final = Path(__file__).parents[2]
FILES: Final = ("alignments.ttl", "entities.ttl", "evidence.ttl", "policy.ttl", "regions.ttl")


def test_a_file_that_an_editor_saved_is_printed_as_it_was(tmp_path: Path) -> None:
    saving = [sys.executable, "-m", "tests.ontology.save_with_owlapi", "ontology", str(tmp_path)]
    subprocess.run([*saving, *FILES], check=True, cwd=ROOT)
    prefixes = CheckContext(ROOT, packaged=False).prefixes
    for name in FILES:
        before = (ROOT / "ontology" / name).read_text(encoding="utf-8")
        saved = (tmp_path / name).read_text(encoding="utf-8")
        assert saved != before
        assert format_text(saved, path=name, prefixes=prefixes) == before
