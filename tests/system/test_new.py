"""`spacepolicy new`: scaffolds are laid out, overwrite nothing, and say what is to be filled in."""

import hashlib
import re
import shutil
import tomllib
from pathlib import Path

import pypdf
import pytest

from spacepolicy.cli import main
from spacepolicy.errors import UsageError
from spacepolicy.knowledge.scaffolds.source_text import normalised, read_source_text

from .conftest import ROOT, copy_content

TEXT = (
    ROOT / "tests" / "documents" / "skerrow-2028-charting" / "seeds" / "skerrow-2028-charting.txt"
)
GATES = ("syntax", "layout", "metadata", "naming", "labels", "pitfalls", "skos")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the content with one scaffold of each kind."""
    folder = tmp_path_factory.mktemp("new")
    copy_content(folder)
    for arguments in (
        ("class", "FisheryZone", "--parent", "Region", "--in", "regions"),
        ("property", "fishesIn", "--domain", "Actor", "--range", "FisheryZone", "--in", "regions"),
        (
            "property",
            "catchLimit",
            "--domain",
            "FisheryZone",
            "--range",
            "xsd:integer",
            "--in",
            "regions",
        ),
        ("concept", "goal-kind/stage", "--label", "stage"),
        ("concept", "goal-kind/first-stage", "--broader", "stage"),
        ("query", "zones", "--about", "FisheryZone", "--tag", "regions"),
        ("document", "skerrow-2028-new", str(TEXT), "--kind", "regulation"),
    ):
        assert main(["new", *arguments, "--content", str(folder)]) == 0, arguments
    return folder


def check(folder: Path, *gates: str) -> str:
    """What the gates find, without what is still to be filled in."""
    import io
    from contextlib import redirect_stdout

    printed = io.StringIO()
    with redirect_stdout(printed):
        main(["check", *gates, "--content", str(folder)])
    return "\n".join(line for line in printed.getvalue().splitlines() if ": " in line)


def filled(folder: Path) -> None:
    """Put something into the place of every mark."""
    for path in [
        *folder.rglob("*.ttl"),
        *folder.rglob("*.rq"),
        *folder.rglob("*.toml"),
        *folder.rglob("*.csv"),
    ]:
        path.write_text(without_marks(path.read_text(encoding="utf-8"), path.stem), "utf-8")


def without_marks(text: str, name: str) -> str:
    """The text with something in the place of each mark, the same for the same mark."""
    text = re.sub(r"^# \[fill in: (published = \S+?),.*\]$", r"\1", text, flags=re.MULTILINE)
    for number, mark in enumerate(dict.fromkeys(re.findall(r"\[fill in: [^\]\n]+\]", text))):
        text = text.replace(mark, f"Thing {name} {number}")
    for number, mark in enumerate(dict.fromkeys(re.findall(r"\[待填：[^\]\n]+\]", text))):
        text = text.replace(mark, f"名称{name}{number}")
    return text


def test_scaffolds_are_in_the_one_layout(checkout: Path) -> None:
    assert main(["fmt", "--check", "--content", str(checkout)]) == 0


def test_check_says_what_is_still_to_be_filled_in_and_nothing_else(checkout: Path) -> None:
    found = check(checkout, *GATES).splitlines()
    assert found
    assert [line for line in found if ": fill-in: " not in line] == []
    for file in (
        "regions.ttl",
        "shapes.ttl",
        "goal-kind.ttl",
        "zones.rq",
        "skerrow-2028-new.toml",
        "skerrow-2028-new.csv",
    ):
        assert any(f"{file}:" in line for line in found), file


def test_each_sentence_without_a_statement_is_named(checkout: Path) -> None:
    found = check(checkout, "evidence")
    assert (
        "unstated: nothing is stated of “Issued by the Harbour Council of Skerrow on 1 March 2028”"
        in found
    )
    assert "uncovered" not in found
    assert "two-sentences" not in found


def test_what_is_filled_in_passes_the_gates(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "filled"
    shutil.copytree(checkout, folder)
    filled(folder)
    assert main(["fmt", "--content", str(folder)]) == 0
    found = [line for line in check(folder, *GATES, "shapes").splitlines() if "skerrow" not in line]
    # The documents that are shipped have remarks of their own.
    of_others = {line for line in found if re.match(r"data/\S+: (?:warning|note): ", line)}
    assert [line for line in found if line not in of_others] == []


def test_a_sibling_that_the_module_does_not_import_names_the_new_class(checkout: Path) -> None:
    regions, space = (
        (checkout / f"ontology/{name}.ttl").read_text(encoding="utf-8")
        for name in ("regions", "space")
    )
    assert "owl:disjointWith :Country ;" in regions.partition("\n:FisheryZone\n")[2]
    assert ":OuterSpaceRegion" not in regions
    region = space.partition("\n:OuterSpaceRegion\n")[2].partition("\n.\n")[0]
    assert "owl:disjointWith :FisheryZone ;" in region


def test_the_metadata_have_digest_and_sizes(checkout: Path) -> None:
    data = (checkout / "seeds/skerrow-2028-new.txt").read_bytes()
    table = tomllib.loads((checkout / "seeds/skerrow-2028-new.toml").read_text(encoding="utf-8"))
    assert table["sha256"] == hashlib.sha256(data).hexdigest()
    assert (table["bytes"], table["code_points"]) == (len(data), len(data.decode()))


def test_parts_are_headings_above_their_sentences(checkout: Path) -> None:
    lines = (checkout / "data/skerrow-2028-new.quotes").read_text(encoding="utf-8").splitlines()
    at = lines.index("> Section 2: Charting")
    assert lines[at - 1].startswith("# Section 2: Charting")
    assert (
        "> (i) the Pilot Guild sounds the reefs by 31 October 2029, with the help of the "
        "Fishery Board" in lines
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("class", "fisheryZone", "--parent", "Region", "--in", "regions"), "UpperCamelCase"),
        (("class", "Zone", "--parent", "Regio", "--in", "regions"), "Did you mean Region?"),
        (
            ("class", "Zone", "--parent", "Region", "--in", "nowhere"),
            "There is no ontology/nowhere.ttl",
        ),
        (("class", "FisheryZone", "--parent", "Region", "--in", "regions"), "there already"),
        (("class", "Region", "--parent", "Region", "--in", "regions"), "there already"),
        (
            ("property", "Fishes", "--domain", "Actor", "--range", "Actor", "--in", "actors"),
            "lowerCamelCase",
        ),
        (
            (
                "concept",
                "goal-kind/Stage",
            ),
            "kebab-case",
        ),
        (
            (
                "concept",
                "goal-kind/stage",
            ),
            "there already",
        ),
        (
            (
                "concept",
                "goal-kinds/stage",
            ),
            "There is no scheme",
        ),
        (("shape", "Region"), "there already"),
        (("query", "Zones", "--about", "Region"), "kebab-case"),
        (("query", "zones", "--about", "Region"), "there already"),
        (("query", "zones-two", "--about", "Region", "--tag", "odd"), "'odd' is no tag"),
        (("document", "skerrow-2028-new", str(TEXT)), "there already"),
        (("document", "Skerrow", str(TEXT)), "kebab-case"),
        (("document", "skerrow-2029", str(TEXT), "--kind", "odd"), "is no kind of document"),
        (("document", "skerrow-2029", "/nowhere.txt"), "cannot be read"),
        (("document", "skerrow-2029", str(TEXT), "--published", "May"), "takes a day"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_the_rule_and_writes_nothing(
    arguments: tuple[str, ...], said: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    assert main(["new", *arguments, "--content", str(checkout)]) == 2
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()} == before


CHINESE = "一、目标\n到2030年，河流恢复清洁。\n（一）加强植树造林的工作，这是我们的任务。\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_a_chinese_text_is_read_in_its_encoding(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(CHINESE.encode(encoding))
    found = read_source_text(path, None)
    assert (found.text, found.language) == (CHINESE, "zh")
    assert (encoding == "utf-8") == (found.changes == ())


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-32"])
def test_an_english_text_is_read_in_its_encoding(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("“Café” costs €5.\r\nIt opens.\r\n".encode(encoding))
    found = read_source_text(path, None)
    assert found.text == "“Café” costs €5.\nIt opens.\n"
    assert found.language == "en"
    assert any("CR LF" in change for change in found.changes)


def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("浇水".encode("gb18030"))
    with pytest.raises(UsageError, match="as ascii"):
        read_source_text(path, "ascii")


def test_lines_that_a_margin_ended_are_joined() -> None:
    wrapped = (
        "Section 1. The council of the town plants an oak in each of the long\n"
        "streets of the old town and waters it every morning of the sum-\n"
        "mer. It does not\nrest.\n\n"
        "Section 2. The council of the town looks after each of the tall oaks\n"
        "that it planted in the streets of the old town.\n"
    )
    text, changes = normalised(wrapped)
    assert "long streets of the old town" in text
    assert "the summer. It does not" in text
    assert "\n\nSection 2." in text
    assert any("joined" in change for change in changes)


def test_a_pdf_gives_its_text(tmp_path: Path) -> None:
    path = tmp_path / "text.pdf"
    path.write_bytes(pdf("Section 1. Plant oaks.", "Section 2. Water them."))
    found = read_source_text(path, None)
    assert found.text == "Section 1. Plant oaks.\nSection 2. Water them.\n"
    assert found.changes[0] == "taken out of a PDF"


def test_a_broken_pdf_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.pdf"
    path.write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(UsageError, match="is no PDF"):
        read_source_text(path, None)


def test_without_pypdf_it_is_said_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "text.pdf"
    path.write_bytes(pdf("Plant oaks."))
    monkeypatch.setattr("spacepolicy.knowledge.scaffolds.pdf.pypdf", None)
    with pytest.raises(UsageError, match=r"pip install -e '\.\[documents\]'"):
        read_source_text(path, None)


def pdf(*lines: str) -> bytes:
    """A PDF of one page with these lines."""
    import io

    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(400, 400)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    fonts = DictionaryObject({NameObject("/F"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = DecodedStreamObject()
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    stream.set_data(f"BT /F 12 Tf 14 TL 20 300 Td {shown} ET".encode())
    page[NameObject("/Contents")] = stream
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


@pytest.mark.parametrize("kind", ["class", "property", "concept", "shape", "query", "document"])
def test_the_help_of_each_kind_has_an_example(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["new", kind, "--help"])
    assert f"Example: spacepolicy new {kind} " in " ".join(capsys.readouterr().out.split())
