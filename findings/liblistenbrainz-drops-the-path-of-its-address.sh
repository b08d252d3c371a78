#!/usr/bin/env bash
# liblistenbrainz drops the path of api_base_url: a server below a path is never asked, and the token goes elsewhere.
#
# Package: liblistenbrainz 0.7.0, Python 3.11.
# Expected: `ListenBrainz(api_base_url="https://host/apis/listenbrainz")` asks `/apis/listenbrainz/1/validate-token`, as
#   other clients do with such an address; Maloja's ListenBrainz API lies there.
# Seen: it asks `/1/validate-token` of that host, whatever the path is, with or without a slash at its end, and sends the
#   token to it.
#   Output: "http://127.0.0.1/apis/listenbrainz: asks /1/validate-token", twice, once with a slash at the end.
# Source: liblistenbrainz/client.py, `_get` and `_post`: `urljoin(self.api_base_url, endpoint)` with endpoints that begin
#   with a slash: https://github.com/metabrainz/liblistenbrainz/blob/main/liblistenbrainz/client.py
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv >/dev/null
venv/bin/pip install --quiet --disable-pip-version-check liblistenbrainz==0.7.0
cat >run.py <<'PY'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import liblistenbrainz

asked = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append((self.path, self.headers["Authorization"]))
        body = json.dumps({"code": 200, "message": "Token valid.", "valid": True, "user_name": "elin"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
for path in ("/apis/listenbrainz", "/apis/listenbrainz/"):
    client = liblistenbrainz.ListenBrainz(api_base_url=f"http://127.0.0.1:{server.server_port}{path}")
    client.set_auth_token("a-token")
    print(f"http://127.0.0.1{path}: asks {asked[-1][0]}")
sys.exit(asked != [("/1/validate-token", "Token a-token")] * 2)
PY
venv/bin/python run.py
