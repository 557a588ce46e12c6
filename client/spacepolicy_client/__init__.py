"""A client of SPARQL endpoints: rows, data frames and graphs.

    >>> from spacepolicy_client import IRI, Client
    >>> client = Client("http://127.0.0.1:8000")
    >>> client.endpoint
    'http://127.0.0.1:8000/sparql'

No request is sent before its answer is used. Optional libraries are imported when they are needed;
without one, the error says how to install it.
"""

from spacepolicy_client.client import Client
from spacepolicy_client.errors import (
    BrokenTransferError,
    BusyError,
    ClientError,
    MissingLibraryError,
    QuerySyntaxError,
    ServiceError,
)
from spacepolicy_client.magics import load_ipython_extension
from spacepolicy_client.saved_queries import SavedQueries, SavedQuery
from spacepolicy_client.selection import Selection
from spacepolicy_client.terms import IRI, BlankNode, Literal

__all__ = [
    "IRI",
    "BlankNode",
    "BrokenTransferError",
    "BusyError",
    "Client",
    "ClientError",
    "Literal",
    "MissingLibraryError",
    "QuerySyntaxError",
    "SavedQueries",
    "SavedQuery",
    "Selection",
    "ServiceError",
    "load_ipython_extension",
]
__version__ = "0.1.0"
