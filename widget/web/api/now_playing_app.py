"""``GET /now-playing`` as a raw ASGI application in front of all other routes.

Headers and body are built at most four times a second; a request costs a look at the clock and at its own headers.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from widget.now_playing.broadcaster import Broadcaster
from widget.samples.snapshots import Sample
from widget.web.api.flat import requested_sample
from widget.web.api.response_cache import CachedResponse, ResponseCache, raw_headers
from widget.web.responses import PREFLIGHT_HEADERS, is_not_modified

PATH = "/now-playing"

_PREFLIGHT = raw_headers(PREFLIGHT_HEADERS)
_EMPTY = {"type": "http.response.body", "body": b""}


class NowPlayingApp:
    """The ASGI application of ``/now-playing``."""

    def __init__(
        self, broadcaster: Broadcaster, responses: ResponseCache, sample_response: Callable[[Sample], CachedResponse]
    ) -> None:
        self._broadcaster = broadcaster
        self._responses = responses
        self._sample_response = sample_response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method not in ("GET", "HEAD"):
            await answer_other_methods(scope, send)
            return
        broadcaster = self._broadcaster
        sample = requested_sample(scope) if scope["query_string"] else None
        if sample is not None:
            response = self._sample_response(sample)
        elif broadcaster.is_fresh:
            broadcaster.touch()
            response = self._responses.get(broadcaster.current, scope)
        else:
            response = self._responses.get(await broadcaster.fresh(), scope)
        for name, value in scope["headers"]:
            if name == b"if-none-match" and (
                # Membership first: it spares the parsing of the browsers' own lists.
                value in response.etag_variants or is_not_modified(value.decode("latin-1"), response.etag)
            ):
                await send(response.not_modified)
                await send(_EMPTY)
                return
        await send(response.start)
        await send(response.body if method == "GET" else _EMPTY)


async def answer_other_methods(scope: Scope, send: Send) -> None:
    """Send 204 for OPTIONS and 405 for every other method but GET and HEAD."""
    if scope["method"] == "OPTIONS":
        await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
    else:
        await send({"type": "http.response.start", "status": 405, "headers": [*_PREFLIGHT, (b"content-length", b"0")]})
    await send(_EMPTY)
