"""Requests to every route, as from visitors and the owner, with their responses."""

import asyncio
import json
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, get_args

import httpx
from starlette.types import ASGIApp

from widget.samples.snapshots import Sample
from widget.web.embed.options import Layout

LAYOUTS: tuple[str, ...] = get_args(Layout)
SAMPLES: tuple[str, ...] = get_args(Sample)
PATHS = (
    *(f"/?layout={layout}" for layout in LAYOUTS),
    *(f"/widget?layout={layout}&lang={lang}" for layout in LAYOUTS for lang in ("en", "ar")),
    *(f"/widget?idle={idle}" for idle in ("message", "hide")),
    *(f"/widget?layout=list&sample={sample}" for sample in SAMPLES),
    *(f"/now-playing.svg?layout={layout}" for layout in LAYOUTS),
    "/now-playing.svg?idle=message",
    "/now-playing",
    "/api/now-playing",
    "/embed.js",
    "/oembed",
    "/listen",
    "/readyz",
    "/healthz",
    "/setup",
    "/setup/callback?code=x&state=y",
    "/nothing",
    "/artwork/none",
)


@dataclass
class Crawl:
    """``responses`` are the texts of all responses, by path."""

    responses: dict[str, str] = field(default_factory=dict)

    def words(self, *names: str) -> list[tuple[str, str]]:
        """Return each occurrence of one of ``names``: the path, and the words around it."""
        return [
            (path, text[max(0, at - 40) : at + 40])
            for path, text in self.responses.items()
            for name in names
            if (at := text.lower().find(name)) >= 0
        ]


async def crawl(app: ASGIApp, client: httpx.AsyncClient) -> Crawl:
    """Return the headers and bodies of all routes in the present state, and the static files that they load."""
    found = Crawl()
    for path in PATHS:
        address = f"/oembed?url={client.base_url}/widget" if path == "/oembed" else path
        response = await client.get(address, headers={"Accept": "text/html"})
        found.responses[path] = f"{dict(response.headers)}\n{_text(path, response)}"
    for path in sorted(set(_loaded(found.responses.values()))):
        found.responses[path] = (await client.get(path)).text
    found.responses["/now-playing/events"] = await first_event(app)
    return found


def _text(path: str, response: httpx.Response) -> str:
    """Return the body; of ``/readyz`` the values alone, because the contract names its keys."""
    return "\n".join(_values(response.json())) if path == "/readyz" else response.text


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from chain.from_iterable(map(_values, value.values()))
    else:
        yield json.dumps(value)


def _loaded(texts: Any) -> Iterator[str]:
    for text in texts:
        for part in text.split('"'):
            if part.lstrip("/").startswith("static/"):
                yield "/" + part.lstrip("/")


async def first_event(app: ASGIApp) -> str:
    """Return the head and the first event of the stream."""
    received = ""
    gone = asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal received
        received += b"\n".join(b": ".join(pair) for pair in message.get("headers", ())).decode()
        received += message.get("body", b"").decode()
        if "\n\n" in received and message["type"] == "http.response.body":
            gone.set()

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/now-playing/events",
        "raw_path": b"/now-playing/events",
        "query_string": b"",
        "headers": [],
        "app": app,
    }
    async with asyncio.timeout(10):
        await app(scope, receive, send)
    return received
