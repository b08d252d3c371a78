#!/usr/bin/env bash
# python-mpd2's asyncio client: a server that ends while the client idles is reported twice, once out of reach.
#
# Package: python-mpd2 3.1.1, Python 3.11.
# Expected: an MPD that shuts down closes its connections. Whoever iterates `client.idle(...)` gets ConnectionError, may
#   catch it, and that is all.
# Seen: besides, the done callback that the library put on its own idle command re-raises the same error in the event
#   loop. Nobody can catch it there: it goes to the loop's exception handler, by default into the log as
#   "Exception in callback ...__idle_result", with a traceback. The callback catches CommandError alone.
#   Output: "consumer: ConnectionError" / "loop: ConnectionError in __idle_result".
# Source: mpd/asyncio.py, `__idle_result` (`idle_changes = result.result()`, `except CommandError`) and the end of
#   `__run`: https://github.com/Mic92/python-mpd2/blob/v3.1.1/mpd/asyncio.py
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv >/dev/null
venv/bin/pip install --quiet --disable-pip-version-check python-mpd2==3.1.1
cat >run.py <<'PY'
import asyncio

from mpd.asyncio import MPDClient


async def serve(reader, writer):
    writer.write(b"OK MPD 0.23.5\n")
    while line := await reader.readline():
        if line.startswith(b"idle"):
            await asyncio.sleep(0.1)
            writer.close()  # The daemon is shut down.
            return
        writer.write(b"OK\n")


async def main():
    loop_saw = []

    def note(_, context):
        where = "__idle_result" if "__idle_result" in context["message"] else context["message"]
        loop_saw.append(f"{type(context.get('exception')).__name__} in {where}")

    asyncio.get_running_loop().set_exception_handler(note)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = MPDClient()
    await client.connect("127.0.0.1", server.sockets[0].getsockname()[1])
    try:
        async for _ in client.idle(["player"]):
            pass
    except Exception as error:
        print("consumer:", type(error).__name__)
    await asyncio.sleep(0.1)
    print("loop:", ", ".join(loop_saw) or "nothing")
    server.close()


asyncio.run(main())
PY
venv/bin/python run.py | tee output
diff output - <<'EXPECTED'
consumer: ConnectionError
loop: ConnectionError in __idle_result
EXPECTED
