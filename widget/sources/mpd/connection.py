"""A connection to an MPD server: commands with a time limit, and changes that it pushes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mpd.asyncio import MPDClient
from mpd.base import CommandError, FailureResponseCode
from mpd.base import ConnectionError as ConnectionLost
from mpd.base import MPDClient as SyncClient

from widget.background import consume_exception
from widget.clock import Clock, wait_for
from widget.model.errors import InvalidCredentials, SourceUnreachable
from widget.sources.mpd.payloads import Reply

REPLY_TIMEOUT_SECONDS = 10.0
MAX_PICTURE_BYTES = 5 * 1024 * 1024
# MPD's default of 8 KiB takes hundreds of round trips for a large cover.
PICTURE_CHUNK_BYTES = 256 * 1024

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class MpdServer:
    """The address of a server.

    ``host`` is a host name, the path of a socket, or ``@`` and the name of an abstract socket.
    """

    host: str
    port: int
    password: str | None = field(repr=False)

    @property
    def page(self) -> None:
        """A daemon has no page."""
        return None


class MpdConnection:
    """One connection; call :meth:`open` first.

    Every method raises SourceUnreachable if the server is lost or quiet for 10 s, and InvalidCredentials if the
    password is wrong or missing.
    """

    def __init__(self, server: MpdServer, clock: Clock, notify: Callable[[], None] = lambda: None) -> None:
        self.server = server
        self.is_lost = False
        self._clock = clock
        self._notify = notify
        self._client = _Client()
        self._watch_task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect and log in."""
        await self._within_limit(self._connect())

    def watch(self) -> None:
        """Call ``notify`` when the player changes, and once when the connection is lost."""
        # Kept, as the event loop holds tasks by weak references only.
        self._watch_task = asyncio.create_task(self._watch())

    async def player(self) -> tuple[Reply, Reply]:
        """Return the replies to ``status`` and ``currentsong``."""
        return await self._within_limit(self._player())

    async def ping(self) -> None:
        """Check that the server still answers."""
        await self._within_limit(self._ping())

    async def picture(self, file: str) -> bytes | None:
        """Return the picture embedded in ``file``, else the one in its folder, up to 5 MB.

        None if there is none.
        """
        return await self._within_limit(self._picture(file))

    def close(self) -> None:
        """Disconnect."""
        self.is_lost = True
        if self._watch_task is not None:
            self._watch_task.cancel()
        self._client.disconnect()

    async def _connect(self) -> None:
        await self._client.connect(self.server.host, self.server.port)
        if self.is_lost:  # Closed meanwhile: the library connects all the same.
            self._client.disconnect()
            raise ConnectionLost
        if self.server.password is not None:
            await self._client.password(self.server.password)

    async def _player(self) -> tuple[Reply, Reply]:
        # Status first: if the song changes in between, the next push corrects both.
        return await self._client.status(), await self._client.currentsong()

    async def _ping(self) -> None:
        await self._client.ping()

    async def _picture(self, file: str) -> bytes | None:
        with suppress(CommandError):  # Servers before MPD 0.22.4 send 8 KiB at a time.
            await self._client.binarylimit(PICTURE_CHUNK_BYTES)
        for command in (self._client.readpicture, self._client.albumart):
            try:
                body = (await command(file)).get("binary")
            except CommandError:
                continue  # No such picture, too large, or a command that this server does not have.
            if body:
                return bytes(body)
        return None

    async def _watch(self) -> None:
        try:
            # Mopidy announces a new title of a radio stream as a change of the playlist.
            async for _ in self._client.idle(["player", "playlist"]):
                self._notify()
        except Exception:
            # The library raises whatever the connection ended with; the next command explains it.
            self.is_lost = True
            self._notify()

    async def _within_limit(self, work: Coroutine[Any, Any, Result]) -> Result:
        try:
            return await wait_for(self._clock, REPLY_TIMEOUT_SECONDS, work)
        except TimeoutError as error:
            self.close()
            raise SourceUnreachable("MPD did not respond in time.") from error
        except CommandError as error:
            self.close()
            raise _error_of(error) from error
        except Exception as error:
            # Sockets, the library and its parser raise different errors: all mean that the server is lost.
            self.close()
            raise SourceUnreachable(f"MPD cannot be reached ({type(error).__name__}).") from error


class _Client(MPDClient):  # type: ignore[misc]  # python-mpd2 has no types
    """The client of python-mpd2 with a limit on the size of a response."""

    IMMEDIATE_COMMAND_TIMEOUT = 0.02  # After a command it is deaf for as long before it waits for changes again.

    async def connect(self, host: str, port: int) -> None:
        """Connect. What the reading task raises when the connection ends under it is no fault of ours."""
        if host.startswith("@"):
            await self._connect_abstract(host)
        else:
            await super().connect(host, port)
        self._MPDClient__run_task.add_done_callback(consume_exception)

    async def _connect_abstract(self, host: str) -> None:
        """Do the same as the library's ``connect``, which uvloop refuses for an abstract socket."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.setblocking(False)
            await asyncio.get_running_loop().sock_connect(connection, f"\0{host[1:]}")
        except BaseException:
            connection.close()
            raise
        reader, self._MPDClient__wfile = await asyncio.open_unix_connection(sock=connection)
        self._MPDClient__rfile = reader
        self._MPDClient__command_queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=self.COMMAND_QUEUE_LENGTH)
        self._MPDClient__idle_consumers: list[Any] = []
        # Without a limit of its own: opening has one.
        SyncClient._hello(self, (await reader.readline()).decode())
        self._MPDClient__run_task = asyncio.create_task(self._MPDClient__run())

    async def _read_binary(self) -> dict[str, Any]:
        reply: dict[str, Any] = await super()._read_binary()
        if int(reply.get("size", 0)) > MAX_PICTURE_BYTES:
            raise CommandError("the picture is too large")
        return reply

    async def _read_chunk(self, length: int) -> bytes:
        # Checked before any of it is read.
        if length > MAX_PICTURE_BYTES:
            raise ConnectionLost("the chunk is too large")
        chunk: bytes = await super()._read_chunk(length)
        return chunk

    def _MPDClient__idle_result(self, result: asyncio.Future[list[str]]) -> None:  # noqa: N802
        """Ignore a lost connection, which the watch task reports; the library would log it as well."""
        error = result.exception()
        if error is None or isinstance(error, CommandError):
            super()._MPDClient__idle_result(result)


def _error_of(error: CommandError) -> SourceUnreachable | InvalidCredentials:
    if error.errno is FailureResponseCode.PASSWORD:
        return InvalidCredentials("MPD rejects the password: correct the one before the @ in MPD_HOST.")
    if error.errno is FailureResponseCode.PERMISSION:
        return InvalidCredentials("MPD asks for a password: set MPD_HOST to password@host.")
    return SourceUnreachable("MPD has a problem; its own log says more.")
