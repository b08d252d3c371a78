"""The socket that the server listens on, before there is a server."""

from __future__ import annotations

import os
import socket
import sys

from widget.model.errors import ConfigurationError
from widget.server.server import BACKLOG
from widget.server.stdio import echo


def bind_socket(host: str, port: int) -> socket.socket:
    """A socket that listens. Ends the program where the port is taken (exit code 1); raises ConfigurationError where
    ``host`` is no address of this machine."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"HOST cannot be right: {host!r} is no address of this machine") from error
    listener = socket.socket(family, kind, protocol)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(place)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        echo(
            f"Error: cannot listen on {host}, port {port} ({error.strerror}); choose another by --port.", to_stderr=True
        )
        sys.exit(1)
    return listener


def local_url(listener: socket.socket) -> str:
    """The address at which this machine reaches ``listener``, without a slash at the end."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
