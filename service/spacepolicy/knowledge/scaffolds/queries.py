"""Scaffolds of saved queries."""

from pathlib import Path
from string import Template
from typing import Final

from pyoxigraph import NamedNode

from spacepolicy.errors import UsageError
from spacepolicy.knowledge.loading.placeholders import fill_in, fill_in_zh
from spacepolicy.knowledge.scaffolds.scaffold import (
    KEBAB_NAME,
    Scaffold,
    ScaffoldContext,
    checked_name,
)
from spacepolicy.namespaces import OWL, RDFS
from spacepolicy.saved_queries import tag_names

_TEXT: Final = Template(Path(__file__).with_name("query.txt").read_text(encoding="utf-8"))


def new_query(context: ScaffoldContext, name: str, *, about: str, tag: str) -> Scaffold:
    """A saved query that lists the parts of policies that are in a class.

    Raises: UsageError where a name is wrong, or the query exists.
    """
    checked_name(name, KEBAB_NAME, "a query is in kebab-case, as tasks-by-domain; it is its path")
    path = f"queries/{name}.rq"
    if (context.content / path).exists():
        raise UsageError(f"{path} is there already; nothing was written.")
    kind = context.known(about, [NamedNode(f"{OWL}Class")], "class")
    tags = tag_names(context.content / "queries")
    if tag not in tags:
        raise UsageError(f"{tag!r} is no tag; there are: {', '.join(tags)}.")
    written = _TEXT.substitute(
        question=fill_in("the question, as people ask it"),
        question_zh=fill_in_zh("以人们提问的方式写出问题"),
        description=fill_in("what a row is, and what is left out"),
        description_zh=fill_in_zh("每行是什么，未包括什么"),
        column=f"name of the {context.label(kind)}",
        column_zh=f"{context.label(kind, 'zh')}的名称",
        tag=tag,
        base=context.base.iri,
        rdfs=RDFS,
        kind=kind.value.rpartition("/")[2],
    )
    after = (
        "Put the question into SPARQL; each variable of SELECT has its line in `columns`.",
        f"`spacepolicy query {name}`, then `spacepolicy accept {name}`: look at each row.",
        "`spacepolicy check queries`.",
    )
    return Scaffold({path: written}, {}, after)
