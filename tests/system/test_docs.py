"""`spacepolicy docs`: the site, its reference pages, and what it loads."""

import dataclasses
import os
import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from spacepolicy.cli import program
from spacepolicy.commands.documentation import content_reference, http_reference, reference
from spacepolicy.commands.documentation.site import in_both, written_pages
from spacepolicy.errors import problems
from spacepolicy.formats import FORMATS
from spacepolicy.knowledge.checks.gates import GATES
from spacepolicy.settings import Settings

from .conftest import PROGRAM, ROOT, Program

LOADS: Final = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}
"""Elements that have a browser load what they name."""
NAMES: Final = ("canonical", "alternate", "author")
"""Relations of a `link` that a browser does not load."""
HIDDEN: Final = "import sys\nsys.modules['sphinx'] = None\n"
"""Has Python find no library of that name."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("docs") / "site")


def built(out: Path) -> Path:
    """The site of this checkout, made in the folder."""
    home = {"PATH": os.environ["PATH"], "HOME": str(out.parent), "LC_ALL": "C.UTF-8"}
    command = [PROGRAM, "docs", "--content", str(ROOT), str(out)]
    ended = subprocess.run(
        command, cwd=out.parent, env=home, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    said = re.fullmatch(r".*: (\d+) pages, (\d+) of them in English and Chinese\n", ended.stdout)
    assert said is not None
    assert int(said[1]) > int(said[2]) > 0
    return out


class _Loaded(HTMLParser):
    """Reads what a page has a browser load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag in LOADS and given.get("rel") not in NAMES and (found := given.get(LOADS[tag])):
            self.addresses.append(found)


def loaded(site: Path) -> Iterator[tuple[str, str]]:
    """What the pages and styles of the site load, each with the file that says so."""
    for path in site.rglob("*.html"):
        for address in _Loaded(path.read_text(encoding="utf-8")).addresses:
            yield path.relative_to(site).as_posix(), address
    for path in site.rglob("*.css"):
        for address in re.findall(r"url\(([^)]+)\)|@import\s+(\S+)", path.read_text("utf-8")):
            yield path.relative_to(site).as_posix(), "".join(address).strip("'\"")


def test_nothing_loads_from_elsewhere(site: Path) -> None:
    found = list(loaded(site))
    assert any(address.endswith(".js") or ".js?" in address for _, address in found)
    elsewhere = re.compile(r"[a-z]+:|//")
    assert [e for e in found if elsewhere.match(e[1]) and not e[1].startswith("data:")] == []


def test_what_pages_load_is_in_the_site(site: Path) -> None:
    for page, address in loaded(site):
        if not address.startswith(("data:", "#")):
            path = re.split(r"[?#]", address)[0]
            assert (site / page).parent.joinpath(path).resolve().is_file(), f"{page}: {address}"


def test_each_page_that_people_write_is_in_the_site(site: Path) -> None:
    for page in written_pages(ROOT):
        assert (site / page).with_suffix(".html").is_file(), page


def test_pages_in_two_languages_lead_to_each_other_and_are_listed(site: Path) -> None:
    pages = [p.relative_to(site).as_posix() for p in site.rglob("*.html")]
    pairs = in_both(page.replace(".html", ".md") for page in pages)
    names = {page for page, _ in pairs}
    assert names >= {"index.md", "reference/terms.md", "reference/queries.md"}
    listed = (site / "languages.html").read_text(encoding="utf-8")
    for page, twin in pairs:
        for here, there in ((page, twin), (twin, page)):
            text = (site / here).with_suffix(".html").read_text(encoding="utf-8")
            assert f'href="{Path(there).with_suffix(".html").name}"' in text
            assert f'href="{there.removesuffix(".md")}.html"' in listed


def test_an_older_site_is_replaced_and_other_files_are_left(program: Program) -> None:
    out = program.folder / "site"
    out.mkdir()
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    ended = program.run("docs", "--content", str(ROOT), "site")
    assert ended.returncode == 2
    assert "holds files that are no site of ours" in ended.stderr
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_content_without_pages_is_one_clear_line(program: Program) -> None:
    ended = program.run("docs", "--content", str(program.content), "site")
    assert ended.returncode == 2
    assert ended.stderr == "The site is made in a checkout of the project, which has docs/.\n"


def test_without_its_library_the_command_says_what_installs_it(program: Program) -> None:
    (program.folder / "sitecustomize.py").write_text(HIDDEN, encoding="utf-8")
    program.environment["PYTHONPATH"] = str(program.folder)
    ended = program.run("docs", "--content", str(ROOT), "site")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert f"-m pip install --no-deps --require-hashes -r {ROOT / 'locks' / 'docs.txt'}" in (
        ended.stderr
    )
    assert not re.search(r"^ +docs ", program.run("--help").stdout, re.MULTILINE)


def test_the_command_is_listed_where_its_library_is(program: Program) -> None:
    assert re.search(r"^ +docs ", program.run("--help").stdout, re.MULTILINE)


def test_the_page_of_commands_has_each_option_of_each_command() -> None:
    page = reference.commands_page(program())
    for name, parser in reference.each_command(program()):
        assert f"# {name}\n" in page
        for action in parser._actions:
            for option in action.option_strings:
                assert option in page.split(f"# {name}\n")[1].split("\n## ")[0], (name, option)


def test_the_page_of_settings_has_each_setting_with_its_default_and_a_word() -> None:
    page = reference.settings_page()
    for field in dataclasses.fields(Settings):
        (row,) = (r for r in page.splitlines() if f"`SPACEPOLICY_{field.name.upper()}`" in r)
        assert f"`--{field.name.replace('_', '-')}`" in row
        assert row.split(" | ")[1].strip(), row
        if field.default:
            assert f"`{field.default}`" in row


def test_the_pages_of_formats_problems_and_gates_have_each_item() -> None:
    formats, gates = reference.formats_page(), reference.gates_page()
    for format in FORMATS:
        assert {f"`{each}`" for each in format.media_types} <= set(re.findall("`[^`]+`", formats))
    for language in ("en", "zh"):
        page = reference.problems_page(language)
        for kind, problem in problems().items():
            assert f"| `{kind}` | {problem.status} |" in page
    for gate in GATES:
        assert f"| `{gate.name}` | {gate.holds} |" in gates


def test_the_page_of_http_has_each_path_with_what_it_does() -> None:
    document = http_reference.described()
    page = http_reference.http_page(document)
    assert {"/sparql", "/graphs", "/search", "/revisions/{which}"} <= document["paths"].keys()
    for path, operations in document["paths"].items():
        for method in operations:
            (row,) = (r for r in page.splitlines() if f"| `{method.upper()} {path}` |" in r)
            assert row.split(" | ")[1].strip(), row


def test_the_page_of_modules_has_each_module_with_a_sentence() -> None:
    page = reference.modules_page()
    package = ROOT / "service" / "spacepolicy"
    for path in package.rglob("*.py"):
        if path.name != "__init__.py":
            assert re.search(rf"^\| `{path.stem}` \| \S", page, re.MULTILINE), path


def test_words_of_the_site_are_in_both_languages(site: Path) -> None:
    for name in ("terms", "queries", "problems"):
        english, chinese = (
            (site / "reference" / f"{name}{ending}.html").read_text(encoding="utf-8")
            for ending in ("", ".zh")
        )
        assert len(re.findall(r"[\u4e00-\u9fff]", chinese)) > 500
        assert english.count("<tr") == chinese.count("<tr")
    assert content_reference.queries_page((), "zh").startswith("# 保存的查询")
