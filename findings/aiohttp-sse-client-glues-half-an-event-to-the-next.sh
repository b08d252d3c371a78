#!/usr/bin/env bash
# aiohttp-sse-client glues the half event of a stream that broke off to the first event of the next stream.
#
# Package: aiohttp-sse-client 0.2.1 with aiohttp 3.14.5, httpx-sse 0.4.3 beside it, Python 3.11.
# Expected: "Once the end of the file is reached, any pending data must be discarded" (HTML standard, 9.2.6). After a
#   reconnection the first event is whole: for a now-playing stream it is the present state.
# Seen: the buffers of data, name and ID outlive the connection, and the line that was cut counts as a line. After a proxy
#   or server ended in the middle of an event, the first event of the new stream has the old half before it, and its JSON cannot
#   be read: the viewer misses the present state just then. Its descendant requests-sse empties the buffers.
#   Output: "httpx-sse: nothing" / "aiohttp-sse-client: {"title": "Harb|{"title": "Second Platform"}".
# Source: https://github.com/rtfol/aiohttp-sse-client/blob/v0.2.1/aiohttp_sse_client/client.py, `__anext__`;
#   https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv >/dev/null
venv/bin/pip install --quiet --disable-pip-version-check aiohttp-sse-client==0.2.1 aiohttp==3.14.5 httpx==0.28.1 httpx-sse==0.4.3
cat >run.py <<'PY'
import asyncio
from datetime import timedelta

import httpx
from aiohttp_sse_client.client import EventSource
from httpx_sse import aconnect_sse

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
STREAMS = [b'data: {"title": "Harb', b'data: {"title": "Second Platform"}\n\n']


async def serve():
    streams = iter(STREAMS)

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + next(streams))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def main():
    async with httpx.AsyncClient(trust_env=False) as client, aconnect_sse(client, "GET", await serve()) as source:
        print("httpx-sse:", [event.data async for event in source.aiter_sse()] or "nothing")
    async with EventSource(await serve(), reconnection_time=timedelta(seconds=0.1)) as source:
        async for event in source:
            print("aiohttp-sse-client:", event.data.replace("\n", "|"))
            break


asyncio.run(main())
PY
venv/bin/python -W ignore run.py | tee output
diff output - <<'EXPECTED'
httpx-sse: nothing
aiohttp-sse-client: {"title": "Harb|{"title": "Second Platform"}
EXPECTED
