"""The page at ``/setup``, in each of its states, and what all its answers carry."""

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

COOKIE_MAX_AGE = 600


@dataclass(frozen=True, slots=True)
class SetupPage:
    """What the page says. ``form``: with the form for the key; ``health`` and ``renewed`` where they are known."""

    title: str
    error: str = ""
    form: bool = False
    health: HealthStatus | None = None
    renewed: ReauthorizationResult | None = None
    headers: dict[str, str] = field(default_factory=dict)


def setup_page(request: Request, status: int, shown: SetupPage) -> Response:
    """The answer that shows it."""
    services = get_context(request)
    renewed, health = shown.renewed, shown.health
    ends = renewed.ends_at if renewed else health.token.expires_at if health else None
    cookie = csrf.form_cookie(request)
    body = (
        jinja_environment()
        .get_template("setup.html")
        .render(
            shown=shown,
            last_day="" if ends is None else f"{to_utc(ends):%Y-%m-%d}",
            form_token=csrf.form_token(cookie),
            redirect_uri=callback_uri(services),
            disk_may_go=services.storage_is_ephemeral,
            home="../" if request.scope["path"].endswith("/callback") else "",
            style=static_url("site.css"),
        )
    )
    headers = {**private_headers(services), **shown.headers}
    response = Response(body.encode("utf-8", "replace"), status, headers, "text/html; charset=utf-8")
    if shown.form:
        set_cookie(services, response, csrf.CSRF_COOKIE, cookie)
    return response


def private_headers(services: AppContext) -> dict[str, str]:
    """What every answer at ``/setup`` carries, errors too."""
    # Browsers hold form-action against the redirect too, so Spotify's consent page is named where it is the way.
    accounts = f" {csrf.origin_of(services.settings.accounts_url)}" * services.source.needs_authorization
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{accounts}; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def set_cookie(services: AppContext, response: Response, name: str, value: str) -> None:
    """A cookie for ``/setup`` alone, for ten minutes."""
    path, secure = _cookie_scope(services)
    response.set_cookie(name, value, COOKIE_MAX_AGE, path=path, secure=secure, httponly=True, samesite="lax")


def delete_cookie(services: AppContext, response: Response, name: str) -> None:
    """Takes it back."""
    path, secure = _cookie_scope(services)
    response.delete_cookie(name, path=path, secure=secure, httponly=True, samesite="lax")


def callback_uri(services: AppContext) -> str | None:
    """The redirect URI of this server; None where ``PUBLIC_URL`` is missing, or not one that Spotify accepts."""
    address = services.settings.public_url
    if address is None:
        return None
    try:
        return parse_redirect_uri(f"{address}/setup/callback")
    except ValueError:
        return None


def _cookie_scope(services: AppContext) -> tuple[str, bool]:
    parts = urlsplit(services.settings.public_url or "")
    return f"{parts.path}/setup", parts.scheme == "https"
