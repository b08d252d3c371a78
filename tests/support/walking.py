"""Walks every face of a program, as visitors and the owner do, and keeps what each of them was told."""

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
class Walk:
    """``heard`` is all that was told, by the path that told it."""

    heard: dict[str, str] = field(default_factory=dict)

    def words(self, *names: str) -> list[tuple[str, str]]:
        """Where one of ``names`` stands: the path, and the words around it."""
        return [
            (path, text[max(0, at - 40) : at + 40])
            for path, text in self.heard.items()
            for name in names
            if (at := text.lower().find(name)) >= 0
        ]


async def walk(app: ASGIApp, client: httpx.AsyncClient) -> Walk:
    """All faces in the state in which ``app`` is now: their headers and bodies, what they load included."""
    told = Walk()
    for path in PATHS:
        address = f"/oembed?url={client.base_url}/widget" if path == "/oembed" else path
        answer = await client.get(address, headers={"Accept": "text/html"})
        told.heard[path] = f"{dict(answer.headers)}\n{_text(path, answer)}"
    for path in sorted(set(_loaded(told.heard.values()))):
        told.heard[path] = (await client.get(path)).text
    told.heard["/now-playing/events"] = await first_event(app)
    return told


def _text(path: str, answer: httpx.Response) -> str:
    """The body; of ``/readyz`` the values alone, for the contract names its keys."""
    return "\n".join(_values(answer.json())) if path == "/readyz" else answer.text


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
    """The head and the first event of the stream."""
    told = ""
    gone = asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal told
        told += b"\n".join(b": ".join(pair) for pair in message.get("headers", ())).decode()
        told += message.get("body", b"").decode()
        if "\n\n" in told and message["type"] == "http.response.body":
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
    return told
