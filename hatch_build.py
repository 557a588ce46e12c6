"""What a built package has in place of the texts of others, which stay behind.

For each source of the content, `seeds/<name>.trig` has what is said of it and of its passages, as
it is compiled while the text is there. A source distribution brings these files, so that a wheel
is built from it without the texts.

Spec: https://hatch.pypa.io/latest/plugins/build-hook/custom/
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledSources(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own has none
    """Compiles the sources while a package is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the compiled sources to what is built; an editable install reads the files."""
        if version == "editable":
            return
        self._written = TemporaryDirectory()  # removed when the build ends
        root = Path(self.root)
        sys.path.insert(0, str(root / "service"))
        # Found only once the path has the package, which is not installed where it is built.
        from spacepolicy.knowledge.loading.compiled import write_compiled  # noqa: PLC0415

        # The path in a wheel is that of the package's content, in a source distribution its own.
        folder = "spacepolicy/content/seeds" if self.target_name == "wheel" else "seeds"
        for path in write_compiled(root, Path(self._written.name)):
            build_data["force_include"][str(path)] = f"{folder}/{path.name}"
