"""What players meet: ListenBrainz's submission API, under ``/1`` and under ``/apis/listenbrainz/1``.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import ceil

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from widget.clock import Clock
from widget.model.errors import StoreError
from widget.sources.inlet.authentication import TokenAuthenticator, TooManyAttempts
from widget.sources.inlet.receiver import SubmissionReceiver
from widget.sources.listenbrainz.submissions import InvalidSubmission, read_object, read_submission

PREFIXES = ("/1", "/apis/listenbrainz/1")
MAX_BODY_BYTES = 10 * 1024 * 1024
NO_LIMIT_BYTES = 2**40
"""Who has no token is told that, however much comes behind it; none of it is read."""

MAX_USER_LENGTH = 64
_PUBLIC = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, X-RateLimit-Reset-In",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cache-Control": "no-store",
}
_PREFLIGHT = {
    **_PUBLIC,
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}

Endpoint = Callable[[Request], Awaitable[Response]]


def max_body_bytes(scope: Scope) -> int | None:
    """How many bytes of a body the routes here limit themselves; None for other routes."""
    path: str = scope["path"]
    return NO_LIMIT_BYTES if path.startswith(tuple(f"{prefix}/" for prefix in PREFIXES)) else None


class InletRoutes:
    """The routes of ``inlet``, whose door ``doorkeeper`` keeps."""

    def __init__(self, inlet: SubmissionReceiver, doorkeeper: TokenAuthenticator, clock: Clock) -> None:
        self._inlet = inlet
        self._doorkeeper = doorkeeper
        self._clock = clock

    @property
    def routes(self) -> list[Route]:
        """All of them, under each of the prefixes."""
        endpoints: tuple[tuple[str, str, Endpoint], ...] = (
            ("/validate-token", "GET", self._validate),
            ("/submit-listens", "POST", self._posted(self._submit)),
            ("/playing-now/delete", "POST", self._posted(self._delete)),
            ("/user/{user}/playing-now", "GET", self._playing_now),
            ("/user/{user}/listen-count", "GET", self._listen_count),
        )
        return [
            Route(
                prefix + path,
                _answering(endpoint),
                methods=["OPTIONS", *(["GET", "HEAD"] if method == "GET" else [method])],
            )
            for prefix in PREFIXES
            for path, method, endpoint in endpoints
        ]

    async def _validate(self, request: Request) -> Response:
        if await self._doorkeeper.authenticate(request.headers.get("authorization")):
            return _json({"code": 200, "message": "Token valid.", "valid": True, "user_name": "listener"})
        return _json({"code": 200, "message": "Token invalid.", "valid": False})

    def _posted(self, taken: Callable[[bytes], Awaitable[None]]) -> Endpoint:
        async def answer(request: Request) -> Response:
            if not await self._doorkeeper.authenticate(request.headers.get("authorization")):
                return _error(401, "Invalid authorization token.")
            seconds = self._doorkeeper.retry_after()
            if seconds > 0:
                return _wait(seconds, "You have exceeded your rate limit.")
            body = await _body(request)
            if body is None:
                return _error(413, "The body is larger than 10 MiB.")
            await taken(body)
            return _json({"status": "ok"})

        return answer

    async def _submit(self, body: bytes) -> None:
        await self._inlet.accept(read_submission(body, self._clock.now()))

    async def _delete(self, body: bytes) -> None:
        if body.strip():
            read_object(body)
        await self._inlet.clear_now_playing()

    async def _playing_now(self, request: Request) -> Response:
        # Some players look here first. Nobody's music is told here, only that there is such a place.
        user = request.path_params["user"][:MAX_USER_LENGTH]
        return _json({"payload": {"count": 0, "listens": [], "playing_now": True, "user_id": user}})

    async def _listen_count(self, request: Request) -> Response:
        return _json({"payload": {"count": 0}})


def _answering(endpoint: Endpoint) -> Endpoint:
    """``endpoint`` with preflights, and with errors in ListenBrainz's shape."""

    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        try:
            return await endpoint(request)
        except InvalidSubmission as error:
            return _error(400, str(error))
        except TooManyAttempts:
            return _wait(2.0, "Too many wrong tokens are being tried.")
        except StoreError:
            return _error(503, "The database cannot be used now; try again in a while.")

    return answer


async def _body(request: Request) -> bytes | None:
    """The whole body; None where it is larger than allowed."""
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared[:16]) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _json(value: object, status: int = 200, **headers: str) -> Response:
    more = {name.replace("_", "-"): text for name, text in headers.items()}
    return JSONResponse(value, status, {**_PUBLIC, **more})


def _error(status: int, words: str, **headers: str) -> Response:
    return _json({"code": status, "error": words}, status, **headers)


def _wait(seconds: float, words: str) -> Response:
    whole = str(max(1, ceil(seconds)))
    return _error(429, words, Retry_After=whole, X_RateLimit_Reset_In=whole)
