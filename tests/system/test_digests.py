"""What one graph holds slows no other write, and each revision says how its digest was made."""

import httpx

from .conftest import Program, Serve

PLAIN = ("--content", "none", "--default-graph", "stored")


def put(url: str, token: str, graph: str, turtle: str) -> tuple[int, str]:
    """The status of the write, and how the digest of its revision was made."""
    answer = httpx.put(
        f"{url}/graphs",
        params={"graph": f"urn:{graph}"},
        content=turtle,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "text/turtle"},
        timeout=120,
    )
    number = answer.headers["x-dataset-revision"]
    told = httpx.get(f"{url}/revisions/{number}", headers={"Accept": "application/json"})
    return answer.status_code, told.json()["digest"]


def zeros(count: int) -> str:
    return f"<urn:s> <urn:p> ({'0 ' * count}) ."


def test_a_long_list_of_zeros_slows_no_other_write_and_comes_out_as_it_came_in(
    serve: Serve, program: Program
) -> None:
    made = program.run("token", "new", "--scope", "write", "--store", str(program.store))
    server, token = serve(*PLAIN), made.stdout.strip()
    canonical, labelled = "rdfc-1.0-components", "rdfc-1.0-components+labels"
    assert put(server.url, token, "few", zeros(10)) == (201, canonical)
    assert put(server.url, token, "many", zeros(1000)) == (201, labelled)
    for number in range(5):
        turtle = f"<urn:s> <urn:p> _:b . _:b <urn:q> {number} ."
        assert put(server.url, token, f"other{number}", turtle) == (201, labelled)
    where = ("--store", str(program.store), *PLAIN)
    for command in (("export", "out.nq"), ("export", "out.trig"), ("backup", "copy")):
        ended = program.run(*command, *where)
        assert ended.returncode == 0, ended.stderr
        assert f"({labelled})" in ended.stderr
    again = program.run("import", "out.nq", *where)
    assert "0 came, 0 went" in again.stderr, again.stderr
    httpx.delete(
        f"{server.url}/graphs",
        params={"graph": "urn:many"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert put(server.url, token, "few", zeros(11)) == (204, canonical)
