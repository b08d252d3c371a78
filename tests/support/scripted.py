"""A transport that answers as scripted, in place of the network, and records the requests."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from urllib.parse import parse_qsl

import httpx

from tests.support.payloads import payload

TOKEN = "/api/token"
NOW = "/v1/me/player/currently-playing"
RECENT = "/v1/me/player/recently-played"
ME = "/v1/me"

Answer = str | httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]
"""The name of a payload, a response, what the network raises, or a function of the request."""


class Scripted(httpx.AsyncBaseTransport):
    """``answer(path, *answers)`` scripts them in their order, the last one for ever; ``requests`` are recorded.

    While ``hold`` is set to an event, requests wait for it, having been counted.
    """

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.hold: asyncio.Event | None = None
        self._answers: dict[str, list[Answer]] = defaultdict(list)

    def answer(self, path: str, *answers: Answer) -> "Scripted":
        self._answers[path] = list(answers)
        return self

    def requested(self, path: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path == path]

    def forms(self) -> list[dict[str, str]]:
        """Return the forms that were sent to the token endpoint."""
        return [dict(parse_qsl(request.content.decode())) for request in self.requested(TOKEN)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.hold is not None:
            await self.hold.wait()
        answers = self._answers[request.url.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            answer = payload(answer)
        return _as_it_comes(answer if isinstance(answer, httpx.Response) else answer(request))


def _as_it_comes(answer: httpx.Response) -> httpx.Response:
    """Return ``answer`` with a body that comes in pieces, as from the network."""
    if not answer.is_stream_consumed:
        return answer
    return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))
