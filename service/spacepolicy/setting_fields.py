"""How a setting is declared: once, as a field with its default, its help, its unit and its range.

The options of the command line, the checks of values, the table of limits in `docs/limits.md` and
the page of settings in the documentation's site are generated from the declaration.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field
from typing import Any, Final, Protocol, TypeVar, final

from spacepolicy.errors import UsageError

PREFIX: Final = "SPACEPOLICY_"
_KEY: Final = "setting"
_METAVARS: Final[Mapping[str, str]] = {
    "": "N",
    "s": "SECONDS",
    "MiB": "MIB",
    "bytes": "BYTES",
    "port": "PORT",
}
"""The placeholder of the value in `--help`, by the unit."""
Value = TypeVar("Value")


class Shape(Protocol):
    """The values that a setting may have."""

    def fitting(self, name: str, value: object) -> object:
        """Convert the value, from its type or from text, to the one that the setting holds.

        Raises: UsageError where the setting takes no such value.
        """

    def argument(self) -> Mapping[str, Any]:
        """Return the keyword arguments of argparse's `add_argument`."""


@final
@dataclass(frozen=True, slots=True)
class NumberShape:
    """A number with its unit, its minimum and its maximum."""

    kind: type[int] | type[float]
    low: float
    high: float
    unit: str

    def fitting(self, name: str, value: object) -> float:
        """Raises: UsageError where it is not a number, or out of range."""
        try:
            number = self.kind(str(value))
        except ValueError as error:
            raise UsageError(f"{name} takes a number, not {value!r}.") from error
        if not self.low <= number <= self.high:
            raise UsageError(f"{name} lies between {self.low} and {self.high}; {value} does not.")
        return number

    def argument(self) -> Mapping[str, Any]:
        """Return its type and its unit as the placeholder."""
        return {"type": self.kind, "metavar": _METAVARS[self.unit]}


@final
@dataclass(frozen=True, slots=True)
class ChoiceShape:
    """One of a few words."""

    words: tuple[str, ...]

    def fitting(self, name: str, value: object) -> str:
        """Raises: UsageError where it is not one of the words."""
        if value not in self.words:
            shown = " or ".join((", ".join(self.words[:-1]), self.words[-1]))
            raise UsageError(f"{name} is {shown}, not {value!r}.")
        return str(value)

    def argument(self) -> Mapping[str, Any]:
        """Return the words."""
        return {"choices": self.words}


@final
@dataclass(frozen=True, slots=True)
class FlagShape:
    """True or false; the option without a value means true."""

    def fitting(self, name: str, value: object) -> bool:
        """Raises: UsageError where it is neither."""
        match str(value).lower():
            case "true" | "1" | "yes" | "on":
                return True
            case "false" | "0" | "no" | "off":
                return False
            case _:
                raise UsageError(f"{name} is true or false, not {value!r}.")

    def argument(self) -> Mapping[str, Any]:
        """Return that the option takes no value."""
        return {"action": "store_true"}


@final
@dataclass(frozen=True, slots=True)
class TextShape:
    """A text; `check` raises UsageError where it does not fit."""

    metavar: str | None
    check: Callable[[str], object]

    def fitting(self, _name: str, value: object) -> str:
        """Raises: UsageError where the check does."""
        self.check(str(value))
        return str(value)

    def argument(self) -> Mapping[str, Any]:
        """Return the placeholder of the value."""
        return {"metavar": self.metavar}


@final
@dataclass(frozen=True, slots=True)
class Limit:
    """The row of a setting in `docs/limits.md`: what is limited, what a client gets, and why.

    `shown` is the default in words, where a number with its unit is not enough.
    """

    what: str
    answer: str
    why: str
    shown: str = ""


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it was declared; `name` is the name of its field."""

    name: str
    default: object
    meaning: str
    shape: Shape
    limit: Limit | None

    @property
    def spelling(self) -> str:
        """Its name in `spacepolicy.toml` and in messages."""
        return self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"{PREFIX}{self.name.upper()}"

    @property
    def option(self) -> str:
        """Its command line option."""
        return f"--{self.spelling}"

    @property
    def has_default(self) -> bool:
        """Whether the default is a value that can be shown."""
        return self.default is not False and self.default not in (None, "")

    @property
    def range(self) -> str:
        """The minimum and maximum of a number; empty for others."""
        match self.shape:
            case NumberShape(low=low, high=high):
                return f"{low:,} to {high:,}"
            case _:
                return ""

    def fitting(self, value: object) -> object:
        """Return the value as `Settings` holds it.

        Raises: UsageError where it does not fit.
        """
        return self.shape.fitting(self.spelling, value)


def number(
    default: Value,
    between: tuple[float, float],
    meaning: str,
    *,
    unit: str = "",
    limit: Limit | None = None,
) -> Value:
    """Declare a number; an integer where its default is one."""
    kind = int if isinstance(default, int) else float
    return _declared(default, meaning, NumberShape(kind, *between, unit), limit)


def choice(default: Value, words: tuple[str, ...], meaning: str) -> Value:
    """Declare a choice of a few words."""
    return _declared(default, meaning, ChoiceShape(words))


def flag(meaning: str) -> bool:
    """Declare a boolean that is false by default."""
    return _declared(False, meaning, FlagShape())


def text(
    default: Value,
    meaning: str,
    *,
    metavar: str | None = None,
    check: Callable[[str], object] = str,
) -> Value:
    """Declare a text, or None by default."""
    return _declared(default, meaning, TextShape(metavar, check))


def _declared(default: Value, meaning: str, shape: Shape, limit: Limit | None = None) -> Value:
    """Return the field, typed as its value, as `dataclasses.field` does."""
    return field(default=default, metadata={_KEY: (meaning, shape, limit)})


def setting_of(declared: "Field[Any]") -> Setting:
    """The setting that a field of `Settings` declares."""
    return Setting(declared.name, declared.default, *declared.metadata[_KEY])
