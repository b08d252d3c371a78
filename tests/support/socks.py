"""A SOCKS 5 proxy on 127.0.0.1 (RFC 1928), enough of it for a client that connects to IPv4 addresses and names."""

import asyncio
import socket
import struct
from contextlib import suppress
from types import TracebackType

VERSION = 5
IPV4, NAME = 1, 3


class SocksProxy:
    """Listens on ``port`` while the context lasts; ``connections`` counts those it made."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0

    async def __aenter__(self) -> "SocksProxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            methods = (await reader.readexactly(2))[1]
            await reader.readexactly(methods)
            writer.write(bytes([VERSION, 0]))
            *_, kind = await reader.readexactly(4)
            host = await self._host(reader, kind)
            (port,) = struct.unpack("!H", await reader.readexactly(2))
            there, back = await asyncio.open_connection(host, port)
            self.connections += 1
            writer.write(bytes([VERSION, 0, 0, IPV4, 0, 0, 0, 0, 0, 0]))
            await asyncio.gather(_pipe(reader, back), _pipe(there, writer))

    async def _host(self, reader: asyncio.StreamReader, kind: int) -> str:
        if kind == IPV4:
            return socket.inet_ntoa(await reader.readexactly(4))
        length = (await reader.readexactly(1))[0]
        return (await reader.readexactly(length)).decode()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
