#!/usr/bin/env bash
# micawber, asked for an embed of some width, also requests a height that nobody asked for.
#
# Package: micawber 0.8.0, Python 3.11.
# Expected: `request(url, maxwidth=300)` sends `maxwidth=300`. oEmbed's `maxwidth` and `maxheight` are optional and independent
#   (https://oembed.com, section 2.2), so a provider of something tall and narrow, such as a list of songs, may answer
#   with the height that it needs.
# Seen: micawber adds `maxheight` as 16/9 of the width. The provider has to keep to it, and cuts or shrinks what is taller,
#   though the page has the room. `maxheight` alone adds no width. There is no setting against it but a maxheight of one's own.
#   Output: "maxwidth=300: maxheight 533, maxwidth 300" / "maxheight=300: maxheight 300" / "neither: nothing".
# Source: https://github.com/coleifer/micawber/blob/0.8.0/micawber/providers.py, `Provider.encode_params`
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv >/dev/null
venv/bin/pip install --quiet --disable-pip-version-check micawber==0.8.0
cat >run.py <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from micawber import Provider, ProviderRegistry


class OEmbed(BaseHTTPRequestHandler):
    def do_GET(self):
        query = sorted(parse_qsl(urlsplit(self.path).query))
        asked = ", ".join(f"{name} {value}" for name, value in query if name.startswith("max"))
        body = json.dumps({"version": "1.0", "type": "rich", "html": "", "width": 300, "height": 620, "title": asked})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), OEmbed)
threading.Thread(target=server.serve_forever, daemon=True).start()
site = f"http://127.0.0.1:{server.server_address[1]}"
providers = ProviderRegistry()
providers.register(f"{site}/widget", Provider(f"{site}/oembed"))
for name, limits in (("maxwidth=300", {"maxwidth": 300}), ("maxheight=300", {"maxheight": 300}), ("neither", {})):
    print(f"{name}: {providers.request(f'{site}/widget', **limits)['title'] or 'nothing'}")
PY
venv/bin/python run.py | tee output
diff output - <<'EXPECTED'
maxwidth=300: maxheight 533, maxwidth 300
maxheight=300: maxheight 300
neither: nothing
EXPECTED
