"""A proxy on 127.0.0.1 that records the targets of requests and refuses them."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class RecordingProxy:
    """``targets`` are the requested ones: ``host:port``, or an address."""

    url: str
    targets: set[str] = field(default_factory=set)


@contextmanager
def recording_proxy() -> Iterator[RecordingProxy]:
    """Run the proxy while the context lasts."""
    targets: set[str] = set()

    class Refusal(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError, IndexError):
                targets.add(self.rfile.readline(4096).split()[1].decode())
                self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusal) as listener:
        listener.daemon_threads = True
        serving = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        serving.start()
        yield RecordingProxy(f"http://127.0.0.1:{listener.server_address[1]}", targets)
        listener.shutdown()
        serving.join()
