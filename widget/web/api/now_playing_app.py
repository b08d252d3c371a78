"""``GET /now-playing`` as a raw ASGI application in front of everything else: the one route that everybody polls.

Headers and bytes are made four times a second at most; a request costs a look at the clock and at its own headers.
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
    """The ASGI application for ``/now-playing`` alone."""

    def __init__(
        self, broadcast: Broadcaster, answers: ResponseCache, sampled: Callable[[Sample], CachedResponse]
    ) -> None:
        self._broadcast = broadcast
        self._answers = answers
        self._sampled = sampled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method not in ("GET", "HEAD"):
            await answer_other_methods(scope, send)
            return
        broadcast = self._broadcast
        sample = requested_sample(scope)
        if sample is not None:
            finished = self._sampled(sample)
        elif broadcast.is_fresh:
            broadcast.touch()
            finished = self._answers.get(broadcast.current, scope)
        else:
            finished = self._answers.get(await broadcast.fresh(), scope)
        for name, value in scope["headers"]:
            if name == b"if-none-match" and (
                value in finished.etag_variants or is_not_modified(value.decode("latin-1"), finished.etag)
            ):
                await send(finished.not_modified)
                await send(_EMPTY)
                return
        await send(finished.start)
        await send(finished.body if method == "GET" else _EMPTY)


async def answer_other_methods(scope: Scope, send: Send) -> None:
    """The answer to OPTIONS, and 405 to every other method but GET and HEAD."""
    if scope["method"] == "OPTIONS":
        await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
    else:
        await send({"type": "http.response.start", "status": 405, "headers": [*_PREFLIGHT, (b"content-length", b"0")]})
    await send(_EMPTY)
