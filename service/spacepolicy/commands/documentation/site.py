"""The pages of the documentation site, as Sphinx reads them, and its configuration.

Pages are those of `docs/` and a few files of the checkout, with their links changed to the places
in the site; and reference pages. A page `<name>.zh.md` is `<name>.md` in Chinese: each links to the
other.

Spec: https://www.sphinx-doc.org/en/master/usage/configuration.html, https://myst-parser.readthedocs.io/
"""

import argparse
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from posixpath import basename, dirname, join
from typing import Final

from spacepolicy.commands.documentation import content_reference, http_reference, reference
from spacepolicy.commands.documentation.markdown import plain_fences, relinked, table, title
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.saved_queries import Language, read_catalogue

DOCS: Final = "docs"
_BESIDE: Final = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
"""Pages outside of `docs/`, where visitors of a repository expect them."""
_LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
_INDEX: Final = "index.md"
_ZH: Final = ".zh.md"
_IN_BOTH: Final = "languages.md"
_CONFIGURATION: Final[Mapping[str, object]] = {
    "project": "spacepolicy",
    "html_title": "spacepolicy",
    "extensions": ["myst_parser"],
    "html_theme": "furo",  # loads nothing from other sites
    "html_show_copyright": False,
    "html_show_sphinx": False,
    "html_show_sourcelink": False,
    "html_copy_source": False,
    "myst_heading_anchors": 3,
    # Texts that show mistakes are no SPARQL, and there is no lexer of TriG.
    "suppress_warnings": ["misc.highlighting_failure"],
}
_SECTIONS: Final[Mapping[str, str]] = {
    "": "Guides",
    "architecture": "Architecture",
    "reference": "Reference",
    "decisions": "Decisions",
}
"""The captions of the list of pages, by folder; pages in Chinese have their own."""


def write_sources(checkout: Path, folder: Path, parser: argparse.ArgumentParser) -> list[str]:
    """Write pages and configuration into an empty folder; return the pages, by path.

    Raises: FindingsError where the content cannot be read.
    """
    pages = {**written_pages(checkout), **reference_pages(checkout, parser)}
    pages[_IN_BOTH] = languages_page(pages)
    shown = _with_twins(pages)
    shown[_INDEX] += _reference_list(pages) + "\n".join(_contents(pages, pages[_INDEX]))
    for path, text in shown.items():
        _new_file(folder / path).write_text(text, encoding="utf-8")
    for each in _pictures(checkout):
        shutil.copyfile(each, _new_file(folder / each.relative_to(checkout / DOCS)))
    lines = [f"{name} = {value!r}\n" for name, value in _CONFIGURATION.items()]
    (folder / "conf.py").write_text("".join(lines), encoding="utf-8")
    return sorted(pages)


def _new_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _pictures(checkout: Path) -> list[Path]:
    """Return the files below `docs/` that pages include."""
    found = (checkout / DOCS).rglob("*")
    return sorted(path for path in found if path.suffix in (".jpg", ".png", ".svg"))


def written_pages(checkout: Path) -> dict[str, str]:
    """Return the pages that people write, by their path in the site."""
    files = [*(checkout / DOCS).rglob("*.md"), *(checkout / each for each in _BESIDE)]
    found = {path.relative_to(checkout).as_posix(): path for path in sorted(files)}
    places = {file: _place(file) for file, path in found.items() if path.is_file()}
    return {
        place: relinked(plain_fences(found[file].read_text(encoding="utf-8")), file, places.get)
        for file, place in places.items()
    }


def _place(file: str) -> str:
    """Return the path of a page of the checkout in the site.

    >>> _place("docs/decisions/README.md"), _place("docs/README.zh.md"), _place("SECURITY.md")
    ('decisions/index.md', 'index.zh.md', 'SECURITY.md')
    """
    place = file.removeprefix(f"{DOCS}/")
    return join(dirname(place), basename(place).replace("README.", "index."))


def reference_pages(checkout: Path, parser: argparse.ArgumentParser) -> dict[str, str]:
    """Return the pages generated from the code and the content, by their path in the site."""
    record = CheckContext(checkout, packaged=False).record
    catalogue = read_catalogue(checkout / "queries")
    pages = {
        "commands.md": reference.commands_page(parser),
        "settings.md": reference.settings_page(),
        "http.md": http_reference.http_page(http_reference.described()),
        "formats.md": reference.formats_page(),
        "gates.md": reference.gates_page(),
        "modules.md": reference.modules_page(),
    }
    for language in _LANGUAGES:
        ending = ".md" if language == "en" else f".{language}.md"
        pages[f"problems{ending}"] = reference.problems_page(language)
        pages[f"terms{ending}"] = content_reference.terms_page(record, language)
        pages[f"queries{ending}"] = content_reference.queries_page(catalogue, language)
    return {f"reference/{name}": text for name, text in pages.items()}


def in_both(pages: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs of pages that exist in both languages: English, Chinese.

    >>> in_both(["a.md", "a.zh.md", "b.md"])
    [('a.md', 'a.zh.md')]
    """
    known = {*pages, _IN_BOTH}
    twins = ((page, page.removesuffix(".md") + _ZH) for page in sorted(known))
    return [(page, twin) for page, twin in twins if twin in known]


def languages_page(pages: Mapping[str, str]) -> str:
    """Return the page that lists which pages are in both languages, and which in English alone."""
    both = in_both(pages)
    paired = {each for pair in both for each in pair}
    rows = [(_link(page, pages), _link(twin, pages)) for page, twin in both]
    alone = [f"- {_link(page, pages)}" for page in sorted(pages) if page not in paired]
    return (
        "# Pages in both languages · 双语页面\n\n"
        "These pages are in English and Chinese. 以下页面有中英文两种版本。\n\n"
        f"{table(('English', '中文'), rows)}\n\n"
        "These are in English only. 以下页面目前只有英文版。\n\n" + "\n".join(alone) + "\n"
    )


def _link(page: str, pages: Mapping[str, str]) -> str:
    return f"[{title(pages[page]) or basename(page)}]({page})"


def _with_twins(pages: Mapping[str, str]) -> dict[str, str]:
    """Return the pages; those in two languages link to the other below their heading."""
    linked = dict(pages)
    for page, twin in in_both(pages):
        linked[page] = _below_heading(pages[page], f"[中文]({basename(twin)})")
        linked[twin] = _below_heading(pages[twin], f"[English]({basename(page)})")
    return linked


def _below_heading(text: str, line: str) -> str:
    heading, _, rest = text.partition("\n")
    return f"{heading}\n\n{line}\n{rest}"


def _reference_list(pages: Mapping[str, str]) -> str:
    """Return the end of the first page: the pages that are generated from the code and the
    content."""
    rows = [f"- {_link(page, pages)}" for page in sorted(pages) if page.startswith("reference/")]
    lines = "\n".join((*rows, f"- {_link(_IN_BOTH, pages)}"))
    return f"\n## Reference\n\nMade from the code and the content:\n\n{lines}\n\n"


def _contents(pages: Iterable[str], index: str) -> Iterator[str]:
    """Return the lists of pages at the side of each page, one a section; pages that the index links
    come first, in its order."""
    order = {page: index.find(f"]({page})") % (len(index) + 1) for page in sorted(pages)}
    english = [page for page in sorted(order, key=order.__getitem__) if not page.endswith(_ZH)]
    english.remove(_INDEX)
    for folder, caption in _SECTIONS.items():
        yield _toctree(caption, (page for page in english if dirname(page) == folder))
    yield _toctree("中文", (page for page in sorted(pages) if page.endswith(_ZH)))


def _toctree(caption: str, pages: Iterable[str]) -> str:
    names = "\n".join(page.removesuffix(".md") for page in pages)
    return f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{names}\n```\n"
