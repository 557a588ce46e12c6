"""Options of commands that are settings, generated from their declarations."""

from argparse import ArgumentParser
from typing import Final

from spacepolicy.settings import SETTINGS

STORE: Final = ("store", "content", "default_graph")
"""The settings of a command that opens the store."""


def add_options(parser: ArgumentParser, *names: str) -> None:
    """Add the options of the settings to a command."""
    for name in names:
        add_option(parser, name)


def add_option(parser: ArgumentParser, name: str, meaning: str | None = None) -> None:
    """Add the option of a setting; `meaning` is its help text, where that differs for this
    command."""
    setting = SETTINGS[name]
    help_text = meaning or setting.meaning
    shown = f"{help_text} ({shown_default(name)})" if setting.has_default else help_text
    parser.add_argument(setting.option, default=None, help=shown, **setting.shape.argument())


def shown_default(name: str) -> str:
    """Return the default as a help text shows it: a whole number without its decimal point."""
    default = SETTINGS[name].default
    return f"{default:g}" if isinstance(default, float) else str(default)
