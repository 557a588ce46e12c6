"""What a built package has that the repository has not: scripts, styles, and compiled sources.

The scripts and styles of pages are built from packages of the npm registry, also for an editable
install, into `service/spacepolicy/assets/built/`. Where that cannot be done, the folder says why,
and the service does without.

Texts of others stay behind. For each source of the content, `seeds/<name>.trig` has what is said of
it and of its passages, as it is compiled while the text is there. A source distribution brings
these files, so that a wheel is built from it without the texts.

Spec: https://hatch.pypa.io/latest/plugins/build-hook/custom/
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Content(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own has none
    """Compiles the sources and builds the assets while a package is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the compiled sources and the assets to what is built; an editable install has the
        files themselves."""
        root = Path(self.root)
        sys.path.insert(0, str(root / "service"))
        self._add_assets(build_data, editable=version == "editable")
        if version == "editable":
            return
        self._written = TemporaryDirectory()  # removed when the build ends
        # Found only once the path has the package, which is not installed where it is built.
        from spacepolicy.knowledge.loading.compiled import write_compiled  # noqa: PLC0415

        # The path in a wheel is that of the package's content, in a source distribution its own.
        folder = "spacepolicy/content/seeds" if self.target_name == "wheel" else "seeds"
        for path in write_compiled(root, Path(self._written.name)):
            build_data["force_include"][str(path)] = f"{folder}/{path.name}"

    def _add_assets(self, build_data: dict[str, Any], *, editable: bool) -> None:
        """Build the scripts and styles, and add them to what is built."""
        from spacepolicy.assets.build import FOLDER, build  # noqa: PLC0415 # as above

        made = build()
        if made.missing:
            self.app.display_warning(f"Pages will have no scripts: {made.missing}")
        package = "spacepolicy" if self.target_name == "wheel" else "service/spacepolicy"
        for path in () if editable else sorted(FOLDER.iterdir()):
            build_data["force_include"][str(path)] = f"{package}/assets/built/{path.name}"
