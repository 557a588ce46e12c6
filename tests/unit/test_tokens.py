"""Access tokens: what is kept of them, and how they are known again."""

import json
import stat
import threading
from pathlib import Path

import pytest

from spacepolicy.access_tokens import (
    SCOPES,
    AccessTokens,
    add_token,
    list_tokens,
    revoke_token,
    tokens_file,
)
from spacepolicy.errors import StoreError, UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tokens_file(tmp_path / "store")


def test_a_token_is_found_and_no_other_is(file: Path) -> None:
    secret = add_token(file, "write", ["urn:mine:*"])
    found = AccessTokens(file).find(secret)
    assert found is not None
    assert (found.scope, found.graphs) == ("write", ("urn:mine:*",))
    for other in (secret[:-1], secret + "x", "", secret.upper(), found.sha256):
        assert AccessTokens(file).find(other) is None


def test_only_a_hash_is_kept_and_nobody_else_may_read_it(file: Path) -> None:
    secret = add_token(file, "read")
    for each in file.parent.iterdir():
        assert secret.removeprefix("spt_") not in each.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_token_has_256_bits_of_its_own(file: Path) -> None:
    secrets = {add_token(file, "read") for _ in range(20)}
    assert len(secrets) == 20
    assert all(len(secret.removeprefix("spt_")) >= 43 for secret in secrets)


def test_scopes_include_those_below(file: Path) -> None:
    for number, scope in enumerate(SCOPES):
        token = AccessTokens(file).find(add_token(file, scope))
        assert token is not None
        assert [each for each in SCOPES if token.allows(each)] == list(SCOPES[: number + 1])


def test_a_change_of_the_file_is_noticed(file: Path) -> None:
    tokens = AccessTokens(file)
    assert tokens.find("spt_none") is None
    secret = add_token(file, "write")
    token = tokens.find(secret)
    assert token is not None
    assert tokens.holds(token)
    revoke_token(file, token.identifier)
    assert tokens.find(secret) is None
    assert not tokens.holds(token)
    file.unlink()
    assert tokens.find(secret) is None


def test_revoking_leaves_the_others(file: Path) -> None:
    first, second = add_token(file, "read"), add_token(file, "write")
    found = AccessTokens(file).find(first)
    assert found is not None
    revoke_token(file, found.identifier)
    assert [token.scope for token in list_tokens(file)] == ["write"]
    assert AccessTokens(file).find(second) is not None
    with pytest.raises(UsageError):
        revoke_token(file, found.identifier)


def test_tokens_made_at_once_are_all_there(file: Path) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(add_token(file, "read"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(AccessTokens(file).find(secret) for secret in made)
    assert len(list_tokens(file)) == 8


@pytest.mark.parametrize("pattern", ["", "a b", "*urn:a", "urn:*:a", "<urn:a>"])
def test_a_pattern_that_is_none_is_refused(pattern: str, file: Path) -> None:
    with pytest.raises(UsageError):
        add_token(file, "write", [pattern])
    assert not file.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tokens": [{"scope": "root"}]}'])
def test_a_file_that_cannot_be_read_lets_nobody_in(text: str, file: Path) -> None:
    secret = add_token(file, "read")
    tokens = AccessTokens(file)
    assert tokens.find(secret) is not None
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError):
        tokens.find(secret)
    with pytest.raises(StoreError):
        add_token(file, "read")
    assert file.read_text(encoding="utf-8") == text


def test_the_file_is_json_that_an_operator_can_read(file: Path) -> None:
    add_token(file, "admin")
    (token,) = json.loads(file.read_text(encoding="utf-8"))["tokens"]
    assert set(token) == {"identifier", "scope", "graphs", "created", "sha256"}


def test_no_changed_byte_makes_another_token_of_one(file: Path) -> None:
    add_token(file, "write", ["urn:mine:*"])
    content, tokens = file.read_bytes(), list_tokens(file)
    refused = 0
    for place in range(len(content)):
        for bit in (1, 4):
            data = bytearray(content)
            data[place] ^= bit
            file.write_bytes(data)
            try:
                assert list_tokens(file) == tokens
            except StoreError:
                refused += 1
    assert refused > len(content)
    file.write_text('{"tokens": []}', encoding="utf-8")  # as it was before there was a digest
    assert list_tokens(file) == ()
