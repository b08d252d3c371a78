"""A simulated MPD server.

It shares no code with the client, else it would agree with its mistakes.

See https://mpd.readthedocs.io/en/latest/protocol.html
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette

from widget.samples.artwork import load_image
from widget.sources.simulators import record
from widget.sources.simulators.playlist import Playlist, SimulatedTrack

PAUSE_AFTER_SECONDS, PAUSE_SECONDS = 10.0, 4.0
"""Each track is paused once: after the first, for the second number of seconds."""

# Within the 250 ms in which a change has to show.
TICK_SECONDS = 0.2
# The default of the real server, so that pictures come in pieces.
CHUNK_BYTES = 8192

_Player = tuple[str, str]


@dataclass(slots=True)
class MpdSimulator:
    """Responds to commands; ``commands`` are those received, without arguments."""

    now: Callable[[], float]
    password: str | None = field(default=None, repr=False)
    playlist: Playlist = field(default_factory=Playlist)
    commands: list[str] = field(default_factory=list, repr=False)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it leaves."""
        writer.write(b"OK MPD 0.23.5\n")
        is_admitted, seen = self.password is None, self._player()
        coming = asyncio.ensure_future(reader.readline())
        try:
            while line := await coming:
                coming = asyncio.ensure_future(reader.readline())
                command, *arguments = _words(line.decode())
                record(self.commands, command)
                if command == "noidle":
                    continue  # It ended an idle, or crossed a change on its way.
                if command == "password":
                    is_admitted = arguments == [self.password]
                    writer.write(b"OK\n" if is_admitted else b"ACK [3@0] {password} incorrect password\n")
                elif not is_admitted:
                    writer.write(f'ACK [4@0] {{{command}}} you don\'t have permission for "{command}"\n'.encode())
                elif command == "idle":
                    while self._player() == seen and not coming.done():
                        await asyncio.wait({coming}, timeout=TICK_SECONDS)
                    writer.write(b"OK\n" if self._player() == seen else b"changed: player\nOK\n")
                    seen = self._player()
                else:
                    writer.write(self._reply(command, arguments))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            coming.cancel()
            writer.close()

    def _reply(self, command: str, arguments: list[str]) -> bytes:
        track, state, elapsed = self._state()
        if command in ("ping", "binarylimit"):
            return b"OK\n"
        if command == "status":
            lines = [f"state: {state}"]
            if state != "stop":
                lines += [f"elapsed: {elapsed:.3f}", f"duration: {track.length:.3f}"]
            return "".join(f"{line}\n" for line in (*lines, "OK")).encode()
        if command == "currentsong":
            tags = [] if state == "stop" else _tags(track)
            return "".join(f"{line}\n" for line in (*tags, "OK")).encode()
        if command == "readpicture":
            image = load_image(f"{arguments[0].partition('/')[0]}-640")
            return b"OK\n" if image is None else _chunk(image, int(arguments[1]))
        return f'ACK [5@0] {{}} unknown command "{command}"\n'.encode()

    def _player(self) -> _Player:
        """Return the values that make an event when they change."""
        track, state, _ = self._state()
        return track.title, state

    def _state(self) -> tuple[SimulatedTrack, str, float]:
        track, began = self.playlist.at(self.now())
        if not track.title:
            return track, "stop", 0.0
        passed = self.now() - began
        paused = min(max(0.0, passed - PAUSE_AFTER_SECONDS), PAUSE_SECONDS)
        return track, "pause" if 0 < paused < PAUSE_SECONDS else "play", passed - paused


def demo_service(now: Callable[[], float]) -> tuple[Starlette, dict[str, str]]:
    """Return an empty application, for nothing goes over HTTP, and the variables of a free port."""
    # The variables must be known before the server runs, so a port is chosen first.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return Starlette(), {"MPD_HOST": "127.0.0.1", "MPD_PORT": str(port)}


@asynccontextmanager
async def running(origin: str | None, values: Mapping[str, str]) -> AsyncIterator[None]:
    """Serve at the address in ``values`` while the context lasts."""
    simulator = MpdSimulator(time.time, playlist=Playlist(begun_at=time.time()))
    server = await asyncio.start_server(simulator.serve, values["MPD_HOST"], int(values["MPD_PORT"]))
    try:
        yield
    finally:
        server.close()


def _words(line: str) -> list[str]:
    """Return a command and its quoted arguments."""
    words = line.strip().split(' "')
    return [words[0], *(word.removesuffix('"').replace('\\"', '"').replace("\\\\", "\\") for word in words[1:])]


def _tags(track: SimulatedTrack) -> list[str]:
    tags = [f"file: {track.drawing or 'none'}/{track.title}.flac", f"Title: {track.title}", f"Album: {track.album}"]
    return [*tags, *(f"Artist: {artist}" for artist in track.artists), f"duration: {track.length:.3f}", "Id: 1"]


def _chunk(image: bytes, offset: int) -> bytes:
    part = image[offset : offset + CHUNK_BYTES]
    return f"size: {len(image)}\ntype: image/jpeg\nbinary: {len(part)}\n".encode() + part + b"\nOK\n"
