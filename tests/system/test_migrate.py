"""`migrate` on endpoints: a service of ours, and another store that takes updates elsewhere."""

from pathlib import Path

import httpx

from .conftest import Program, Serve
from .stores_elsewhere import oxigraph

ROOT = Path(__file__).parents[2]
OLD = """PREFIX : <https://w3id.org/spacepolicy/def/> INSERT DATA { GRAPH <urn:g> {
<urn:a> :hasDeadline <urn:d> ; :undertakenBy <urn:x> ; :hasBudget <urn:m> ; :heading "kept"@en .
<urn:m> :unitCode "{EUR}" . <urn:q> :unitCode "{EUR}" } }"""
NEW = """PREFIX : <https://w3id.org/spacepolicy/def/> ASK { GRAPH <urn:g> {
<urn:a> :isDueBy <urn:d> ; :carriedOutBy <urn:x> ; :hasBudget <urn:m> ; :heading "kept"@en .
<urn:m> :currencyCode "EUR" . <urn:q> :unitCode "{EUR}" }
FILTER NOT EXISTS { GRAPH ?g { ?s :hasDeadline|:undertakenBy|:fundedBy ?o } } }"""
CONTENT = ("--content", str(ROOT))


def holds(url: str) -> bool:
    answer = httpx.get(url, params={"query": NEW}, headers={"Accept": "application/json"})
    return bool(answer.json()["boolean"])


def test_a_service_is_carried_over_and_the_report_says_what_was_found(
    program: Program, serve: Serve, tmp_path: Path
) -> None:
    token = program.run("token", "new", "--scope", "write", "--store", str(program.store)).stdout
    (tmp_path / "token").write_text(token)
    empty = ("--content", "none", "--default-graph", "stored")
    url = f"{serve(*empty).url}/sparql"
    fields = {"Authorization": f"Bearer {token.strip()}"}
    assert httpx.post(url, data={"update": OLD}, headers=fields).status_code < 300
    told = program.run("migrate", "0.2", url, "--dry-run", *CONTENT)
    assert "3 would be changed" in told.stdout
    assert not holds(url)
    refused = program.run("migrate", "0.2", url, *CONTENT)
    assert refused.returncode == 1
    assert "401" in refused.stderr
    done = program.run("migrate", "0.2", url, "--token-file", str(tmp_path / "token"), *CONTENT)
    assert done.returncode == 0, done.stderr
    assert "3 changed" in done.stdout
    assert "40-currencies: 1 found" in done.stdout
    assert holds(url)
    assert "nothing to change" in program.run("migrate", "0.2", url, *CONTENT).stdout


def test_a_store_that_takes_updates_at_another_address_is_carried_over(program: Program) -> None:
    with oxigraph() as url:
        httpx.post(f"{url}/update", data={"update": OLD}).raise_for_status()
        places = (f"{url}/query", "--update-url", f"{url}/update")
        done = program.run("migrate", "0.2", *places, *CONTENT)
        assert "3 changed" in done.stdout, done.stderr
        assert holds(f"{url}/query")
