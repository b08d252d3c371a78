#!/usr/bin/env bash
# selenium's own Remote and WebKitGTK drivers call a deprecated form of its RemoteConnection, for WebKitGTK alone.
#
# Package: selenium 4.51.0, Python 3.11.
# Expected: Remote(address, options=WebKitGTKOptions()) is the documented use and warns of nothing, as it does with
#   FirefoxOptions and ChromeOptions: with `-W error` and no server it fails to connect (MaxRetryError).
# Seen: DeprecationWarning "setting remote_server_addr in RemoteConnection() is deprecated, set in client_config
#   instead", raised inside selenium before it connects; so no WebKitGTK session starts where warnings are errors.
#   A RemoteConnection made with client_config=ClientConfig(remote_server_addr=…) gets through.
#   Output: "WebKitGTKOptions DeprecationWarning" / "FirefoxOptions MaxRetryError" / "with a ClientConfig MaxRetryError".
# Source: selenium/webdriver/remote/webdriver.py, get_remote_connection(): only the browsers with a RemoteConnection
#   subclass of their own (Chrome, Edge, Firefox, Safari) take the new path.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check selenium==4.51.0
"$folder/venv/bin/python" -W error - <<'PY' | tee "$folder/output"
from selenium.webdriver import FirefoxOptions, Remote, WebKitGTKOptions
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection

NOBODY = "http://127.0.0.1:9"
configured = RemoteConnection(client_config=ClientConfig(remote_server_addr=NOBODY))
for name, server, options in (
    ("WebKitGTKOptions", NOBODY, WebKitGTKOptions()),
    ("FirefoxOptions", NOBODY, FirefoxOptions()),
    ("with a ClientConfig", configured, WebKitGTKOptions()),
):
    try:
        Remote(server, options=options)
    except Exception as error:
        print(name, type(error).__name__)
PY
diff "$folder/output" - <<'EXPECTED'
WebKitGTKOptions DeprecationWarning
FirefoxOptions MaxRetryError
with a ClientConfig MaxRetryError
EXPECTED
