"""`token`: made, listed and revoked on the command line, while a service runs too."""

import httpx

from .conftest import Program, Serve

EMPTY = ("--content", "none", "--default-graph", "stored")


def test_a_new_token_is_alone_on_one_line_and_never_shown_again(program: Program) -> None:
    store = ("--store", str(program.store))
    made = program.run("token", "new", "--scope", "write", "--graph", "urn:mine:*", *store)
    assert made.returncode == 0, made.stderr
    secret, newline, rest = made.stdout.partition("\n")
    assert secret.startswith("spt_")
    assert (newline, rest, made.stderr) == ("\n", "", "")
    listed = program.run("token", "list", *store).stdout
    identifier, scope, _, graphs = listed.split()
    assert (scope, graphs) == ("write", "urn:mine:*")
    assert secret not in listed
    assert program.run("token", "revoke", identifier, *store).returncode == 0
    assert program.run("token", "list", *store).stdout == ""
    again = program.run("token", "revoke", identifier, *store)
    assert again.returncode == 2
    assert identifier in again.stderr


def test_what_names_no_token_is_one_clear_line(program: Program) -> None:
    for arguments in (
        ("new", "--scope", "root"),
        ("new", "--scope", "write", "--graph", "not an IRI"),
        ("new", "--scope", "write", "--store", "https://example.org/sparql"),
        (),
    ):
        ended = program.run("token", *arguments)
        assert ended.returncode == 2
        assert "Traceback" not in ended.stderr
        assert ended.stderr


def test_a_running_service_knows_each_token_at_once(serve: Serve, program: Program) -> None:
    server = serve(*EMPTY, "--require-token")
    store = ("--store", str(program.store))
    assert server.ask("ASK {}").status_code == 401
    secret = program.run("token", "new", "--scope", "read", *store).stdout.strip()
    bearing = {"Authorization": f"Bearer {secret}"}
    ask = f"{server.url}/sparql?query=ASK%7B%7D"
    assert httpx.get(ask, headers=bearing).status_code == 200
    identifier = program.run("token", "list", *store).stdout.split()[0]
    assert program.run("token", "revoke", identifier, *store).returncode == 0
    assert httpx.get(ask, headers=bearing).status_code == 401
    assert server.end() == 0
    server.listener.join()
    assert secret not in "".join(server.heard)
