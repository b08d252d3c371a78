#!/usr/bin/env bash
# spotipy's SpotifyOAuth writes the scopes that were requested into the token, whatever Spotify granted.
#
# Package: spotipy 2.26.0, Python 3.11.
# Expected: the `scope` of a token response says what was granted, which may be less than was requested (RFC 6749, section
#   5.1). `token_info["scope"]` is that; and `validate_token`, which compares it with the wanted scopes, asks for a new
#   consent if one is missing.
# Seen: SpotifyPKCE does so. SpotifyOAuth, the flow with a secret, overwrites `scope` with its own setting before it returns
#   and caches the token. The check then always passes, also after a refresh, and the missing scope shows as a 401 or 403
#   at some later request. Output for a grant of user-read-currently-playing alone: "SpotifyOAuth:
#   user-read-currently-playing user-read-recently-played, valid True" / "SpotifyPKCE: user-read-currently-playing, valid False".
# Source: https://github.com/spotipy-dev/spotipy/blob/2.26.0/spotipy/oauth2.py, `_add_custom_values_to_token_info`
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv >/dev/null
venv/bin/pip install --quiet --disable-pip-version-check spotipy==2.26.0
cat >run.py <<'PY'
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyOAuth, SpotifyPKCE

warnings.simplefilter("ignore", DeprecationWarning)
GRANT = b'{"access_token": "A", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "R", "scope": "user-read-currently-playing"}'


class Accounts(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(GRANT)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Accounts)
threading.Thread(target=server.serve_forever, daemon=True).start()
scope = "user-read-currently-playing user-read-recently-played"
redirect_uri = "http://127.0.0.1:9/callback"
for flow in (
    SpotifyOAuth("id", "secret", redirect_uri, scope=scope, cache_handler=MemoryCacheHandler()),
    SpotifyPKCE("id", redirect_uri, scope=scope, cache_handler=MemoryCacheHandler()),
):
    flow.OAUTH_TOKEN_URL = f"http://127.0.0.1:{server.server_address[1]}/api/token"
    flow.get_access_token("code", check_cache=False)
    token = flow.cache_handler.get_cached_token()
    print(f"{type(flow).__name__}: {token['scope']}, valid {flow.validate_token(token) is not None}")
PY
venv/bin/python run.py | tee output
diff output - <<'EXPECTED'
SpotifyOAuth: user-read-currently-playing user-read-recently-played, valid True
SpotifyPKCE: user-read-currently-playing, valid False
EXPECTED
