"""Access tokens and what they may write. They are created once, kept as hashes in a file of the
store, and looked up by the service.

The file is authoritative. Commands change it under a lock, also while a service runs, which reads
it again whenever it has changed.

A token is 256 random bits, so one SHA-256 is hash enough: there is no dictionary of such tokens to
run through, which salt and slow hashes of passwords guard against. Hashes are compared in constant
time all the same.

Spec: https://www.rfc-editor.org/rfc/rfc6750
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, final, get_args

from spacepolicy.errors import StoreError, UsageError

AccessScope = Literal["read", "write", "admin"]
"""What a token permits; each scope includes those before it."""
SCOPES: Final[tuple[AccessScope, ...]] = get_args(AccessScope)
ANY_GRAPH: Final = "*"
"""The pattern of a token that may write every graph."""
FILE: Final = "tokens.json"
_SECRET_BYTES: Final = 32
"""256 bits: a token cannot be guessed, so that its hash needs no salt and no slow function."""
_IDENTIFIER_BYTES: Final = 6
"""48 bits keep the identifiers of a store's tokens apart, in 12 digits that people can copy."""
_MODE: Final = 0o600
"""Only the user of the service reads the hashes."""
_MARK: Final = "spt_"
"""What every token begins with, so that scanners for lost secrets find it."""
_Stamp = tuple[int, int, int]


@final
@dataclass(frozen=True, slots=True)
class AccessToken:
    """What is stored of a token; `graphs` are those that it may write, by IRI or by a prefix that
    ends in `*`."""

    identifier: str
    scope: AccessScope
    graphs: tuple[str, ...]
    created: str
    sha256: str

    def allows(self, scope: AccessScope) -> bool:
        """Whether the token permits the scope.

        >>> AccessToken("a", "write", ("*",), "", "").allows("read")
        True
        """
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


def may_write(graph: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns, exact IRIs or prefixes that end in `*`, covers the graph.

    >>> may_write("urn:a:b", ("urn:a:*",)), may_write("urn:a", ("urn:a:*", "urn:b"))
    (True, False)
    """
    return any(
        graph.startswith(pattern[:-1]) if pattern.endswith("*") else graph == pattern
        for pattern in patterns
    )


@final
class AccessTokens:
    """The tokens in the file, read again when it changes. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: _Stamp | None = None
        self._tokens: tuple[AccessToken, ...] = ()
        self._lock = threading.Lock()

    def find(self, secret: str) -> AccessToken | None:
        """The token with this secret, or None.

        Raises: StoreError where the file cannot be read.
        """
        given = _sha256(secret)
        found = None
        for token in self._current():
            if hmac.compare_digest(token.sha256, given):
                found = token
        return found

    def holds(self, token: AccessToken) -> bool:
        """Whether the token is still in the file."""
        return token in self._current()

    def _current(self) -> tuple[AccessToken, ...]:
        with self._lock:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._tokens, self._stamp = _read(self._path), stamp
            return self._tokens


def tokens_file(store: Path) -> Path:
    """The path of the file with the tokens of the store."""
    return store / FILE


def add_token(path: Path, scope: AccessScope, graphs: Sequence[str] = ()) -> str:
    """Create a token for these graphs, or for any, and return it; only its hash is kept.

    Raises: UsageError where a pattern is not valid, StoreError where the file cannot be written.
    """
    for pattern in graphs:
        _check_pattern(pattern)
    secret = _MARK + secrets.token_urlsafe(_SECRET_BYTES)

    def with_it(tokens: tuple[AccessToken, ...]) -> tuple[AccessToken, ...]:
        made = AccessToken(
            identifier=secrets.token_hex(_IDENTIFIER_BYTES),
            scope=scope,
            graphs=tuple(graphs) or (ANY_GRAPH,),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            sha256=_sha256(secret),
        )
        return (*tokens, made)

    _change(path, with_it)
    return secret


def list_tokens(path: Path) -> tuple[AccessToken, ...]:
    """All tokens, the oldest first.

    Raises: StoreError where the file cannot be read.
    """
    return _read(path)


def revoke_token(path: Path, identifier: str) -> None:
    """Revoke the token with this identifier.

    Raises: UsageError where there is none, StoreError where the file cannot be written.
    """

    def without_it(tokens: tuple[AccessToken, ...]) -> tuple[AccessToken, ...]:
        left = tuple(token for token in tokens if token.identifier != identifier)
        if len(left) == len(tokens):
            raise UsageError(f"There is no token {identifier!r}; `token list` lists them.")
        return left

    _change(path, without_it)


def _check_pattern(pattern: str) -> None:
    if not pattern or "*" in pattern[:-1] or any(c.isspace() or c in '<>"' for c in pattern):
        raise UsageError(
            f"A graph pattern is an IRI, or the beginning of one and a * at its end; {pattern!r} "
            "is neither."
        )


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _stamp(path: Path) -> _Stamp | None:
    """What changes when the file does; None where there is no file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    return status.st_mtime_ns, status.st_ino, status.st_size


def _read(path: Path) -> tuple[AccessToken, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    try:
        table = json.loads(text)
        if table.get("sha256", "") not in ("", _digest(table["tokens"])):
            raise StoreError(f"{path}: is damaged: it is not what was written. Restore a backup.")
        return tuple(map(_token, table["tokens"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{path}: holds no list of tokens: {error!r}") from error


def _digest(tables: object) -> str:
    """The digest by which damage to the list of tokens is seen."""
    return _sha256(json.dumps(tables, sort_keys=True))


def _token(table: Mapping[str, Any]) -> AccessToken:
    if table["scope"] not in SCOPES:
        raise ValueError(f"there is no scope {table['scope']!r}")
    return AccessToken(**{**table, "graphs": tuple(table["graphs"])})


def _change(
    path: Path, change: Callable[[tuple[AccessToken, ...]], tuple[AccessToken, ...]]
) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            _write(path, change(_read(path)))
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.with_name(f".{path.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, tokens: Sequence[AccessToken]) -> None:
    """Replace the file in one step that survives a crash; other users cannot read it."""
    tables = [asdict(token) for token in tokens]
    text = json.dumps({"tokens": tables, "sha256": _digest(tables)}, indent=2) + "\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
