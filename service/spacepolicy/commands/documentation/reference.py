"""Reference pages generated from the code: commands, settings, formats, problems, gates, modules.

Each function returns a page in Markdown. A page is generated from the same declarations that the
software itself uses, so that it cannot differ from what the software does.
"""

import argparse
import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, cast

from spacepolicy.commands.documentation.markdown import code, table
from spacepolicy.errors import problems
from spacepolicy.formats import FORMATS
from spacepolicy.knowledge.checks.gates import BUILD_GATES, GATES
from spacepolicy.settings import FILE, SETTINGS
from spacepolicy.web.i18n import of_problem

_WIDTH: Final = 96
"""Columns of the help texts: about what a page shows without a scroll bar."""
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
"""The colour codes that Python 3.14 puts into a help text on a terminal."""
_PACKAGE: Final = Path(__file__).parents[2]


def commands_page(parser: argparse.ArgumentParser) -> str:
    """Return the help of the program and of each command."""
    parts = [
        "# Commands\n",
        "What `spacepolicy COMMAND --help` prints, command by command. In a checkout, `./run` "
        "stands for `spacepolicy`.\n",
    ]
    for name, each in each_command(parser):
        depth = "##" if name.count(" ") < 2 else "###"
        parts.append(f"{depth} {name}\n\n```text\n{_help(each)}\n```\n")
    return "\n".join(parts)


def each_command(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Return the parser and those of its commands and their actions, each with its full name."""
    yield parser.prog, parser
    for action in parser._actions:  # argparse has no public way to its commands
        if isinstance(action, argparse._SubParsersAction):  # as above
            for each in action.choices.values():
                yield from each_command(each)


def _help(parser: argparse.ArgumentParser) -> str:
    """Return the output of `--help`, in one width and without colours."""
    kind = cast("type[argparse.HelpFormatter]", parser.formatter_class)

    def formatter(*, prog: str) -> argparse.HelpFormatter:
        return kind(prog, width=_WIDTH)

    parser.formatter_class = formatter
    try:
        return _COLOUR.sub("", parser.format_help()).strip()
    finally:
        parser.formatter_class = kind


def settings_page() -> str:
    """Return each setting with its option, its variable, its help, its default and its range."""
    rows = [
        (
            f"{code(each.option)} {code(each.variable)}",
            each.meaning,
            code(str(each.default)) if each.has_default or each.default is False else "",
            each.range,
        )
        for each in SETTINGS.values()
    ]
    lead = (
        "# Settings\n\n"
        "The command line comes before the environment, the environment before the file "
        f"`{FILE}` in the working folder, and the file before what the store says of itself and "
        "the defaults. In the file, a setting has the name of its option without the dashes in "
        "front. [Limits](../limits.md) gives the reason of each limit.\n\n"
    )
    heading = ("option, environment", "what it sets", "default", "range")
    return lead + table(heading, rows) + "\n"


def formats_page() -> str:
    """Return the table of formats: names, media types, extensions."""
    rows = [
        (
            each.label,
            each.kind,
            code(each.name),
            ", ".join(map(code, each.media_types)),
            ", ".join(code(f".{ending}") for ending in (each.extension, *each.other_extensions)),
        )
        for each in FORMATS
    ]
    lead = (
        "# Formats\n\n"
        "Answers come in the format that `Accept` likes best, or that `?format=` names. "
        "*solutions* are results of SELECT and ASK, *graph* is RDF. The first media type is the "
        "one that an answer is labelled with; the others ask for it too.\n\n"
    )
    heading = ("format", "holds", "`?format=`", "media types", "file names end in")
    return lead + table(heading, rows) + "\n"


_PROBLEMS: Final[Mapping[str, tuple[str, str, tuple[str, str, str, str]]]] = {
    "en": (
        "Problems",
        "Errors are problem details (RFC 9457). Their `type` ends in the name below, and leads to "
        "this text in a running service, at `/problems/<name>`.",
        ("problem", "status", "what it means", "what to do"),
    ),
    "zh": (
        "错误类型",
        "错误以问题详情（RFC 9457）给出。其 `type` 以下表中的名称结尾，在运行中的服务里可于 "
        "`/problems/<名称>` 打开同样的说明。",
        ("名称", "状态码", "含义", "处理办法"),
    ),
}


def problems_page(language: str) -> str:
    """Return every problem type with its status, its meaning and its remedy in the language."""
    heading, lead, columns = _PROBLEMS[language]
    rows = [
        (
            code(kind),
            str(each.status),
            of_problem(each.title, language),
            of_problem(each.remedy, language),
        )
        for kind, each in problems().items()
    ]
    return f"# {heading}\n\n{lead}\n\n{table(columns, rows)}\n"


def gates_page() -> str:
    """Return the gates of `check`, and which of them `build` runs."""
    of_build = {gate.name: gate.holds for gate in BUILD_GATES}
    rows = [(code(gate.name), gate.holds, of_build.get(gate.name, "–")) for gate in GATES]
    lead = (
        "# Gates\n\n"
        "What `check` asks of the files, in this order, and what `build` asks before it "
        "publishes. [What checks find](../checks.md) has an example of each finding.\n\n"
    )
    return lead + table(("gate", "`check`: what has to hold", "`build`"), rows) + "\n"


def modules_page(package: Path = _PACKAGE) -> str:
    """Return the modules of the package, by folder, each with the first sentence of its
    docstring."""
    parts = [
        "# Modules\n",
        "Every module of `service/spacepolicy/` with the first lines of its docstring. "
        "[Layers](../architecture/layers.md) says which may import which.\n",
    ]
    folders: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(package.rglob("*.py")):
        if path.name != "__init__.py":
            folder = path.parent.relative_to(package).as_posix()
            folders.setdefault(folder, []).append((code(path.stem), _summary(path)))
    for folder, rows in sorted(folders.items()):
        heading = "spacepolicy" if folder == "." else f"spacepolicy/{folder}"
        parts.append(f"## {heading}\n\n{table(('module', 'holds'), rows)}\n")
    return "\n".join(parts)


def _summary(path: Path) -> str:
    """Return the first paragraph of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n\n")[0]
