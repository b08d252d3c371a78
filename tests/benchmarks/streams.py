"""Two thousand open event streams, beside 1.1.0: what each costs, and when the last viewer sees a player's push.

``STREAMS=10000 python -m tests.benchmarks streams`` tries more.
"""

import json
import os
import selectors
import socket
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType

import httpx
import psutil

from tests.benchmarks.baseline import NAME, benchmark_server, cpu_seconds, trees
from tests.benchmarks.servers import INLET_TOKEN
from tests.benchmarks.table import row

STREAMS = int(os.environ.get("STREAMS", "2000"))
PUSHES = 12
GET = b"GET /now-playing/events HTTP/1.1\r\nHost: x\r\n\r\n"
EVENT = b"event: now-playing"


def _allow_open_files() -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Viewers:
    """Open streams of one server, read with as little work as possible."""

    def __init__(self, port: int, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets: list[socket.socket] = []
        for _ in range(count):
            viewer = socket.create_connection(("127.0.0.1", port))
            viewer.sendall(GET)
            viewer.setblocking(False)
            self._selector.register(viewer, selectors.EVENT_READ)
            self._sockets.append(viewer)
        self.wait_for_event()

    def wait_for_event(self, seconds: float = 60.0) -> float:
        """Return when the last viewer has an event (monotonic s)."""
        waiting, end = set(self._sockets), time.monotonic() + seconds
        while waiting:
            for key, _ in self._selector.select(timeout=1.0):
                viewer = key.fileobj
                if isinstance(viewer, socket.socket) and EVENT in viewer.recv(65_536):
                    waiting.discard(viewer)
            if time.monotonic() > end:
                raise TimeoutError(f"{len(waiting)} viewers saw no event")
        return time.monotonic()

    def __enter__(self) -> "Viewers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._selector.close()
        for viewer in self._sockets:
            viewer.close()


@dataclass
class Measured:
    """Of one version: KiB of a stream, seconds from a push to the last viewer, and the server's CPU seconds of each."""

    port: int
    process: psutil.Process
    viewers: Viewers
    memory: float
    delays: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def push(self, http: httpx.Client) -> None:
        """Push a song as a player does, and time it from before the request."""
        track = {"track_name": f"Song {time.monotonic()}", "artist_name": "Somebody"}
        body = json.dumps({"listen_type": "playing_now", "payload": [{"track_metadata": track}]})
        headers = {"Authorization": f"Token {INLET_TOKEN}"}
        before, begun = cpu_seconds(self.process), time.monotonic()
        url = f"http://127.0.0.1:{self.port}/1/submit-listens"
        http.post(url, content=body, headers=headers, timeout=30).raise_for_status()
        self.delays.append(self.viewers.wait_for_event() - begun)
        time.sleep(0.2)
        self.cpu.append(cpu_seconds(self.process) - before)


def report() -> None:
    """Print memory, time and CPU time as ratios to 1.1.0."""
    _allow_open_files()
    with ExitStack() as stack:
        measured: dict[str, Measured] = {}
        for name, root in stack.enter_context(trees()).items():
            port, process = stack.enter_context(benchmark_server("inlet", root))
            before = process.memory_info().rss
            viewers = stack.enter_context(Viewers(port, STREAMS))
            memory = (process.memory_info().rss - before) / STREAMS / 1024
            measured[name] = Measured(port, process, viewers, memory)
        http = stack.enter_context(httpx.Client())
        for _ in range(PUSHES):  # Side by side: the machine's other work hits both alike.
            for one in measured.values():
                one.push(http)
    old, new = measured[NAME], measured["now"]
    row(f"streams: memory of each of {STREAMS}", f"{new.memory:.1f} KiB", "11 KiB", f"{NAME} {old.memory:.1f} KiB")
    walls = [statistics.median(one.delays) for one in (new, old)]
    beside = f"of {NAME}; {walls[0] * 1000:.0f} ms, {NAME} {walls[1] * 1000:.0f} ms"
    row("streams: from a player's push to the last viewer", f"{walls[0] / walls[1]:.2f}", "0.60", beside)
    costs = [statistics.fmean(one.cpu) for one in (new, old)]
    beside = f"of {NAME}; {costs[0] * 1000:.0f} ms, {NAME} {costs[1] * 1000:.0f} ms"
    row("streams: server CPU of such a push", f"{costs[0] / costs[1]:.2f}", "0.60", beside)
