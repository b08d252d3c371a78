"""A simulated Spotify as one ASGI app: accounts service, consent page, Web API and images.

It enforces Spotify's rules, and shares no code with the client, else it would agree with its mistakes.
See https://developer.spotify.com/documentation/web-api/tutorials/code-pkce-flow
"""

from __future__ import annotations

import asyncio
import base64
import calendar
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from widget.samples.artwork import load_image
from widget.sources.simulators import record
from widget.sources.simulators.spotify_playlist import SpotifyPlaylist

CODE_SECONDS = 600.0
CONSENT = (Path(__file__).parent / "consent.html").read_text(encoding="utf-8")

Now = Callable[[], float]


@dataclass(slots=True)
class RegisteredApp:
    """An app in the dashboard; redirect URIs must match exactly."""

    client_id: str
    client_secret: str
    redirect_uris: set[str]


@dataclass(slots=True)
class Grant:
    """The scopes that the user (id and name) granted, and when (s since the epoch)."""

    client_id: str
    scopes: tuple[str, ...]
    authorized_at: float
    user: tuple[str, str]


@dataclass(slots=True)
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str | None
    issued_at: float


@dataclass(slots=True)
class _Access:
    grant: Grant
    ends_at: float


@dataclass(slots=True)
class SpotifySimulator:
    """The service and its switches.

    Change the public attributes while it runs; ``requests`` are the paths requested.

    ``rotates``: each refresh issues a new refresh token and revokes the old one. ``access_seconds`` is the lifetime of
    access tokens. ``answers`` maps a path to a response instead of the real one. ``issued`` holds every code and token.
    """

    now: Now
    app_settings: RegisteredApp
    playlist: SpotifyPlaylist = field(default_factory=SpotifyPlaylist)
    user_id: str = "nilas.listener"
    user_name: str = "Nilas Listener"
    has_premium: bool = True
    is_listed: bool = True
    rotates: bool = False
    access_seconds: float = 3600.0
    withheld_scopes: set[str] = field(default_factory=set)
    answers: dict[str, Callable[[], Response]] = field(default_factory=dict)
    delay: float = 0.0
    requests: list[str] = field(default_factory=list)
    issued: list[str] = field(default_factory=list, repr=False)
    refresh_tokens: dict[str, Grant] = field(default_factory=dict)
    access_tokens: dict[str, _Access] = field(default_factory=dict, repr=False)
    _codes: dict[str, _Code] = field(default_factory=dict, repr=False)

    @property
    def app(self) -> Starlette:
        """The ASGI application, mounted on Spotify's own hosts or served by itself."""
        routes = {
            "/authorize": (self._authorize, ["GET"]),
            "/authorize/decide": (self._decide, ["POST"]),
            "/api/token": (self._token, ["POST"]),
            "/v1/me": (self._me, ["GET"]),
            "/v1/me/player/currently-playing": (self._currently_playing, ["GET"]),
            "/v1/me/player/recently-played": (self._recently_played, ["GET"]),
            "/image/{name}": (self._image, ["GET"]),
        }
        return Starlette(
            routes=[
                Route(path, self._recorded(endpoint), methods=methods) for path, (endpoint, methods) in routes.items()
            ]
        )

    def grant(self, scopes: tuple[str, ...], authorized_at: float | None = None) -> str:
        """Return a refresh token, as if ``scopes`` were granted at ``authorized_at`` (default: now)."""
        at = self.now() if authorized_at is None else authorized_at
        return self._new_refresh_token(Grant(self.app_settings.client_id, scopes, at, self._user))

    @property
    def _user(self) -> tuple[str, str]:
        return self.user_id, self.user_name

    def revoke_everything(self) -> None:
        """Revoke all tokens, as if the user had removed the app."""
        self.refresh_tokens.clear()
        self.access_tokens.clear()

    def _recorded(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            record(self.requests, request.url.path)
            if self.delay:
                await asyncio.sleep(self.delay)
            scripted = self.answers.get(request.url.path)
            return await endpoint(request) if scripted is None else scripted()

        return answer

    # The accounts service.

    async def _authorize(self, request: Request) -> Response:
        query = request.query_params
        if (error := self._page_error(query)) is not None:
            return PlainTextResponse(error, 400)
        page = CONSENT.replace("{user}", escape(self.user_name)).replace("{query}", escape(request.url.query))
        scopes = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in query.get("scope", "").split())
        return HTMLResponse(page.replace("{scopes}", scopes), headers={"Cache-Control": "no-store"})

    def _page_error(self, query: Mapping[str, str]) -> str | None:
        """Return the error on Spotify's own page, after which no callback comes."""
        if query.get("client_id") != self.app_settings.client_id:
            return "INVALID_CLIENT: Invalid client"
        redirect_uri = query.get("redirect_uri", "")
        if redirect_uri.startswith("http://localhost"):
            return "INVALID_CLIENT: Insecure redirect URI"
        if redirect_uri not in self.app_settings.redirect_uris:
            return "INVALID_CLIENT: Invalid redirect URI"
        if query.get("response_type") != "code":
            return "response_type must be code"
        if "code_challenge" in query and query.get("code_challenge_method") != "S256":
            return "code_challenge_method must be S256"
        return None

    async def _decide(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        # Checked once more: the form comes from the browser.
        query = dict(parse_qsl(form.get("query", "")))
        if (error := self._page_error(query)) is not None:
            return PlainTextResponse(error, 400)
        answer = {"state": query["state"]} if "state" in query else {}
        if form.get("decision") == "agree":
            answer = {"code": self._new_code(query), **answer}
        else:
            answer = {"error": "access_denied", **answer}
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(answer)}", 303)

    def _new_code(self, query: Mapping[str, str]) -> str:
        scopes = tuple(scope for scope in query.get("scope", "").split() if scope not in self.withheld_scopes)
        grant = Grant(query["client_id"], scopes, self.now(), self._user)
        code = self._issue("AQ", 48)
        self._codes[code] = _Code(grant, query["redirect_uri"], query.get("code_challenge"), self.now())
        return code

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        if (refusal := self._client_refusal(request, form)) is not None:
            return refusal
        if form.get("grant_type") == "authorization_code":
            return self._exchange(form)
        if form.get("grant_type") == "refresh_token":
            return self._refresh(form)
        return JSONResponse({"error": "unsupported_grant_type", "error_description": "grant_type is missing"}, 400)

    def _client_refusal(self, request: Request, form: Mapping[str, str]) -> Response | None:
        app, header = self.app_settings, request.headers.get("authorization", "")
        if not header:
            # A client without a secret sends its ID, and proves itself by the verifier.
            known = form.get("client_id") == app.client_id
            return None if known else _token_error("invalid_client", "Invalid client")
        client_id, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        if client_id != app.client_id:
            return _token_error("invalid_client", "Invalid client")
        return None if secret == app.client_secret else _token_error("invalid_client", "Invalid client secret")

    def _exchange(self, form: Mapping[str, str]) -> Response:
        # Popped, as a code works once, even if the rest of the request is wrong.
        code = self._codes.pop(form.get("code", ""), None)
        if code is None:
            return _token_error("invalid_grant", "Invalid authorization code")
        if self.now() - code.issued_at > CODE_SECONDS:
            return _token_error("invalid_grant", "Authorization code expired")
        if form.get("redirect_uri") != code.redirect_uri:
            return _token_error("invalid_grant", "Invalid redirect URI")
        if code.challenge is not None and _challenge(form.get("code_verifier", "")) != code.challenge:
            return _token_error("invalid_grant", "code_verifier was incorrect")
        return self._tokens(code.grant, self._new_refresh_token(code.grant))

    def _refresh(self, form: Mapping[str, str]) -> Response:
        refresh_token = form.get("refresh_token", "")
        grant = self.refresh_tokens.get(refresh_token)
        if grant is None:
            return _token_error("invalid_grant", "Refresh token revoked")
        if self.now() >= _six_months_after(grant.authorized_at):
            del self.refresh_tokens[refresh_token]
            return _token_error("invalid_grant", "Refresh token expired")
        if not self.rotates:
            return self._tokens(grant, None)
        del self.refresh_tokens[refresh_token]
        return self._tokens(grant, self._new_refresh_token(grant))

    def _tokens(self, grant: Grant, refresh_token: str | None) -> Response:
        access_token = self._issue("BQ", 48)
        self.access_tokens[access_token] = _Access(grant, self.now() + self.access_seconds)
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "scope": " ".join(grant.scopes),
            "expires_in": int(self.access_seconds),
        }
        return JSONResponse(answer if refresh_token is None else {**answer, "refresh_token": refresh_token})

    def _new_refresh_token(self, grant: Grant) -> str:
        refresh_token = self._issue("AQ", 64)
        self.refresh_tokens[refresh_token] = grant
        return refresh_token

    def _issue(self, prefix: str, entropy_bytes: int) -> str:
        self.issued.append(prefix + secrets.token_urlsafe(entropy_bytes))
        return self.issued[-1]

    # The Web API.

    async def _me(self, request: Request) -> Response:
        if (refusal := self._refusal(request, None)) is not None:
            return refusal
        user_id, name = self.access_tokens[_bearer(request)].grant.user
        return JSONResponse({"id": user_id, "account_id": user_id, "display_name": name, "type": "user", "images": []})

    async def _currently_playing(self, request: Request) -> Response:
        if (refusal := self._refusal(request, "user-read-currently-playing")) is not None:
            return refusal
        episodes = "episode" in request.query_params.get("additional_types", "").split(",")
        body = self.playlist.currently_playing(self.now(), episodes=episodes)
        return Response(status_code=204) if body is None else JSONResponse(body)

    async def _recently_played(self, request: Request) -> Response:
        if (refusal := self._refusal(request, "user-read-recently-played")) is not None:
            return refusal
        return JSONResponse(self.playlist.recently_played(self.now(), int(request.query_params.get("limit", "20"))))

    def _refusal(self, request: Request, scope: str | None) -> Response | None:
        access = self.access_tokens.get(_bearer(request))
        if access is None or self.now() >= access.ends_at:
            return _error(401, "The access token expired" if access else "Invalid access token")
        # After the token, as at Spotify: both refusals show only at the first call.
        if not self.has_premium:
            return PlainTextResponse("Active premium subscription required for the owner of the app.", 403)
        if not self.is_listed:
            return PlainTextResponse(
                "User not registered in the Developer Dashboard: https://developer.spotify.com/dashboard", 403
            )
        if scope is not None and scope not in access.grant.scopes:
            return _error(403, "Insufficient client scope")
        return None

    async def _image(self, request: Request) -> Response:
        image = load_image(request.path_params["name"])
        return PlainTextResponse("Not found", 404) if image is None else Response(image, media_type="image/jpeg")


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _six_months_after(timestamp: float) -> float:
    moment = datetime.fromtimestamp(timestamp, UTC)
    year, month = (moment.year, moment.month + 6) if moment.month <= 6 else (moment.year + 1, moment.month - 6)
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day).timestamp()


def _token_error(error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, 400)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"status": status, "message": message}}, status)
