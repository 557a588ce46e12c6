"""`%%sparql` in notebooks: the result of a query as a table, and a chart.

    %load_ext spacepolicy_client
    %%sparql --url http://127.0.0.1:8000 --chart heading measures --to selection
    SELECT …

The address is remembered. `--to NAME` assigns the selection to a variable.
"""

import argparse
import shlex
from typing import Any, Final, final

from spacepolicy_client.client import Client
from spacepolicy_client.errors import ClientError
from spacepolicy_client.selection import Selection

_ADDRESS: Final = "http://127.0.0.1:8000"


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise ClientError(f"%%sparql: {message}")


def _parser() -> argparse.ArgumentParser:
    parser = _Arguments(prog="%%sparql", add_help=False)
    parser.add_argument("--url")
    parser.add_argument("--revision", type=int)
    parser.add_argument("--to", metavar="NAME")
    parser.add_argument("--chart", nargs=2, metavar=("X", "Y"))
    return parser


@final
class SparqlMagic:
    """The magic of a shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._url = _ADDRESS

    def __call__(self, line: str, cell: str) -> Selection:
        """Run the cell's query; the selection displays itself as a table.

        Raises: ClientError.
        """
        given = _parser().parse_args(shlex.split(line))
        self._url = given.url or self._url
        selection = Client(self._url, revision=given.revision).select(cell)
        selection.rows()
        if given.to:
            self._shell.user_ns[given.to] = selection
        if given.chart:
            svg = selection.chart(*given.chart).svg()
            self._shell.display_pub.publish({"image/svg+xml": svg, "text/plain": "a chart of bars"})
        return selection


def load_ipython_extension(shell: Any) -> None:
    """Register `%%sparql` in the shell (`%load_ext spacepolicy_client`)."""
    shell.register_magic_function(SparqlMagic(shell), "cell", "sparql")
