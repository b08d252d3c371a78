#!/usr/bin/env bash
# uvloop cannot connect to an abstract Unix socket by its address; asyncio's own loop can.
#
# Package: uvloop 0.23.0, Python 3.11, Linux.
# Expected: uvloop is a "drop-in replacement of the built-in asyncio event loop". asyncio.open_unix_connection() takes the address
#   of an abstract socket, which begins with a NUL character, as Python's socket module documents it (AF_UNIX). A library that
#   does so (python-mpd2, whose "@name" names such a socket) should work on both loops.
# Seen: on uvloop it raises OSError "Invalid argument", although loop.sock_connect() to the same address works, as does
#   open_unix_connection() with the socket that this connected.
#   Output: "asyncio: connected" / "uvloop: OSError 22" / "uvloop, sock=: connected".
# Source: uvloop/handles/pipe.pyx, `UnixTransport.connect`, hands the address to libuv's uv_pipe_connect(), for which it ends at
#   the first NUL: https://github.com/MagicStack/uvloop/blob/v0.23.0/uvloop/handles/pipe.pyx
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv >/dev/null
venv/bin/pip install --quiet --disable-pip-version-check uvloop==0.23.0
cat >run.py <<'PY'
import asyncio
import os
import socket

import uvloop

ADDRESS = f"\0uvloop-finding-{os.getpid()}"
listener = socket.socket(socket.AF_UNIX)
listener.bind(ADDRESS)
listener.listen()


async def by_address() -> str:
    try:
        _, writer = await asyncio.open_unix_connection(ADDRESS)
    except OSError as error:
        return f"{type(error).__name__} {error.errno}"
    writer.close()
    return "connected"


async def by_socket() -> str:
    connection = socket.socket(socket.AF_UNIX)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ADDRESS)
    _, writer = await asyncio.open_unix_connection(sock=connection)
    writer.close()
    return "connected"


seen = asyncio.run(by_address()), uvloop.run(by_address()), uvloop.run(by_socket())
print("asyncio: {}\nuvloop: {}\nuvloop, sock=: {}".format(*seen))
assert seen == ("connected", "OSError 22", "connected"), "the behaviour has changed"
PY
venv/bin/python run.py
