#!/usr/bin/env bash
# sseclient reads below HTTP's chunked encoding, so an event that comes in two chunks loses its second half.
#
# Package: sseclient 0.0.27, requests 2.34.2, Python 3.11.
# Expected: chunks are a matter of the transport. An event that the server, or a proxy with a 4 KiB buffer, sends in two
#   chunks is one event with all of its data.
# Seen: for short reads sseclient takes the bytes from `response.raw._fp.fp`, which is the socket's own file: the chunk sizes
#   are still in there. Between two events they look like fields with an unknown name and are dropped, so all seems well.
#   Within an event the line breaks around the size end the line, and what follows is dropped: JSON is cut off in the middle.
#   Output: "one chunk: Harbour Lights" / "two chunks: {"title": "Harbour" / "sseclient-py, two chunks: Harbour Lights".
# Source: https://github.com/btubbs/sseclient/blob/0.0.27/sseclient.py, `iter_content`
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for name in sseclient==0.0.27 sseclient-py==1.9.0; do
  python3 -m venv "venv-${name%%=*}" >/dev/null
  "venv-${name%%=*}/bin/pip" install --quiet --disable-pip-version-check "$name" requests==2.34.2
done
cat >run.py <<'PY'
import json
import socket
import sys
import threading

import requests
from sseclient import SSEClient

EVENT = b'event: now-playing\ndata: {"title": "Harbour Lights"}\n\n'


def serve(*pieces):
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listener.accept()
        connection.recv(65536)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces))

    threading.Thread(target=answer, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def first_event(url):
    if sys.argv[1] == "sseclient":
        return next(iter(SSEClient(url)))
    return next(SSEClient(requests.get(url, stream=True)).events())


def shown(*pieces):
    data = first_event(serve(*pieces)).data
    try:
        return json.loads(data)["title"]
    except ValueError:
        return data


if sys.argv[1] == "sseclient":
    print("one chunk:", shown(EVENT))
    print("two chunks:", shown(EVENT[:43], EVENT[43:]))
else:
    print("sseclient-py, two chunks:", shown(EVENT[:43], EVENT[43:]))
PY
for name in sseclient sseclient-py; do "venv-$name/bin/python" run.py "$name"; done | tee output
diff output - <<'EXPECTED'
one chunk: Harbour Lights
two chunks: {"title": "Harbour
sseclient-py, two chunks: Harbour Lights
EXPECTED
