"""The page at ``/setup`` in each of its states, and the headers of all its responses."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from widget.clock import to_utc
from widget.model.parsers import parse_redirect_uri
from widget.model.reauthorization import ReauthorizationResult
from widget.notifications.health import HealthStatus
from widget.web.context import AppContext, get_context
from widget.web.setup import csrf
from widget.web.static_files import static_url
from widget.web.templating import jinja_environment

# As long as the pending request in the store.
COOKIE_MAX_AGE = 600


@dataclass(frozen=True, slots=True)
class SetupPage:
    """The content of the page, with the ``form`` for the key or without."""

    title: str
    error: str = ""
    form: bool = False
    health: HealthStatus | None = None
    result: ReauthorizationResult | None = None
    headers: dict[str, str] = field(default_factory=dict)


def setup_page(request: Request, status: int, page: SetupPage) -> Response:
    """Return the response with ``page``."""
    context = get_context(request)
    result, health = page.result, page.health
    ends_at = result.ends_at if result else health.token.expires_at if health else None
    cookie = csrf.form_cookie(request)
    body = (
        jinja_environment()
        .get_template("setup.html")
        .render(
            page=page,
            last_day="" if ends_at is None else f"{to_utc(ends_at):%Y-%m-%d}",
            form_token=csrf.form_token(cookie),
            redirect_uri=callback_uri(context),
            storage_is_ephemeral=context.storage_is_ephemeral,
            home="../" if request.scope["path"].endswith("/callback") else "",
            style=static_url("site.css"),
        )
    )
    headers = {**private_headers(context), **page.headers}
    response = Response(body.encode("utf-8", "replace"), status, headers, "text/html; charset=utf-8")
    if page.form:
        set_cookie(context, response, csrf.CSRF_COOKIE, cookie)
    return response


def private_headers(context: AppContext) -> dict[str, str]:
    """Return the headers of every response at ``/setup``, errors included."""
    # Browsers apply form-action to the redirect too, so Spotify's consent page must be named.
    accounts = f" {csrf.origin_of(context.settings.accounts_url)}" * context.source.needs_authorization
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{accounts}; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
        # The callback's address holds the code.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def set_cookie(context: AppContext, response: Response, name: str, value: str) -> None:
    """Set a cookie for ``/setup`` alone, for ten minutes."""
    path, secure = _cookie_scope(context)
    # Lax, not strict: the callback comes from Spotify's site, and must bring the cookie.
    response.set_cookie(name, value, COOKIE_MAX_AGE, path=path, secure=secure, httponly=True, samesite="lax")


def delete_cookie(context: AppContext, response: Response, name: str) -> None:
    """Delete a cookie of ``/setup``."""
    path, secure = _cookie_scope(context)
    response.delete_cookie(name, path=path, secure=secure, httponly=True, samesite="lax")


def callback_uri(context: AppContext) -> str | None:
    """Return the redirect URI; None if ``PUBLIC_URL`` is missing or Spotify would not accept it."""
    public_url = context.settings.public_url
    if public_url is None:
        return None
    try:
        return parse_redirect_uri(f"{public_url}/setup/callback")
    except ValueError:
        return None


def _cookie_scope(context: AppContext) -> tuple[str, bool]:
    """Return path and ``Secure`` of our cookies."""
    parts = urlsplit(context.settings.public_url or "")
    # No Secure over http, where the browser would drop the cookie.
    return f"{parts.path}/setup", parts.scheme == "https"
