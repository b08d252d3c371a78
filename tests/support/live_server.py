"""The real server on 127.0.0.1 for an ASGI app, in a thread of the test's own process."""

import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.json_schema import ValidatingApp
from widget.server.connections import ConnectionLimits
from widget.server.server import Server

LIMITS = ConnectionLimits(connections=10_000)
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""``verify`` of requests without TLS: HTTPX would load the system's certificates for each, which takes 30 ms."""

# Below the ports that systems give out: another test could be given one of those between its choice and its use.
FIRST_PORT, LAST_PORT = 15_000, 32_000


@contextmanager
def live_server(
    app: Any, host: str = "127.0.0.1", port: int = 0, *, limits: ConnectionLimits = LIMITS, h11: bool = False
) -> Iterator[str]:
    """Serve ``app`` while the context lasts, and yield its base URL (``http://127.0.0.1:PORT``)."""
    listener = socket.create_server((host, port))
    server = Server(
        ValidatingApp(app),
        limits=limits,
        end_streams=getattr(app, "close_streams", lambda: None),
        lifespan="auto",
        h11=h11,
        freezes_objects=False,  # Those of the tests are many.
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.stop()
        thread.join(timeout=10)
        listener.close()


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that is free now, and that no connection or ``bind`` to port 0 is given later."""
    while True:
        port = FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue  # Taken: another one.
        return port
