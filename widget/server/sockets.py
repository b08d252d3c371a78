"""How many files and connections the system lets the program have."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass

from widget.model.errors import ConfigurationError
from widget.server.server import BACKLOG
from widget.server.stdio import echo

RESERVED_FILES = 64
"""Descriptors that are no visitor's: the database, the source, messages, the loop."""

NON_STREAM_CONNECTIONS = 4096
"""Room beside the streams."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many ``connections`` there may be at a time, and how many ``streams`` among them."""

    connections: int
    streams: int


def raise_nofile_limit() -> int | None:
    """Raises the soft limit of open files to the hard one. What it is then; None where there is none."""
    if sys.platform == "win32":
        return None
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (hard, 10_240):  # macOS: a hard limit without an end cannot be had.
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            break
        except (OSError, ValueError):
            continue
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else soft


def capacity_for(most_streams: int, limit: int | None) -> Capacity:
    """The room under ``limit`` open files; at least a quarter of it is kept for who opens no stream."""
    connections = most_streams + NON_STREAM_CONNECTIONS
    if limit is not None:
        # Eight let the owner's own pages work under any limit.
        connections = max(8, min(connections, limit - RESERVED_FILES))
    return Capacity(connections, min(most_streams, connections * 3 // 4))


def bind_socket(host: str, port: int) -> socket.socket:
    """A socket that listens. Ends the program where the port is taken (exit code 1); raises ConfigurationError where
    ``host`` is no address of this machine."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"HOST must be an address of this computer, not {host!r}") from error
    listener = socket.socket(family, kind, protocol)
    if os.name == "posix":
        # Only there: on Windows it would let two programs share the port.
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
