"""``/setup``: the owner authorizes again, from a phone, on the running server. Works without JavaScript."""

from __future__ import annotations

from math import ceil
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from widget.clock import utc
from widget.errors import AuthorizationError, AuthorizationFailure, NowPlayingError, StoreError
from widget.faces.address import public_url
from widget.faces.services import Services, services_of
from widget.faces.static_files import static_path
from widget.faces.templating import environment
from widget.renewals import Renewed
from widget.variables import redirect_uri

COOKIE = "renewal"
COOKIE_SECONDS = 600
LONGEST_KEY = 1000
_STATUS: dict[AuthorizationFailure, int] = {
    "denied": 400,
    "refused": 400,
    "forbidden": 403,
    "wrong_account": 403,
    "unreachable": 503,
}


async def setup_form(request: Request) -> Response:
    """The state of the token, its last day, and the form for the key."""
    return await _form(request, 200)


async def setup_start(request: Request) -> Response:
    """With the right key: on to Spotify's consent page."""
    services = services_of(request)
    if not is_from_here(request, public_url(request, services.settings)):
        return await _form(
            request, 403, "This form works only from its own page. Open it again and enter the key there."
        )
    form = await request.form(max_files=0, max_fields=10, max_part_size=4096)
    key = form.get("key")
    admission = await services.renewal.admit(key[:LONGEST_KEY] if isinstance(key, str) else "")
    if admission.locked_for > 0:
        seconds = ceil(admission.locked_for)
        told = f"Too many wrong keys. Try again in {ceil(seconds / 60)} minutes."
        return await _form(request, 429, told, {"Retry-After": str(seconds)})
    if not admission.admitted:
        return await _form(request, 403, "That is not the key. It is the value of SETUP_KEY on the server.")
    if (callback := callback_uri(services)) is None:
        return await _form(request, 400, "Set PUBLIC_URL first, as told below.")
    begun = await services.renewal.begin(callback)
    response = RedirectResponse(begun.authorize_url, 303, _headers(services))
    path, secure = _cookie_scope(services)
    response.set_cookie(COOKIE, begun.cookie, COOKIE_SECONDS, path=path, secure=secure, httponly=True, samesite="lax")
    return response


async def setup_callback(request: Request) -> Response:
    """Where Spotify sends the browser back to. Without the state and the cookie of one beginning, nothing happens."""
    services, query = services_of(request), request.query_params
    try:
        renewed = await services.renewal.finish(
            request.cookies.get(COOKIE), query.get("state"), query.get("code"), query.get("error")
        )
    except AuthorizationError as error:
        return _page(request, _STATUS[error.failure], "It did not work", trouble=str(error), callback=True)
    if renewed is None:
        told = (
            "This address belongs to no renewal that this browser has begun within the last ten minutes, or it was "
            "used already. Nothing has happened."
        )
        return _page(request, 400, "Start again", trouble=told, callback=True)
    response = _page(request, 200, "Renewed", renewed=renewed, callback=True)
    path, secure = _cookie_scope(services)
    response.delete_cookie(COOKIE, path=path, secure=secure, httponly=True, samesite="lax")
    return response


async def setup_failure(request: Request, error: Exception) -> Response:
    """The page for what stopped a renewal before it could begin or end."""
    status = 503 if isinstance(error, StoreError) else 400
    told = f"{error} Nothing was changed." if isinstance(error, NowPlayingError) else "Nothing was changed."
    return _page(request, status, "It did not work", trouble=told, callback=request.url.path.endswith("/callback"))


def is_from_here(request: Request, address: str) -> bool:
    """Whether the browser that posts was on our own page.

    Pages that send no referrer send ``Origin: null``; then ``Sec-Fetch-Site`` tells
    (https://fetch.spec.whatwg.org/#append-a-request-origin-header-for-a-request). Programs send neither.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    if origin is None:
        return True
    return _origin(address) == origin.lower()


def callback_uri(services: Services) -> str | None:
    """The redirect URI of this server; None where ``PUBLIC_URL`` is missing, or not one that Spotify accepts."""
    address = services.settings.public_url
    if address is None:
        return None
    try:
        return redirect_uri(f"{address}/setup/callback")
    except ValueError:
        return None


async def _form(request: Request, status: int, trouble: str = "", headers: dict[str, str] | None = None) -> Response:
    health = await services_of(request).health()
    return _page(request, status, "Renew the authorization", trouble=trouble, health=health, headers=headers)


def _page(
    request: Request,
    status: int,
    title: str,
    *,
    trouble: str = "",
    health: object = None,
    renewed: Renewed | None = None,
    headers: dict[str, str] | None = None,
    callback: bool = False,
) -> Response:
    services = services_of(request)
    ends = renewed.ends_at if renewed else getattr(getattr(health, "token", None), "expires_at", None)
    body = (
        environment()
        .get_template("setup.html")
        .render(
            title=title,
            trouble=trouble,
            health=health,
            renewed=renewed,
            last_day="" if ends is None else f"{utc(ends):%Y-%m-%d}",
            redirect_uri=callback_uri(services),
            disk_may_go=services.settings.database_url.startswith("sqlite:"),
            home="../" if callback else "",
            style=static_path("site.css"),
        )
    )
    all_headers = {**_headers(services), **(headers or {})}
    return Response(body.encode("utf-8", "replace"), status, all_headers, "text/html; charset=utf-8")


def _headers(services: Services) -> dict[str, str]:
    # Browsers hold form-action against the redirect too, so Spotify's consent page is named.
    accounts = _origin(services.settings.accounts_url)
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; img-src data:; form-action 'self' {accounts}; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _cookie_scope(services: Services) -> tuple[str, bool]:
    parts = urlsplit(services.settings.public_url or "")
    return f"{parts.path}/setup", parts.scheme == "https"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()
