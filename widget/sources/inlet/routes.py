"""The HTTP interface for players: ListenBrainz's submission API and three dialects.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from math import ceil
from time import perf_counter
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from widget.clock import Clock
from widget.model.errors import StoreError
from widget.sources.inlet.authentication import RequestLimiter, TokenAuthenticator, TooManyAttempts
from widget.sources.inlet.dialects import PlayerUpdate, read_multi_scrobbler, read_own, read_web_scrobbler
from widget.sources.inlet.receiver import SubmissionReceiver
from widget.sources.listenbrainz.submissions import InvalidSubmission, Submission, read_object, submission_steps

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_UPDATE_BYTES = 256 * 1024
"""Of a body that is decoded at once."""

LARGE_BODY_BYTES = 64 * 1024
"""Of the bodies that are larger than this one is read at a time."""

NO_LIMIT_BYTES = 2**40
"""A request without the token is refused before any of its body is read, however large."""

MAX_USER_LENGTH = 64
PARSE_SLICE_SECONDS = 0.01
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, X-RateLimit-Reset-In",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cache-Control": "no-store",
}
_PREFLIGHT_HEADERS = {
    **_HEADERS,
    "Access-Control-Allow-Methods": "GET, POST, PUT, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}
_LISTENBRAINZ = re.compile(r"(?:/apis/listenbrainz)?(?:/1)+(?P<rest>/.*)?", re.DOTALL)
_WEB_SCROBBLER = "/inlet/web-scrobbler/"

Endpoint = Callable[[Request], Awaitable[Response]]


def max_body_bytes(scope: Scope) -> int | None:
    """Return how many bytes of a body the routes here limit themselves; None for other routes."""
    return None if inlet_path(scope["path"]) is None else NO_LIMIT_BYTES


def inlet_path(path: str) -> str | None:
    """Return the path of a route of the inlet as it should be, or None for another route.

    Clients join addresses carelessly: one slash too many, or ``/1`` twice, is taken.
    """
    path = re.sub("/{2,}", "/", path)
    path = path.rstrip("/") if len(path) > 1 else path
    if (match := _LISTENBRAINZ.fullmatch(path)) is not None:
        return f"/1{match['rest'] or ''}"
    return path if path == "/inlet" or path.startswith("/inlet/") else None


class InletRoute(BaseRoute):
    """All routes of ``receiver``; the token is checked before the rest of a request is read."""

    def __init__(
        self,
        receiver: SubmissionReceiver,
        authenticator: TokenAuthenticator,
        clock: Clock,
        artwork_hosts: frozenset[str],
    ) -> None:
        self._receiver = receiver
        self._authenticator = authenticator
        self._limiter = RequestLimiter(clock)
        self._clock = clock
        self._artwork_hosts = artwork_hosts
        self._large_body = asyncio.Lock()
        own = self._posted(self._own, MAX_UPDATE_BYTES)
        self._web_scrobbler_endpoint = self._posted(self._web_scrobbler, MAX_UPDATE_BYTES)
        self._endpoints: dict[str, dict[str, Endpoint]] = {
            "/1/validate-token": {"GET": self._validate},
            "/1/submit-listens": {"POST": self._posted(self._submit, MAX_BODY_BYTES)},
            "/1/playing-now/delete": {"POST": self._posted(self._delete, MAX_UPDATE_BYTES)},
            "/inlet": {"POST": own, "PUT": own},
            "/inlet/multi-scrobbler": {"POST": self._posted(self._multi_scrobbler, MAX_UPDATE_BYTES)},
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match every path of the inlet, so that unknown ones get an error in ListenBrainz's format."""
        is_ours = scope["type"] == "http" and inlet_path(scope["path"]) is not None
        return (Match.FULL if is_ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that matched."""
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Nothing links here."""
        raise NotImplementedError

    async def _respond(self, request: Request) -> Response:
        methods = self._methods(inlet_path(request.scope["path"]) or "")
        if not methods:
            return _error(404, "Not found.")
        # Before the token: browsers send preflights without it.
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT_HEADERS)
        endpoint = methods.get("GET" if request.method == "HEAD" else request.method)
        if endpoint is None:
            return _error(405, "Method not allowed.", Allow=", ".join([*methods, "OPTIONS"]))
        try:
            return await endpoint(request)
        except InvalidSubmission as error:
            return _error(400, str(error))
        except TooManyAttempts:
            # Two, because each wrong one takes a second.
            return _wait(2.0, "Too many wrong tokens are being tried.")
        except StoreError:
            # Navidrome keeps a listen for later only on 500 and 503.
            return _error(503, "The database is unavailable. Try again later.")

    def _methods(self, path: str) -> dict[str, Endpoint]:
        if path.startswith(_WEB_SCROBBLER):
            return {"POST": self._web_scrobbler_endpoint}
        if (user := re.fullmatch(r"/1/user/[^/]+/(playing-now|listen-count|listens)", path)) is not None:
            return {"GET": _EMPTY[user[1]]}
        return self._endpoints.get(path, {})

    async def _validate(self, request: Request) -> Response:
        if await self._authenticator.authenticate(request.headers.get("authorization")):
            return _json({"code": 200, "message": "Token valid.", "valid": True, "user_name": "listener"})
        return _json({"code": 200, "message": "Token invalid.", "valid": False})

    def _posted(self, take: Callable[[bytes], Awaitable[Response]], max_bytes: int) -> Endpoint:
        """Return an endpoint that checks token and limits before it reads the body for ``take``."""

        async def respond(request: Request) -> Response:
            if not await self._is_authenticated(request):
                return _error(401, "Invalid authorization token.")
            # After the token, so that strangers cannot use up the players' minute.
            if (seconds := self._limiter.retry_after()) > 0:
                return _wait(seconds, "You have exceeded your rate limit.")
            async with AsyncExitStack() as stack:
                body = await self._read(request, max_bytes, stack)
                if body is None:
                    return _error(413, f"The body is larger than {max_bytes // 1024} KiB.")
                return await take(body)

        return respond

    async def _is_authenticated(self, request: Request) -> bool:
        path = request.scope["path"]
        if (inlet_path(path) or "").startswith(_WEB_SCROBBLER):
            # Web Scrobbler sends no header, so its token ends the path.
            token = re.split("/+inlet/+web-scrobbler/+", path, maxsplit=1)[-1].rstrip("/")
            return await self._authenticator.authenticate_token(token)
        return await self._authenticator.authenticate(request.headers.get("authorization"))

    async def _read(self, request: Request, max_bytes: int, stack: AsyncExitStack) -> bytes | None:
        """Return the body, or None if it is too large.

        No other large body is read until ``stack`` ends.
        """
        # Refused before any of it is read, if the client is honest.
        declared = request.headers.get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared[:16]) > max_bytes:
            return None
        body, is_large = bytearray(), False
        async for chunk in request.stream():
            body += chunk
            if len(body) > max_bytes:
                return None
            if len(body) > LARGE_BODY_BYTES and not is_large:
                # Several of 10 MiB at once would exhaust the memory of a small host.
                await stack.enter_async_context(self._large_body)
                is_large = True
        return bytes(body)

    async def _submit(self, body: bytes) -> Response:
        await asyncio.sleep(0)
        return await self._accept(await _in_slices(submission_steps(body, self._clock.now())))

    async def _own(self, body: bytes) -> Response:
        return await self._accept(read_own(body, self._artwork_hosts))

    async def _web_scrobbler(self, body: bytes) -> Response:
        return await self._accept(read_web_scrobbler(body, self._clock.now()))

    async def _multi_scrobbler(self, body: bytes) -> Response:
        return await self._accept(read_multi_scrobbler(body, self._clock.now()))

    async def _accept(self, message: Submission | PlayerUpdate | None) -> Response:
        are_listens = isinstance(message, Submission) and message.listen_type != "playing_now"
        if are_listens and (seconds := self._limiter.retry_after_for_listens()) > 0:
            return _wait(seconds, "Too many listens: the rest of the minute is reserved for playing_now.")
        await self._receiver.accept(message)
        return _json({"status": "ok"})

    async def _delete(self, body: bytes) -> Response:
        client = read_object(body).get("client") if body.strip() else None
        if client is not None and not isinstance(client, str):
            raise InvalidSubmission("client must be text.")
        if not await self._receiver.clear_now_playing(client):
            return _error(404, "This client has announced nothing that plays now.")
        return _json({"status": "ok"})


def _empty_payload(request: Request, **fields: Any) -> Response:
    """Return ListenBrainz's payload without a listen, for players that look before they submit."""
    path = inlet_path(request.scope["path"]) or ""
    return _json({"payload": {"count": 0, **fields, "user_id": path.split("/")[3][:MAX_USER_LENGTH]}})


async def _playing_now(request: Request) -> Response:
    return _empty_payload(request, listens=[], playing_now=True)


# multi-scrobbler asks before each scrobble, and counts all of its queue as dead on a 404.
async def _listens(request: Request) -> Response:
    return _empty_payload(request, listens=[], latest_listen_ts=0, oldest_listen_ts=0)


async def _listen_count(request: Request) -> Response:
    return _json({"payload": {"count": 0}})


_EMPTY: dict[str, Endpoint] = {"playing-now": _playing_now, "listens": _listens, "listen-count": _listen_count}


async def _in_slices(steps: Generator[None, None, Submission]) -> Submission:
    """Return the result of ``steps``, letting other work go on every few milliseconds."""
    began = perf_counter()
    while True:
        try:
            next(steps)
        except StopIteration as done:
            submission: Submission = done.value
            return submission
        if perf_counter() - began > PARSE_SLICE_SECONDS:
            await asyncio.sleep(0)
            began = perf_counter()


def _json(value: object, status: int = 200, **headers: str) -> Response:
    more = {name.replace("_", "-"): text for name, text in headers.items()}
    return JSONResponse(value, status, {**_HEADERS, **more})


def _error(status: int, words: str, **headers: str) -> Response:
    return _json({"code": status, "error": words}, status, **headers)


def _wait(seconds: float, words: str) -> Response:
    whole = str(max(1, ceil(seconds)))
    return _error(429, words, Retry_After=whole, X_RateLimit_Reset_In=whole)
