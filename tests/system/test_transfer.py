"""Datasets go out and come in, verified, while a service runs and while none does."""

import json
import stat
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from spacepolicy.store import revision_folders as revisions

from .conftest import Program, Serve

ACTORS = "data/background/actors.trig"
ASKED = "SELECT ?o { <urn:a> <urn:b> ?o } ORDER BY ?o"


def written(folder: Path, values: str) -> Path:
    path = folder / f"{values[:1]}.trig"
    path.write_text(f"<urn:g> {{ <urn:a> <urn:b> {values} }}", encoding="utf-8")
    return path


def test_commands_ask_a_store_for_what_it_says(serve: Serve, program: Program) -> None:
    """Its mode, and that no files stand behind it; nobody has to say so again."""

    def run(command: str, *arguments: str) -> str:
        ended = program.run(command, "--store", str(program.store), *arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    server = serve("--content", "none", "--default-graph", "stored")
    triple = program.folder / "one.nt"
    triple.write_text('<urn:a> <urn:b> "1" .', encoding="utf-8")
    run("import", str(triple))
    assert server.ask(ASKED).text.split() == ["o", "1"]
    assert server.end() == 0
    triple.write_text('<urn:a> <urn:b> "2" .', encoding="utf-8")
    run("import", str(triple))
    (program.folder / "asked.rq").write_text(ASKED, encoding="utf-8")
    assert run("query", str(program.folder / "asked.rq"), "-f", "csv").split() == ["o", "2"]
    run("export", str(program.folder / "all.nq"))
    assert "up to date" in run("build")
    again = serve("--content", "none")
    assert again.ask("SELECT ?s ?o { ?s ?p ?o }").text.split() == ["s,o", "urn:a,2"]
    assert again.end() == 0
    refused = program.run("serve", "--store", str(program.store), "--default-graph", "merged")
    assert "the store was made with --default-graph stored" in refused.stderr


def relabelled(content: Path) -> None:
    path = content / ACTORS
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('rdfs:label "', 'rdfs:label "A ', 1), encoding="utf-8")


@pytest.mark.usefixtures("published")
def test_a_running_service_takes_imports_and_builds_and_keeps_what_clients_put(
    serve: Serve, program: Program
) -> None:
    server = serve()
    assert program.run_here("import", str(written(program.folder, "1, 2"))).returncode == 0
    assert server.ask(ASKED).text.split() == ["o", "1", "2"]
    relabelled(program.content)
    built = program.run_here("build")
    assert "revision 3 published" in built.stdout, built.stderr
    answer = server.ask(ASKED)
    assert (answer.text.split(), answer.headers["x-dataset-revision"]) == (["o", "1", "2"], "3")
    assert stat.S_IMODE((program.store / "serve.sock").stat().st_mode) == 0o600
    second = program.run_here("serve", "--port", "0")
    assert second.returncode != 0
    assert "a service runs over this store" in second.stderr
    assert server.end() == 0
    assert not (program.store / "serve.sock").exists()
    assert serve().ask(ASKED).text.split() == ["o", "1", "2"]


@pytest.mark.usefixtures("published")
def test_a_backup_is_taken_while_the_store_is_served_and_restored_when_not(
    serve: Serve, program: Program
) -> None:
    server, backup = serve(), program.folder / "backup"
    program.run_here("import", str(written(program.folder, "1")))
    taken = program.run_here("backup", str(backup))
    assert taken.returncode == 0, taken.stderr
    revision = revisions.current(program.store)
    assert revision is not None
    assert revision.record_sha256 in taken.stderr
    assert "is there already" in program.run_here("backup", str(backup)).stderr
    program.run_here("import", str(written(program.folder, "2")))
    refused = program.run_here("restore", str(backup))
    assert refused.returncode != 0
    assert "stop it first" in refused.stderr
    server.end()
    assert program.run_here("restore", str(backup)).returncode == 0
    assert revisions.current(program.store) == revision
    assert [each.number for each in revisions.history(program.store).revisions] == [1, 2]
    assert serve().ask(ASKED).text.split() == ["o", "1"]
    assert "holds no backup" in program.run_here("restore", str(program.folder)).stderr


@pytest.mark.usefixtures("published")
def test_what_is_exported_is_imported_again(program: Program) -> None:
    out = program.folder / "out.nq"
    program.run_here("import", str(written(program.folder, "1")))
    exported = program.run_here("export", str(out))
    assert exported.returncode == 0, exported.stderr
    quads = set(parse(path=out, format=RdfFormat.N_QUADS))
    revision = revisions.current(program.store)
    assert revision is not None
    assert len(quads) == revision.counts.quads(revision.mode)
    program.run_here("import", str(written(program.folder, "2")))
    assert "1 came, 1 went" in program.run_here("import", str(out)).stderr
    now = revisions.current(program.store)
    assert now is not None
    assert now.record_sha256 == revision.record_sha256
    for wrong, said in (
        (("export", str(out)), "is there already"),
        (("export", str(program.folder / "out.ttl")), ".nq, .trig"),
        (("import", str(program.folder / "none.nq")), "no such file"),
        (("import", str(program.folder / "none.txt")), "names no format"),
    ):
        ended = program.run_here(*wrong)
        assert ended.returncode != 0
        assert said in ended.stderr


def test_a_dataset_is_exported_as_a_folder_of_tables(program: Program) -> None:
    plain = ("--store", str(program.store), "--content", "none", "--default-graph", "stored")
    tables = program.folder / "tables"
    imported = program.run("import", *plain, str(written(program.folder, "1, 2")))
    assert imported.returncode == 0, imported.stderr
    for _ in range(2):  # the second replaces the first
        exported = program.run("export", *plain, "--format", "parquet", str(tables))
        assert exported.returncode == 0, exported.stderr
        package = json.loads((tables / "datapackage.json").read_text(encoding="utf-8"))
        assert [table["rows"] for table in package["resources"]] == [2]
    (tables / "mine").touch()
    refused = program.run("export", *plain, "--format", "parquet", str(tables))
    assert refused.returncode != 0
    assert "mine, which no export wrote" in refused.stderr
    misled = program.run("export", *plain, str(program.folder / "tables.parquet"))
    assert "with --format parquet as a folder" in misled.stderr
    assert not list((program.store / "scratch").glob("*"))


@pytest.mark.usefixtures("published")
def test_an_import_that_names_a_graph_of_the_files_is_refused(program: Program) -> None:
    base = "https://w3id.org/spacepolicy/"
    path = program.folder / "theirs.trig"
    path.write_text(f"<{base}ontology> {{ <urn:a> <urn:b> 1 }}", encoding="utf-8")
    refused = program.run_here("import", str(path))
    assert refused.returncode == 1
    assert f"<{base}ontology> is stated by the project's files" in refused.stderr


def test_an_import_without_memory_says_how_to_give_it_more(program: Program) -> None:
    file = program.folder / "large.nq"
    lines = (f"<urn:a:{number}> <urn:p> '{number:0200}' <urn:g> ." for number in range(80_000))
    file.write_text("\n".join(line.replace("'", '"') for line in lines), encoding="utf-8")
    here = ("--content", "none", "--default-graph", "stored", "--store", str(program.store))
    ended = program.run("import", *here, "--memory-mib", "16", str(file))
    assert ended.returncode == 1
    assert "--memory-mib" in ended.stderr
    assert program.run("import", *here, "--memory-mib", "4096", str(file)).returncode == 0
