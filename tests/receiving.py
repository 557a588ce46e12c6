"""Reading from sockets in tests."""

import socket


def receive(connection: socket.socket, most: int) -> bytes:
    """The next bytes, at most so many; a test that waits for more than comes fails, and does not
    wait for ever."""
    piece = connection.recv(most)
    assert piece, "the connection was closed"
    return piece
