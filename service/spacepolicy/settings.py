"""What an operator can set, and where it comes from: command line, environment, file, defaults.

Only the commands read this; everything below gets what it needs as arguments. The engine passes the
environment on to its processes.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Literal, final, get_args
from urllib.parse import urlsplit

from spacepolicy.errors import UsageError
from spacepolicy.federation_policy import origin_of
from spacepolicy.setting_fields import Limit, Setting, choice, flag, number, setting_of, text

Mode = Literal["merged", "stored"]
Guard = Literal["refuse", "warn", "off"]
"""What the guard does with a write that breaks a rule of the dataset."""
LogFormat = Literal["text", "json"]
FILE: Final = "spacepolicy.toml"
_IRI: Final = re.compile(r"[^\s<>\"{}|\\^`\x00-\x20]+")
"""The characters of an IRI (RFC 3987 section 2.2), as far as N-Triples allows them."""
_MAIL: Final = re.compile(r"[^@:]+@[^@:]+")


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of proxies, as addresses or CIDR between commas.

    Raises: UsageError where one is not valid.

    >>> networks("127.0.0.1, 10.0.0.0/8")
    (IPv4Network('127.0.0.1/32'), IPv4Network('10.0.0.0/8'))
    """
    try:
        return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())
    except ValueError as error:
        raise UsageError(
            f"trusted-proxies takes addresses or networks between commas: {error}."
        ) from error


def origins(text: str, option: str = "service-origins") -> frozenset[str]:
    """Parse the origins, separated by commas, that the option lists.

    Raises: UsageError where one is not valid.

    >>> sorted(origins("https://a.example, http://10.0.0.5:8890"))
    ['http://10.0.0.5:8890', 'https://a.example:443']
    """
    found = set()
    for each in text.split(","):
        if url := each.strip().rstrip("/"):
            origin = origin_of(url)
            if origin is None or urlsplit(url)[2:] != ("", "", ""):
                raise UsageError(
                    f"{option} takes origins between commas, as https://example.org; "
                    f"{each.strip()!r} is none."
                )
            found.add(origin)
    return frozenset(found)


def _public_url(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"public-url is an http or https address, not {value!r}.")


def _homepage(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or not _IRI.fullmatch(value):
        raise UsageError(f"publisher-url is an http or https address, not {value!r}.")


def _leader(value: str) -> None:
    parts = urlsplit(value)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "follow takes no credentials in the address; the environment has a token for it."
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"follow is the http or https address of an instance, not {value!r}.")


def _contact(value: str) -> None:
    is_page = urlsplit(value).scheme in ("http", "https") and urlsplit(value).netloc
    if not _IRI.fullmatch(value) or not (is_page or _MAIL.fullmatch(value)):
        raise UsageError(
            f"contact is an address of mail or of a page, as data@example.org or "
            f"https://example.org/contact, not {value!r}."
        )


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """One value for each option of `serve`; the other commands read those they share.

    `store` and `content` are None unless given: see `store_directory` and `content_directory`.
    `default_graph` and `content` default to what the store records.
    """

    store: str | None = text(
        None,
        "the folder of revisions; for serve and query also the URL of a SPARQL endpoint",
        metavar="PATH|URL",
    )
    content: str | None = text(
        None, "the folder of ontology/, data/, queries/; or none", metavar="DIR"
    )
    default_graph: Mode = choice(
        "merged",
        get_args(Mode),
        "what the default graph holds: all that is known (merged), or what clients put there "
        "(stored); a store that exists says which it has",
    )
    texts: str | None = text(
        None, "copies of texts that are not shipped, named after sources", metavar="DIR"
    )
    host: str = text("127.0.0.1", "the address to listen on")
    port: int = number(8000, (0, 65_535), "the port to listen on", unit="port")
    timeout: float = number(
        30.0,
        (0.01, 86_400),
        "time of a query",
        unit="s",
        limit=Limit("time of a query", "504 `time-limit`, or broken off", "it holds a processor"),
    )
    max_timeout: float = number(
        30.0,
        (0.01, 86_400),
        "the longest time that a query may ask for with ?timeout=",
        unit="s",
        limit=Limit(
            "time of a query that asks for more with `?timeout=`",
            "504 `time-limit`, or broken off",
            "clients do not give themselves more than the operator does",
        ),
    )
    write_timeout: float = number(
        300.0,
        (0.01, 86_400),
        "time of a write",
        unit="s",
        limit=Limit(
            "time of a write, from its last byte on",
            "504 `time-limit`",
            "derivation and validation take longer than queries; more at once is the work of "
            "`import`",
        ),
    )
    import_timeout: float = number(
        3600.0,
        (0.01, 604_800),
        "time of an import",
        unit="s",
        limit=Limit(
            "time of an import",
            "the command says so; nothing is written",
            "a million statements take minutes",
        ),
    )
    max_running: int = number(
        16,
        (1, 10_000),
        "longer queries evaluated at once",
        limit=Limit("longer queries at once", "wait", "more would only wait for one another"),
    )
    max_waiting: int = number(
        64,
        (0, 100_000),
        "longer queries that wait before another is refused with 503",
        limit=Limit(
            "longer queries that wait",
            "503 `overloaded`",
            "waiting longer helps nobody: after 5 s each is refused too",
        ),
    )
    cache_mib: int = number(
        64,
        (0, 1 << 20),
        "memory of cached answers; 0: none are kept",
        unit="MiB",
        limit=Limit(
            "answers kept, together; each at most an eighth of it",
            "–",
            "repeated questions cost no evaluation",
        ),
    )
    memory_mib: int = number(
        2048,
        (16, 1 << 20),
        "memory of a query beyond the data",
        unit="MiB",
        limit=Limit(
            "memory of a query, beyond the data",
            "503 `memory-limit`",
            "one query cannot have the machine",
        ),
    )
    memory_budget_mib: int = number(
        0,
        (0, 1 << 24),
        "memory of the engine's processes together; 0: three quarters of the machine's",
        unit="MiB",
        limit=Limit(
            "memory of the engine's processes together",
            "503 `memory-limit` for the query that holds most",
            "workers live long, and each has a copy of what it has touched; `/status` shows what "
            "they hold",
            shown="three quarters of the machine's, or of its control group's",
        ),
    )
    upload_mib: int = number(
        256,
        (1, 1 << 20),
        "size of an uploaded graph, decoded",
        unit="MiB",
        limit=Limit(
            "an uploaded graph, decoded",
            "413 `content-too-large`",
            "it is stored and parsed whole",
        ),
    )
    memory_quads: int = number(
        5_000_000,
        (0, 1 << 40),
        "the most quads served from memory; more are served from disk",
        limit=Limit(
            "quads served from memory",
            "–",
            "more are read from disk",
        ),
    )
    max_connections: int = number(
        1024,
        (16, 1 << 20),
        "connections; fewer where there are few descriptors",
        limit=Limit(
            "connections, and no more than descriptors allow",
            "another is closed, or 503 `overloaded`",
            "each costs a descriptor and up to some 100 KiB",
        ),
    )
    max_connections_per_address: int = number(
        0,
        (0, 1 << 20),
        "connections from one address; 0: half of all",
        limit=Limit(
            "connections from one address",
            "another is closed, or 429 `too-many-connections`",
            "one address cannot shut the others out",
            shown="half of all",
        ),
    )
    head_timeout: float = number(
        10.0,
        (0.1, 3600),
        "how long a request's head may take to arrive",
        unit="s",
        limit=Limit(
            "the head, from its first byte; that byte, on a new connection",
            "408 `request-timeout`; closed",
            "heads come in one piece; a second or two on a bad line",
        ),
    )
    body_timeout: float = number(
        20.0,
        (0.1, 86_400),
        "how long a body may take, and a second more for each --min-rate bytes of it",
        unit="s",
        limit=Limit(
            "the body, and a second more for each `--min-rate` bytes that came",
            "408 `request-timeout`",
            "slow lines are served; a byte a second is none",
        ),
    )
    idle_timeout: float = number(
        75.0,
        (0.1, 86_400),
        "how long a connection is kept between requests",
        unit="s",
        limit=Limit(
            "between requests",
            "closed",
            "proxies keep theirs for 60 s, and should be the first to close; where connections "
            "are few, idle ones are closed earlier",
        ),
    )
    send_timeout: float = number(
        30.0,
        (0.5, 86_400),
        "how long a client may take less than --min-rate bytes a second",
        unit="s",
        limit=Limit(
            "an answer of which the client takes less than `--min-rate` bytes a second",
            "broken off",
            "what waits for it is held in memory",
        ),
    )
    min_rate: int = number(
        1024,
        (1, 1 << 30),
        "bytes a second that a client sends or takes at least",
        unit="bytes",
        limit=Limit(
            "bytes a second that a client sends of a body, or takes of an answer, at least",
            "as for the two times above",
            "a slower client holds its connection, and what waits for it, too long",
        ),
    )
    public_url: str | None = text(
        None, "the address at which clients reach the service", metavar="URL", check=_public_url
    )
    publisher: str | None = text(
        None, "who publishes the dataset at this address, as harvesters show it", metavar="NAME"
    )
    publisher_url: str | None = text(
        None, "the home page of the publisher", metavar="URL", check=_homepage
    )
    contact: str | None = text(
        None,
        "where questions about the dataset are answered: an address of mail or of a page",
        metavar="ADDRESS",
        check=_contact,
    )
    trusted_proxies: str = text(
        "",
        "addresses or networks whose Forwarded or X-Forwarded-* fields are believed",
        metavar="NETWORKS",
        check=networks,
    )
    service_origins: str = text(
        "",
        "origins that SERVICE may ask, between commas, as https://example.org; else none",
        metavar="ORIGINS",
        check=origins,
    )
    mcp_origins: str = text(
        "",
        "origins whose pages may use /mcp beside the service's own, between commas; else none",
        metavar="ORIGINS",
        check=partial(origins, option="mcp-origins"),
    )
    service_private: bool = flag("let SERVICE ask them at private addresses too")
    keep_last: bool = flag("serve the last good revision when the files have findings")
    guard: Guard = choice(
        "refuse", get_args(Guard), "what becomes of a write that breaks a rule of the dataset"
    )
    keep_revisions: int = number(
        100, (0, 1 << 40), "revisions whose data are kept, the newest; 0: all"
    )
    follow: str | None = text(
        None,
        "the address of another instance, whose revisions are taken and served: a replica",
        metavar="URL",
        check=_leader,
    )
    follow_interval: float = number(
        1.0,
        (0.05, 3600),
        "how often a replica asks whether there is another revision",
        unit="s",
        limit=Limit(
            "how old what a replica answers may be, beyond the time that taking a revision needs",
            "–",
            "to ask costs the leader little, and nothing is sent where there is nothing new",
        ),
    )
    log_format: LogFormat = choice(
        "text", get_args(LogFormat), "how the log is written: as text, or as a JSON object a line"
    )
    read_only: bool = flag("take no writes, whatever the token")
    require_token: bool = flag("answer only those who bring a token; reads need the scope read")


SETTINGS: Final[Mapping[str, Setting]] = {each.name: setting_of(each) for each in fields(Settings)}
"""Every setting, by the name of its field."""


def load(
    arguments: Mapping[str, object],
    environment: Mapping[str, str],
    directory: Path,
    recorded: Callable[[Path], Mapping[str, str]] = lambda _: {},
) -> Settings:
    """The settings in force: arguments over environment over `spacepolicy.toml` over what the store
    records, which `recorded` reads, over defaults.

    Raises: UsageError where a name is unknown or a value does not fit.
    """
    values: dict[str, object] = {}
    values |= _from_file(directory / FILE)
    values |= _from_environment(environment)
    values |= {name: value for name, value in arguments.items() if value is not None}
    known = {
        name: SETTINGS[name].fitting(value) for name, value in values.items() if name in SETTINGS
    }
    chosen = Settings(**known)  # type: ignore[arg-type] # each value was made to fit its field
    says = recorded(store_directory(chosen, directory, environment))
    fitting = {name: SETTINGS[name].fitting(says[name]) for name in says.keys() - known.keys()}
    return replace(chosen, **fitting)  # type: ignore[arg-type] # as above


def _from_file(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as TOML: {error}") from error
    values = {name.replace("-", "_"): value for name, value in table.items()}
    for name in values.keys() - SETTINGS.keys():
        known = ", ".join(sorted(each.spelling for each in SETTINGS.values()))
        raise UsageError(f"{path}: {name!r} is no setting; there are {known}.")
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    names = {each.variable: each.name for each in SETTINGS.values()}
    return {names[key]: value for key, value in environment.items() if key in names and value}


def environment() -> Mapping[str, str]:
    """The process's environment; nothing else reads it."""
    return os.environ


@final
@dataclass(frozen=True, slots=True)
class ContentFolder:
    """The folder that holds ontology/, data/, queries/ and seeds/.

    `packaged`: it is the one in the wheel, which has no texts of sources.
    """

    path: Path
    packaged: bool


def content_directory(settings: Settings, working: Path) -> ContentFolder | None:
    """The folder to build from: the one that is given, else the checkout that `working` is in, else
    the checkout that the package runs from, else the one in the wheel. None where `content` is
    "none".

    Raises: UsageError where there is no such folder.
    """
    if settings.content == "none":
        return None
    if settings.content is not None:
        return _asked_for(Path(settings.content))
    package = Path(__file__).resolve().parent
    checkout = _checkout(working.resolve()) or _checkout(package)
    if checkout is not None:
        return ContentFolder(checkout, packaged=False)
    return ContentFolder(package / "content", packaged=True)


def language() -> Literal["en", "zh"]:
    """The language of the reader, from the locale in the environment."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def texts_directory(settings: Settings) -> Path | None:
    """The folder of copies of texts that are not shipped; None where none is given.

    Raises: UsageError where it is not a folder.
    """
    if settings.texts is None:
        return None
    folder = Path(settings.texts)
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder of texts.")
    return folder


def _asked_for(path: Path) -> ContentFolder:
    if not (path / "ontology").is_dir():
        raise UsageError(f"{path}: has no folder ontology/, so it is no content to build from.")
    return ContentFolder(path, packaged=False)


def _checkout(inside: Path) -> Path | None:
    """The nearest parent folder that has a content tree beside its pyproject.toml."""
    for folder in (inside, *inside.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "ontology").is_dir():
            return folder
    return None


def store_directory(settings: Settings, working: Path, environment: Mapping[str, str]) -> Path:
    """The folder of the store: the one that is given, else `.spacepolicy/` in a checkout, else
    XDG's.

    Raises: UsageError where the name is empty.
    """
    if settings.store is not None:
        if not settings.store.strip():
            raise UsageError("store names a folder or an endpoint; it is empty.")
        return Path(settings.store)
    checkout = _checkout(working.resolve()) or _checkout(Path(__file__).resolve().parent)
    if checkout is not None:
        return checkout / ".spacepolicy"
    data = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "spacepolicy"
