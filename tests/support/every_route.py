"""Start the program with every source and request every route once, with nothing but Python and what is installed."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

SETUP_KEY = "a key for this test, 0123"
INLET_TOKEN = "a-token-for-this-test"

ROUTES = {
    "/": ("/", "/?layout=compact&theme=dark"),
    "/widget": tuple(
        f"/widget?layout={layout}&background={background}&sample=playing"
        for layout in ("card", "compact", "cover", "list", "pill")
        for background in ("art", "card", "none", "vivid", "glass", "2e6f95")
    ),
    "/now": ("/now", "/now?ambient=1&sample=rtl"),
    "/now-playing": ("/now-playing", "/now-playing?sample=ad"),
    "/now-playing/events": ("/now-playing/events",),
    "/now-playing.svg": tuple(
        f"/now-playing.svg?layout={layout}&sample={sample}"
        for layout in ("card", "compact", "cover", "list", "pill")
        for sample in ("playing", "paused", "last", "nothing", "ad", "long", "rtl")
    ),
    "/now-playing.png": ("/now-playing.png?sample=long", "/now-playing.png?size=card&sample=rtl"),
    "/now-playing.txt": ("/now-playing.txt", "/now-playing.txt?format=%7Btitle%7D"),
    "/now-playing.schema.json": ("/now-playing.schema.json",),
    "/api/now-playing": ("/api/now-playing",),
    "/artwork/{key}": (),
    "/listen": ("/listen",),
    "/embed.js": ("/embed.js",),
    "/oembed": (),
    "/setup": (),
    "/healthz": ("/healthz",),
    "/readyz": ("/readyz",),
    "/robots.txt": ("/robots.txt",),
    "/favicon.svg": ("/favicon.svg",),
}
"""The requests for each documented route of the demo; those without one are requested below."""

INLET_ROUTES = {
    "/1/…": ("GET", "/1/validate-token", None),
    "/apis/listenbrainz/1/…": ("GET", "/apis/listenbrainz/1/user/me/listens", None),
    "/inlet": ("POST", "/inlet", {"state": "stopped"}),
    "/inlet/web-scrobbler/{token}": ("POST", f"/inlet/web-scrobbler/{INLET_TOKEN}", {"eventName": "loved"}),
    "/inlet/multi-scrobbler": ("POST", "/inlet/multi-scrobbler", {"type": "connected"}),
}


class _StayHere(HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def request(address: str, *, method: str = "GET", body: object = None, headers: dict[str, str] | None = None) -> bytes:
    """Return the body, of a stream its first 2 KiB. Raise AssertionError for a status of 400 or more."""
    data = None if body is None else json.dumps(body).encode()
    prepared = Request(address, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with build_opener(_StayHere).open(prepared, timeout=10) as response:
            return bytes(response.read1(2048) if address.endswith("/events") else response.read())
    except HTTPError as error:
        with error:
            if error.code >= 400:
                raise AssertionError(f"{method} {address}: {error.code} {error.read(300)!r}") from None
            return b""


@contextmanager
def server(source: str, folder: Path, *options: str) -> Iterator[str]:
    """Yield the address of a server that runs in ``folder``."""
    environ = {**os.environ, "SOURCE": source, "SETUP_KEY": SETUP_KEY, "INLET_TOKEN": INLET_TOKEN}
    command = [sys.executable, "-m", "widget", "--port", "0", *options]
    written = folder / f"{source}.log"
    with written.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if address := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield address[0]
                    break
            else:
                raise AssertionError(
                    f"the server of {source} did not start: {Path(log.name).read_text(encoding='utf-8')}"
                )
        finally:
            process.terminate()
            process.wait(10)
    faults = [line for line in written.read_text(encoding="utf-8").splitlines() if "ERROR" in line]
    assert not faults, faults


def request_every_route(address: str) -> int:
    """Return how many requests were answered."""
    paths = [path for several in ROUTES.values() for path in several]
    paths.append(f"/oembed?url={quote(address + '/widget', safe='')}")
    for path in paths:
        request(address + path)
    body = json.loads(request(address + "/now-playing"))
    item = body["item"] or (body["last_played"] or {}).get("item") or {}
    if item.get("artwork_path"):
        paths.append(item["artwork_path"])
        assert request(address + item["artwork_path"])
    return len(paths)


def main() -> None:
    """Try every source; exit with 1 at the first failure."""
    from widget.model.sources import SOURCES

    with TemporaryDirectory() as folder:
        for source in SOURCES:
            with server(source, Path(folder), "--demo") as address:
                print(f"{source}: {request_every_route(address)} requests answered", flush=True)  # noqa: T201
        with server("spotify", Path(folder)) as address:
            request(address + "/setup")
        with server("inlet", Path(folder)) as address:
            for method, path, body in INLET_ROUTES.values():
                request(address + path, method=method, body=body, headers={"Authorization": f"Token {INLET_TOKEN}"})


if __name__ == "__main__":
    main()
