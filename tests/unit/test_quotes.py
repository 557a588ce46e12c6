"""Quotations with their statements: the notation says what TriG says, and errors have a place."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, parse

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.loading.content import read_content
from spacepolicy.knowledge.loading.conversion import to_quotes, to_trig
from spacepolicy.knowledge.loading.descriptions import with_descriptions
from spacepolicy.knowledge.loading.notations import (
    NotationContext,
    context_of,
    parse_notation,
)
from spacepolicy.knowledge.loading.quotes import read_quotes
from spacepolicy.knowledge.loading.record import GraphFile, StatementPlace, line_in
from spacepolicy.knowledge.loading.sources import SourceDocument
from spacepolicy.namespaces import Base
from spacepolicy.turtle_format.printing import print_file
from spacepolicy.turtle_format.quotes_layout import format_quotes

ROOT: Final = Path(__file__).parents[2]
BASE = Base("https://example.org/gov/")
IRI = f"{BASE.sources}plan"
TEXT = """The plan of spring

First, plant trees, water them, and tell
the neighbours. Second, plant hedges, water them daily.
"""
SOURCE = SourceDocument("plan", IRI, TEXT, {"language": "en"})
PREFIXES = {"": f"{BASE.iri}def/"}
CONTEXT = NotationContext(BASE, PREFIXES, {"plan": SOURCE})
HEAD = f"@base <{IRI}> . @prefix : <{BASE.iri}def/> . @prefix task: <{BASE.iri}id/task/> .\n"
QUOTES = f"""@prefix task: <{BASE.iri}id/task/> .

<> :note "read in spring"@en .

# First, plant trees, water them, and tell the neighbours.
task:1 a :Task .
> plant trees
task:1 :has [ a :Step ] ; :plants :Tree .
> tell the neighbours

# Second, plant hedges, water them daily.
> plant hedges
task:2 :plants :Hedge .
"""
TRIG = f"""{HEAD}
<{IRI}> {{ <{IRI}> :note "read in spring"@en . <#char=20,76> a :Passage . <#char=56,75> a :Passage .
  <#char=77,116> a :Passage }}
<#char=20,76> {{ task:1 a :Task }}
<#char=27,38> {{ task:1 :plants :Tree ; :has [ a :Step ] }}
<#char=85,97> {{ task:2 :plants :Hedge }}
"""


def read(text: str, source: SourceDocument | None = SOURCE) -> GraphFile:
    path = Path("data/plan.quotes")
    return read_quotes(path, "data/plan.quotes", text, source=source, base=BASE, prefixes=PREFIXES)


def canonical(quads: Iterable[Quad]) -> set[str]:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def trig(text: str, folder: Path) -> GraphFile:
    path = folder / "plan.trig"
    path.write_text(text, encoding="utf-8")
    quads = tuple(parse(text, RdfFormat.TRIG, rename_blank_nodes=True))
    return GraphFile(path, "data/plan.trig", quads)


def described(file: GraphFile, source: SourceDocument = SOURCE) -> set[str]:
    (found,) = with_descriptions([file], BASE, [source])
    return canonical(found.quads)


def finding(text: str, source: SourceDocument | None = SOURCE) -> Finding:
    with pytest.raises(FindingsError) as caught:
        read(text, source)
    (found,) = caught.value.findings
    return found


def test_quotations_say_what_trig_says(tmp_path: Path) -> None:
    assert described(read(QUOTES)) == described(trig(TRIG, tmp_path))


def test_trig_is_carried_into_quotations_and_back(tmp_path: Path) -> None:
    file = trig(TRIG, tmp_path)
    quotes = to_quotes(file, SOURCE, CONTEXT)
    assert quotes == QUOTES
    path = tmp_path / "plan.quotes"
    path.write_text(quotes, encoding="utf-8")
    found = read(quotes)
    back = to_trig(GraphFile(path, found.name, found.quads, trig=found.trig), SOURCE, CONTEXT)
    assert described(trig(back, tmp_path)) == described(file)


def test_printing_a_file_anew_changes_nothing() -> None:
    ragged = QUOTES.replace(" ;", "\n  ;").replace("\n# Second,  ", "\n\n# Second,")
    printed = format_quotes(ragged, path="plan.quotes", prefixes=PREFIXES)
    assert printed == QUOTES
    assert format_quotes(printed, path="plan.quotes", prefixes=PREFIXES) == printed


def test_white_space_of_the_text_need_not_be_kept() -> None:
    (quad,) = (quad for quad in read("> tell   the neighbours\n").quads if "Passage" in str(quad))
    assert str(quad.subject) == f"<{IRI}#char=56,75>"


@pytest.mark.parametrize(
    ("heading", "start", "end"),
    [
        ("# First, plant … the neighbours.", 20, 76),
        ("# First, … daily.", 20, 116),
        ("#20 First, … neighbours.", 20, 76),
        ("#20,76", 20, 76),
        ("#20,76 First, plant … the neighbours.", 20, 76),
    ],
)
def test_a_part_is_named_by_its_first_and_last_words(heading: str, start: int, end: int) -> None:
    quads = read(f"{heading}\n> plant trees\n").quads
    found = {str(quad.subject).rpartition("#")[2].rstrip(">") for quad in quads}
    assert found == {f"char={start},{end}", "char=27,38"}


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("# First, plant … them", "stands in 2 places of the text behind the first words"),
        ("# plant … daily.", "stands in 2 places of the text behind the last quotation"),
        ("# First, plant … the moon.", "“the moon.” stands nowhere in the text behind"),
        ("#20,75 First, plant … the neighbours.", "does not stand at character 20"),
    ],
)
def test_a_part_that_is_not_told_by_its_words_is_found(heading: str, words: str) -> None:
    found = finding(f"{heading}\n")
    assert (found.line, found.rule) == (1, "quotation")
    assert words in found.message


def test_a_line_that_begins_with_a_sign_within_a_string_is_part_of_the_string() -> None:
    text = '> plant trees\n<urn:a> :note """one\n> two\n# three\n@ four\n""" .\n'
    quads = [quad for quad in read(text).quads if "note" in str(quad.predicate)]
    assert [quad.object.value for quad in quads] == ["one\n> two\n# three\n@ four\n"]  # type: ignore[union-attr] # a literal
    printed = format_quotes(text, path="plan.quotes", prefixes=PREFIXES)
    assert canonical(read(printed).quads) == canonical(read(text).quads)


def test_words_in_several_places_behind_the_last_quotation_are_shown_with_them() -> None:
    found = finding("> plant trees\n<urn:a> a :B .\n> water them\n")
    assert (found.path, found.line, found.rule) == ("data/plan.quotes", 3, "quotation")
    assert "“water them” stands in 2 places of the text behind the last quotation" in found.message
    assert "line 3, column 21 (character 40)" in found.message
    assert "line 4, column 39 (character 99)" in found.message
    assert found.message.startswith("Column 3: “water them” stands")
    assert found.remedy == "Say where it starts, as in `>40 water them`."


@pytest.mark.parametrize(("written", "start"), [(">40 water them", 40), (">99 water them", 99)])
def test_a_start_tells_one_of_several_places(written: str, start: int) -> None:
    (quad,) = read(f"{written}\n").quads
    assert str(quad.subject) == f"<{IRI}#char={start},{start + 10}>"


def test_words_before_the_last_quotation_are_shown_with_their_place() -> None:
    found = finding("> plant hedges\n> plant trees\n")
    assert (found.line, found.rule) == (2, "quotation")
    assert "but before it: line 3, column 8 (character 27)" in found.message


def test_words_that_stand_nowhere_are_shown_with_what_the_text_has() -> None:
    found = finding("> plant trees, water flowers\n")
    assert (found.line, found.rule) == (1, "quotation")
    assert "after “plant trees, water” the text goes on with “them, and tell" in found.message


def test_a_start_at_which_the_words_do_not_stand_is_found() -> None:
    found = finding(">41 water them\n")
    assert "does not stand at character 41, where “ater them" in found.message
    assert "it stands at line 3, column 21 (character 40)" in found.message


def test_all_words_that_are_not_found_are_told_at_once() -> None:
    with pytest.raises(FindingsError) as caught:
        read("> plant flowers\n> plant hedges\n> plant shrubs\n")
    assert [each.line for each in caught.value.findings] == [1, 3]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("> plant trees\n<urn:a> a :B ;; ] .\n", 2, 17, ""),
        ("> plant trees\n<urn:a> a\n> plant hedges\n", 3, 1, "is not complete"),
        ("> plant trees\n<urn:a> a", 2, 10, ""),
        ("<> :note ] .\n> plant trees\n", 1, 10, ""),
        ("\n  <> :note ] .\n> plant trees\n", 2, 12, ""),
        ("@prefix task: <urn:x y> .\n> plant trees\n", 1, 15, ""),
        ("> plant trees\n<urn:a> { <urn:a> a :B }\n", 2, 9, "graphs are named by"),
        ("> plant trees\n@prefix a: <urn:a:> .\n", 2, 1, "before the first quotation"),
        ("> plant trees\nunknown:a a :B .\n", 2, 1, ""),
        (">\n", 1, 1, "a passage is"),
        ("#\n", 1, 1, "a passage is"),
        (">1\n", 1, 1, "a passage is"),
        ("@ two words\n", 1, 1, "a locator is"),
        ("= 3 abc\n", 1, 1, "after `@ locator`"),
        ("@ sec.1\n= 3 abc\n", 2, 1, "a number and 64"),
        ("@ sec.1\n<urn:a> a :B .\n= 3 " + 64 * "a" + "\n", 3, 1, "after `@ locator`"),
    ],
)
def test_an_error_has_the_line_and_column_of_the_file(
    text: str, line: int, column: int, words: str
) -> None:
    found = finding(text)
    assert (found.line, found.rule) == (line, "syntax")
    assert words in found.message
    assert f"(column {column})" in found.message, found.message


def test_each_statement_stands_on_its_line() -> None:
    (file,) = with_descriptions([read(QUOTES)], BASE, [SOURCE])
    lines = QUOTES.splitlines()
    for quad, line in file.lines().items():
        if str(quad.graph_name) != f"<{IRI}>":
            local = str(quad.predicate).rstrip(">").rpartition("/")[2]
            assert (f":{local}" if "22-rdf" not in local else " a ") in lines[line - 1]
    passage = next(quad.subject for quad in file.derived if "char=27,38" in str(quad.subject))
    place = StatementPlace(passage, BASE.term("end"), graph=BASE.term(""))  # type: ignore[arg-type]
    assert line_in(file, place) == lines.index("> plant trees") + 2
    of_graph = StatementPlace(passage, BASE.term("end"), graph=file.quads[0].graph_name)  # type: ignore[arg-type]
    assert line_in(file, of_graph) == lines.index("> plant trees") + 1


def test_a_passage_by_reference_has_its_locator_and_fingerprint(tmp_path: Path) -> None:
    absent = SourceDocument("plan", IRI, None, {"language": "en"})
    digest = 64 * "a"
    text = f"@ art.5\n<urn:b> a :Task .\n@ sec.3.b.ii\n= 24 {digest}\n<urn:a> a :Task .\n"
    file = read(text, absent)
    assert format_quotes(text, path="plan.quotes", prefixes=PREFIXES) == text
    passage = f"<{IRI}#loc=sec.3.b.ii>"
    terms = f"{BASE.iri}def/"
    assert f'{passage} <{terms}locator> "sec.3.b.ii" <{IRI}>' in described(file, absent)
    assert f'{passage} <{terms}fingerprint> "24 {digest}" <{IRI}>' in described(file, absent)
    assert f"{passage} <{terms}source> <{IRI}> <{IRI}>" in described(file, absent)
    path = tmp_path / "plan.quotes"
    path.write_text(text, encoding="utf-8")
    there = GraphFile(path, file.name, file.quads, trig=file.trig)
    back = trig(to_trig(there, absent, CONTEXT), tmp_path)
    assert described(back, absent) == described(file, absent)
    assert to_quotes(back, absent, CONTEXT) == text


def test_without_the_text_words_cannot_be_found() -> None:
    absent = SourceDocument("plan", IRI, None, {})
    found = finding("> plant trees\n> plant hedges\n", absent)
    assert (found.rule, "the text of plan is not here" in found.message) == ("no-text", True)
    assert [*read(">27,38\n<urn:a> a :B .\n", absent).quads]


def test_a_file_of_no_source_is_found() -> None:
    found = finding("> plant trees\n", None)
    assert (found.rule, found.remedy) == ("source", "Describe it in seeds/plan.toml.")


def test_a_comment_is_not_lost() -> None:
    with pytest.raises(FindingsError) as caught:
        format_quotes("> plant trees\n  # why\n", path="plan.quotes")
    assert [(each.line, each.rule) for each in caught.value.findings] == [(2, "layout-comment")]


def test_a_passage_behind_the_end_of_the_text_stays_in_trig(tmp_path: Path) -> None:
    file = trig(f"{HEAD}<#char=20,999> {{ <urn:a> a <urn:b> }}", tmp_path)
    with pytest.raises(FindingsError, match="behind the end of the text"):
        to_quotes(file, SOURCE, CONTEXT)


def test_graphs_of_others_stay_in_trig(tmp_path: Path) -> None:
    file = trig(f"{TRIG}<urn:other> {{ <urn:a> a <urn:b> }}", tmp_path)
    with pytest.raises(FindingsError, match="urn:other"):
        to_quotes(file, SOURCE, CONTEXT)


ALPHABET = "ab \n…>#@é字"
spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda e: (e[0], e[0] + e[1])),
    max_size=8,
    unique=True,
)
values = st.sampled_from(
    (
        "<urn:o>",
        ":O",
        "12",
        '"a > b"@en',
        '"""x\n> y\n# z"""',
        "[ a :C ; :p ( 1 2 ) ]",
        "_:shared",
        "<#char=0,3>",
        f"<{IRI}>",
        "()",
    )
)
links = st.tuples(st.sampled_from(("<urn:s>", ":S", "_:shared", "_:own")), values).map(
    lambda found: f"{found[0]} :p {found[1]}"
)
classes = st.sampled_from(("<urn:o> a :C", ":O a :C , :D", "<#char=0,3> a :C", ":S a :O"))
statements = st.lists(links | classes, max_size=5).map(" . ".join)


@given(st.text(ALPHABET, min_size=12, max_size=40), spans, st.data())
def test_whatever_passages_there_are_both_notations_say_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    text: str,
    found: list[tuple[int, int]],
    data: st.DataObject,
) -> None:
    source = SourceDocument("plan", IRI, text, {})
    folder = tmp_path_factory.mktemp("random")
    graphs = [f"<{IRI}> {{ {data.draw(statements)} }}"]
    for start, end in (each for each in found if each[1] <= len(text)):
        says = data.draw(statements)
        name = f"<#char={start},{end}>"
        graphs.append(f"{name} {{ {says} }}" if says else f"<{IRI}> {{ {name} a :Passage }}")
    file = trig(HEAD + "\n".join(graphs), folder)
    quotes = to_quotes(file, source, CONTEXT)
    again = read_quotes(
        folder / "plan.quotes", "q", quotes, source=source, base=BASE, prefixes=PREFIXES
    )
    assert described(again, source) == described(file, source)
    assert format_quotes(quotes, path="plan.quotes", prefixes=PREFIXES) == quotes
    (folder / "plan.quotes").write_text(quotes, encoding="utf-8")
    there = GraphFile(folder / "plan.quotes", "q", again.quads, trig=again.trig)
    back = to_trig(there, source, CONTEXT)
    assert described(trig(back, folder), source) == described(file, source)


@given(st.text("ab c\n", min_size=1, max_size=30), st.data())
def test_words_that_are_found_are_those_of_the_text(text: str, data: st.DataObject) -> None:
    text = f"a{text}"
    start = data.draw(st.integers(0, len(text) - 1))
    words = " ".join(text[start : start + data.draw(st.integers(1, 8))].split()) or "a"
    count = sum(
        " ".join(text[at:].split()).startswith(words)
        for at, character in enumerate(text)
        if not character.isspace()
    )
    try:
        file = read(f"> {words}\n", SourceDocument("plan", IRI, text, {}))
    except FindingsError:
        assert count != 1
        return
    assert count == 1
    (quad,) = file.quads
    assert words == " ".join(_slice(str(quad.subject), text).split())


def _slice(passage: str, text: str) -> str:
    start, _, end = passage.rpartition("char=")[2].rstrip(">").partition(",")
    return text[int(start) : int(end)]


def guide_example(language: str) -> str:
    """The example of the guide for maintainers in that notation."""
    guide = (ROOT / "docs" / "maintaining.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_examples_of_the_guide_are_read_and_printed_as_they_stand() -> None:
    content = read_content(ROOT, packaged=False)
    context = context_of(content.record, content.sources)
    name = "data/shanghai-2022-opinions.quotes"
    for language, path in (("quotes", name), ("csv", "data/background/names.csv")):
        text = guide_example(language)
        assert print_file(text, path=path, prefixes=context.prefixes) == text
        file = parse_notation(ROOT / path, path, text.encode(), context)
        shipped = {quad for each in content.record.files for quad in each.quads}
        assert language == "csv" or set(file.quads) <= shipped
        assert len(file.quads) >= 7


def test_a_thing_is_classified_where_it_is_named() -> None:
    flat = "> plant trees\n<urn:a> :plants <urn:b> .\n<urn:b> a :Tree .\n"
    listed = "> plant trees\n<urn:a> :plants [ id <urn:b> a :Tree ] .\n"
    assert described(read(listed)) == described(read(flat))
    assert format_quotes(flat, path="plan.quotes", prefixes=PREFIXES) == listed
    assert format_quotes(listed, path="plan.quotes", prefixes=PREFIXES) == listed


@pytest.mark.parametrize(
    "flat",
    [
        "<urn:a> :plants <urn:b> .\n<urn:b> a :Tree ; :note 1 .\n",
        "<urn:a> a :Tree .\n<urn:a> a <urn:b> .\n<urn:b> a :Kind .\n",
        "<urn:a> :has [ :plants <urn:b> ] .\n<urn:b> a :Tree .\n",
        "<urn:a> :plants <urn:a> .\n<urn:b> a :Tree .\n",
        "<urn:a> :cites <#> .\n<#> a :Passage .\n",
    ],
)
def test_a_thing_of_which_more_is_said_stands_by_itself(flat: str) -> None:
    printed = format_quotes(f"> plant trees\n{flat}", path="plan.quotes", prefixes=PREFIXES)
    assert "[ id" not in printed
    assert described(read(printed)) == described(read(f"> plant trees\n{flat}"))


def test_lists_stand_in_lists_and_where_a_document_has_statements_of_its_own() -> None:
    listed = (
        "<> :cites [ id <urn:law> a :Law ] .\n> plant trees\n[ id <urn:a> a :Task ] :plants [\n"
        "    id <urn:b> a :Tree ; :near [ id <#> :note 'in brackets' ] , [ :note 1 ] ] , :Oak .\n"
    )
    flat = (
        "<> :cites <urn:law> . <urn:law> a :Law .\n> plant trees\n<urn:a> a :Task ; :plants"
        " <urn:b> , :Oak . <urn:b> a :Tree ; :near <#> , [ :note 1 ] . <#> :note 'in brackets' .\n"
    )
    assert described(read(listed)) == described(read(flat))
    lines = {str(quad.object): line for quad, line in read(listed).lines().items()}
    terms = f"{BASE.iri}def/"
    assert lines[f"<{terms}Law>"] == 1
    assert lines[f"<{terms}Task>"] == 3
    assert lines[f"<{terms}Tree>"] == lines['"in brackets"'] == 4


@pytest.mark.parametrize(
    ("below", "line", "column", "words"),
    [
        ("<urn:a> :p [ id <urn:b> a nothing ] .", 2, 27, ""),
        ("<urn:a> :p\n  [ id <urn:b> a :C ;\n    :q nothing ] .", 4, 8, ""),
        ("<urn:a> :p [ id unknown:b a :C ] .", 2, 17, ""),
        ("<urn:a> :p [ id <#> a nothing ] .", 2, 23, ""),
        ("<urn:a> :p [ id <urn:b> ] .", 2, 25, ""),
        ("<urn:a> :p [ id a :C ] .", 2, 17, ""),
        ("<urn:a> :p [ id ] .", 2, 12, "an IRI follows `[ id`"),
        ("<urn:a> :p [ id [] a :C ] .", 2, 12, "an IRI follows `[ id`"),
        ("<urn:a> :p [ id <urn:b> a :C .", 2, 12, "is not closed by `]`"),
        ("<urn:a> [ id <urn:b> a :C ]", 4, 1, "is not complete"),
    ],
)
def test_a_mistake_in_brackets_has_its_line_and_column(
    below: str, line: int, column: int, words: str
) -> None:
    found = finding(f"> plant trees\n{below}\n\n> tell the neighbours\n")
    assert (found.line, found.rule) == (line, "syntax"), found
    assert words in found.message
    assert f"(column {column})" in found.message, found.message


def test_a_last_statement_that_is_not_complete_is_found_behind_brackets() -> None:
    found = finding("> plant trees\n<urn:a> :p [ id <urn:b> a :C ] .\n<urn:c> :p")
    assert (found.line, found.message) == (
        3,
        "the last statement of the file is not complete (column 11).",
    )


def test_a_passage_names_itself(tmp_path: Path) -> None:
    below = "> tell the neighbours\n"
    itself = QUOTES.replace(below, f"{below}<#> :note <#> .\n")
    written = TRIG + "\n<#char=56,75> { <#char=56,75> :note <#char=56,75> }\n"
    assert described(read(itself)) == described(trig(written, tmp_path))
    assert format_quotes(itself, path="plan.quotes", prefixes=PREFIXES) == itself
    assert to_quotes(trig(written, tmp_path), SOURCE, CONTEXT) == itself


def test_a_mistake_behind_a_passage_that_names_itself_has_its_column() -> None:
    below = "> tell the neighbours\n"
    wrong = QUOTES.replace(below, f"{below}<#> :note nothing .\n")
    found = finding(wrong)
    assert found.line == wrong.splitlines().index("<#> :note nothing .") + 1
    assert "(column 11)" in found.message
