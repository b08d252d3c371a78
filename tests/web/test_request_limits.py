"""Request bodies: limited in size and time, with a declared length or without."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.support.web_harness import WebHarness
from widget.web.app import WebApp
from widget.web.request_limits import MAX_BODY_BYTES
from widget.web.responses import PUBLIC_HEADERS

TOKEN = b"Token needle"


async def _reads(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


def reading() -> WebApp:
    """All faces, and ``/reads`` that reads its body; with a token it may be ten times as long."""
    app = WebApp(
        WebHarness().app.state.context,
        max_body_bytes=lambda scope: MAX_BODY_BYTES * 10 if (b"authorization", TOKEN) in scope["headers"] else None,
    )
    app.router.routes.append(Route("/reads", _reads, methods=["POST"]))
    return app


async def _chunks(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, 1000):
        yield bytes(min(1000, size - start))


async def post(size: int, *, chunked: bool, path: str = "/reads", token: bool = False) -> httpx.Response:
    transport = httpx.ASGITransport(reading(), raise_app_exceptions=False)
    headers = {"authorization": TOKEN.decode()} if token else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://music.example.org") as client:
        return await client.post(path, content=_chunks(size) if chunked else bytes(size), headers=headers)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_ends_at_the_limit(chunked: bool) -> None:
    assert (await post(MAX_BODY_BYTES, chunked=chunked)).text == str(MAX_BODY_BYTES)
    assert (await post(MAX_BODY_BYTES + 1, chunked=chunked)).status_code == 413


@pytest.mark.parametrize("chunked", [False, True])
async def test_the_request_decides_the_limit(chunked: bool) -> None:
    assert (await post(MAX_BODY_BYTES * 10, chunked=chunked, token=True)).status_code == 200
    assert (await post(MAX_BODY_BYTES * 10 + 1, chunked=chunked, token=True)).status_code == 413


@pytest.mark.parametrize("path", ["/", "/now-playing", "/now-playing/events", "/now-playing.svg", "/nowhere", "/setup"])
async def test_a_body_that_says_it_is_too_long_is_refused_everywhere(path: str) -> None:
    refused = await post(MAX_BODY_BYTES + 1, chunked=False, path=path)
    assert refused.status_code == 413
    for name, value in PUBLIC_HEADERS.items():
        if name not in ("Access-Control-Expose-Headers", "Referrer-Policy"):
            assert refused.headers[name] == value
    assert refused.headers["Referrer-Policy"] == "no-referrer"
