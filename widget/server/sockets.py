"""The listening socket, and the numbers of files and connections that the system allows."""

from __future__ import annotations

import os
import socket
import sys
from typing import NamedTuple

from widget.model.errors import ConfigurationError
from widget.server.server import BACKLOG
from widget.server.terminal import standard_terminal

RESERVED_FILES = 64
"""Descriptors for the database, the source, alerts and the loop."""

NON_STREAM_CONNECTIONS = 4096
"""Connections in addition to the streams."""


class Capacity(NamedTuple):
    """The most ``connections`` at a time, and the most ``streams`` among them."""

    connections: int
    streams: int


def raise_nofile_limit() -> int | None:
    """Raise the soft limit of open files to the hard one and return it; None if there is none."""
    if sys.platform == "win32":
        return None
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (hard, 10_240):  # macOS refuses an unlimited soft limit.
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            break
        except (OSError, ValueError):
            continue
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else soft


def capacity_for(max_streams: int, limit: int | None) -> Capacity:
    """Return the capacity with ``limit`` open files; a quarter is reserved for short requests."""
    connections = max_streams + NON_STREAM_CONNECTIONS
    if limit is not None:
        # With eight the owner's pages work under any limit.
        connections = max(8, min(connections, limit - RESERVED_FILES))
    return Capacity(connections, min(max_streams, connections * 3 // 4))


def bind_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket. Exits with 1 if the port is taken.

    Raises ConfigurationError if ``host`` is not an address of this machine.
    """
    try:
        # As bytes, else Python loads its tables of international names for 127.0.0.1 too.
        name = host.encode("ascii") if host.isascii() else host
        family, kind, protocol, _, address = socket.getaddrinfo(
            name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"HOST must be an address of this computer, not {host!r}") from error
    listener = socket.socket(family, kind, protocol)
    if os.name == "posix":
        # Only there: on Windows it would let two programs share the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        standard_terminal().print_error(
            f"cannot listen on {host}, port {port} ({error.strerror}); choose another with --port."
        )
        sys.exit(1)
    return listener


def local_url(listener: socket.socket) -> str:
    """Return the URL at which this machine reaches ``listener``, without a trailing slash."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
