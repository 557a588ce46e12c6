"""What an operator can set, and where it comes from: command line, environment, file, defaults.

Only the commands read this; everything below is passed what it needs. The engine hands the
environment on to its processes.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Literal, final, get_args
from urllib.parse import urlsplit

from spacepolicy.errors import UsageError
from spacepolicy.federation_policy import origin_of

Mode = Literal["merged", "stored"]
Guard = Literal["refuse", "warn", "off"]
"""What the guard does with a write that breaks a rule of the dataset."""
PREFIX: Final = "SPACEPOLICY_"
FILE: Final = "spacepolicy.toml"


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """One value for each option of `serve`; the other commands read those they share.

    `store` and `content` are None until asked for: see `store_directory` and `content_directory`.
    `texts` is a folder of copies of texts that are not shipped.
    `default_graph` and `content` are what the store says where nothing else is asked for.
    `trusted_proxies` are addresses or networks between commas. `service_origins` are those that
    SERVICE may ask, between commas, and with `service_private` at private addresses too.
    `timeout` is what a query has, `max_timeout` what `?timeout=` may ask for; `write_timeout` is
    what a write has, `import_timeout` what an import has; `max_running` queries
    are evaluated at once, beside those that are quick, and `max_waiting` wait; answers are kept in
    `cache_mib`, 0 for none. The engine's processes hold `memory_budget_mib` together, of 0 three
    quarters of the machine's. `docs/limits.md` says what holds for connections, and why; of
    `max_connections_per_address`, 0 is half of all. The data of the newest `keep_revisions` are
    kept, 0 for all.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    store: str | None = None
    content: str | None = None
    texts: str | None = None
    default_graph: Mode = "merged"
    timeout: float = 30.0
    max_timeout: float = 30.0
    write_timeout: float = 300.0
    import_timeout: float = 3600.0
    max_running: int = 16
    max_waiting: int = 64
    cache_mib: int = 64
    memory_mib: int = 2048
    memory_budget_mib: int = 0
    upload_mib: int = 256
    memory_quads: int = 5_000_000
    max_connections: int = 1024
    max_connections_per_address: int = 0
    head_timeout: float = 10.0
    body_timeout: float = 20.0
    idle_timeout: float = 75.0
    send_timeout: float = 30.0
    min_rate: int = 1024
    public_url: str | None = None
    trusted_proxies: str = ""
    service_origins: str = ""
    service_private: bool = False
    keep_last: bool = False
    read_only: bool = False
    require_token: bool = False
    keep_revisions: int = 100
    guard: Guard = "refuse"


def load(
    arguments: Mapping[str, object],
    environment: Mapping[str, str],
    directory: Path,
    recorded: Callable[[Path], Mapping[str, str]] = lambda _: {},
) -> Settings:
    """The settings in force: arguments over environment over `spacepolicy.toml` over what the store
    says of itself, which `recorded` reads, over defaults.

    Raises: UsageError where a name is unknown or a value does not fit.
    """
    values: dict[str, object] = {}
    values |= _from_file(directory / FILE)
    values |= _from_environment(environment)
    values |= {name: value for name, value in arguments.items() if value is not None}
    names = {field.name for field in fields(Settings)}
    known = {name: _fitting(name, value) for name, value in values.items() if name in names}
    chosen = Settings(**known)  # type: ignore[arg-type] # each value was made to fit its field
    says = recorded(store_directory(chosen, directory, environment))
    fitting = {name: _fitting(name, says[name]) for name in says.keys() - known.keys()}
    return replace(chosen, **fitting)  # type: ignore[arg-type] # as above


def _from_file(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as TOML: {error}") from error
    names = {field.name for field in fields(Settings)}
    values = {name.replace("-", "_"): value for name, value in table.items()}
    for name in values.keys() - names:
        raise UsageError(f"{path}: {name!r} is no setting; there are {', '.join(sorted(names))}.")
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    names = {f"{PREFIX}{field.name.upper()}": field.name for field in fields(Settings)}
    return {names[key]: value for key, value in environment.items() if key in names and value}


NUMBERS: Final[Mapping[str, tuple[type[int] | type[float], float, float]]] = {
    "port": (int, 0, 65535),
    "timeout": (float, 0.01, 86400),
    "max_timeout": (float, 0.01, 86400),
    "write_timeout": (float, 0.01, 86400),
    "import_timeout": (float, 0.01, 604800),
    "memory_mib": (int, 16, 1 << 20),
    "memory_budget_mib": (int, 0, 1 << 24),
    "upload_mib": (int, 1, 1 << 20),
    "memory_quads": (int, 0, 1 << 40),
    "max_running": (int, 1, 10_000),
    "max_waiting": (int, 0, 100_000),
    "cache_mib": (int, 0, 1 << 20),
    "max_connections": (int, 16, 1 << 20),
    "max_connections_per_address": (int, 0, 1 << 20),
    "head_timeout": (float, 0.1, 3600),
    "body_timeout": (float, 0.1, 86400),
    "idle_timeout": (float, 0.1, 86400),
    "send_timeout": (float, 0.5, 86400),
    "min_rate": (int, 1, 1 << 30),
    "keep_revisions": (int, 0, 1 << 40),
}
"""The settings that are numbers, with the least and the most they may be."""


def _fitting(name: str, value: object) -> object:
    if name in NUMBERS:
        return _number(name, value, *NUMBERS[name])
    match name:
        case "default_graph" | "guard":
            choices: tuple[str, ...] = get_args(Mode if name == "default_graph" else Guard)
            if value not in choices:
                shown = " or ".join((", ".join(choices[:-1]), choices[-1]))
                raise UsageError(f"{name.replace('_', '-')} is {shown}, not {value!r}.")
            return value
        case "trusted_proxies" | "service_origins":
            read = networks if name == "trusted_proxies" else origins
            read(str(value))
            return str(value)
        case "public_url":
            return _public_url(str(value))
        case "keep_last" | "read_only" | "require_token" | "service_private":
            return _flag(name, value)
        case _:
            return str(value)


def _number(
    name: str, value: object, kind: type[int] | type[float], low: float, high: float
) -> float:
    try:
        number = kind(str(value))
    except ValueError as error:
        raise UsageError(f"{name} takes a number, not {value!r}.") from error
    if not low <= number <= high:
        raise UsageError(f"{name} lies between {low} and {high}; {value} does not.")
    return number


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of proxies, as addresses or CIDR between commas.

    Raises: UsageError where one is none.

    >>> networks("127.0.0.1, 10.0.0.0/8")
    (IPv4Network('127.0.0.1/32'), IPv4Network('10.0.0.0/8'))
    """
    try:
        return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())
    except ValueError as error:
        raise UsageError(
            f"trusted-proxies takes addresses or networks between commas: {error}."
        ) from error


def origins(text: str) -> frozenset[str]:
    """The origins of services, between commas.

    Raises: UsageError where one is none.

    >>> sorted(origins("https://a.example, http://10.0.0.5:8890"))
    ['http://10.0.0.5:8890', 'https://a.example:443']
    """
    found = set()
    for each in text.split(","):
        if url := each.strip().rstrip("/"):
            origin = origin_of(url)
            if origin is None or urlsplit(url)[2:] != ("", "", ""):
                raise UsageError(
                    f"service-origins takes origins between commas, as https://example.org; "
                    f"{each.strip()!r} is none."
                )
            found.add(origin)
    return frozenset(found)


def _public_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"public-url is an http or https address, not {value!r}.")
    return value


def _flag(name: str, value: object) -> bool:
    match str(value).lower():
        case "true" | "1" | "yes" | "on":
            return True
        case "false" | "0" | "no" | "off":
            return False
        case _:
            raise UsageError(f"{name} is true or false, not {value!r}.")


def environment() -> Mapping[str, str]:
    """The process's environment; the only place that reads it."""
    return os.environ


@final
@dataclass(frozen=True, slots=True)
class ContentFolder:
    """The folder that holds ontology/, data/, queries/ and seeds/.

    `packaged`: it travelled in the wheel, without the sources' texts.
    """

    path: Path
    packaged: bool


def content_directory(settings: Settings, working: Path) -> ContentFolder | None:
    """The files to build from: those asked for, else the checkout one stands in, else the
    checkout the package runs from, else what the wheel brought. None where `content` is "none".

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


def texts_directory(settings: Settings) -> Path | None:
    """The folder of copies of texts that are not shipped; None where there is none.

    Raises: UsageError where it is no folder.
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
    """The nearest folder upwards that holds a content tree beside its pyproject.toml."""
    for folder in (inside, *inside.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "ontology").is_dir():
            return folder
    return None


def store_directory(settings: Settings, working: Path, environment: Mapping[str, str]) -> Path:
    """Where revisions are kept: as asked, else `.spacepolicy/` in a checkout, else XDG's.

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
