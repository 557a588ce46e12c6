"""Options of commands that are settings, made from how the settings are declared."""

from argparse import ArgumentParser
from typing import Final

from spacepolicy.settings import SETTINGS

STORE: Final = ("store", "content", "default_graph")
"""What a command that opens the store may be asked for."""


def add_options(parser: ArgumentParser, *names: str) -> None:
    """Add the options of the settings to a command."""
    for name in names:
        add_option(parser, name)


def add_option(parser: ArgumentParser, name: str, meaning: str | None = None) -> None:
    """Add the option of a setting; `meaning` is what it
    means for this command, where that differs."""
    setting = SETTINGS[name]
    said = meaning or setting.meaning
    shown = f"{said} ({shown_default(name)})" if setting.has_default else said
    parser.add_argument(setting.option, default=None, help=shown, **setting.shape.argument())


def shown_default(name: str) -> str:
    """Return the default as a help text has it: a number without a fraction that is none."""
    default = SETTINGS[name].default
    return f"{default:g}" if isinstance(default, float) else str(default)
