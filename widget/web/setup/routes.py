"""``/setup``: the owner authorizes again, from a phone, on the running server. Works without JavaScript."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from widget.model.errors import AuthorizationError, AuthorizationFailure, StoreError
from widget.model.snapshot import Problem
from widget.web.address import public_url
from widget.web.context import services_of
from widget.web.setup.csrf import is_our_form, sender_of
from widget.web.setup.page import Shown, callback_uri, delete_cookie, owners_headers, set_cookie, setup_page

COOKIE = "renewal"
LONGEST_FIELD = 1000
TRY_AGAIN_SECONDS = 2
AUTHORIZE, RENEW = "Authorize", "Renew the authorization"
ELSEWHERE = "This form works only from its own page. Enter the key here."
NOT_OURS = (
    "This address belongs to no authorization that this browser has begun within the last ten minutes, or it was used "
    "already. Nothing has happened."
)
_STATUS: dict[AuthorizationFailure, int] = {
    "denied": 400,
    "refused": 400,
    "forbidden": 403,
    "wrong_account": 403,
    "unreachable": 503,
}


async def setup_form(request: Request) -> Response:
    """The state of the token, its last day, and the form for the key."""
    health = await services_of(request).health()
    title = AUTHORIZE if health.token.state == "missing" else RENEW
    return setup_page(request, 200, Shown(title, form=True, health=health))


async def setup_start(request: Request) -> Response:
    """With the right key: on to Spotify's consent page. Without it nothing is asked of the database."""
    services = services_of(request)
    sender = sender_of(request, public_url(request, services.settings))
    if sender == "elsewhere":
        return _form_again(request, 403, ELSEWHERE)
    form = await request.form(max_files=0, max_fields=10, max_part_size=4096)
    if sender == "unknown" and not is_our_form(request, _text(form, "form")):
        return _form_again(request, 403, ELSEWHERE)
    admission = await services.renewal.admit(_text(form, "key").strip(" \t"))
    if admission == "too_many":
        told = "Many wrong keys are being tried just now. Try again in two seconds: the right one always passes."
        return _form_again(request, 429, told, {"Retry-After": str(TRY_AGAIN_SECONDS)})
    if admission == "wrong":
        return _form_again(request, 403, "That is not the key. It is the value of SETUP_KEY on the server.")
    if (callback := callback_uri(services)) is None:
        return _form_again(request, 400, "Set PUBLIC_URL first, as told below.")
    begun = await services.renewal.begin(callback)
    response = RedirectResponse(begun.authorize_url, 303, owners_headers(services))
    set_cookie(services, response, COOKIE, begun.cookie)
    return response


async def setup_callback(request: Request) -> Response:
    """Where Spotify sends the browser back to. Without the state and the cookie of one beginning, nothing happens."""
    services, query = services_of(request), request.query_params
    try:
        renewed = await services.renewal.finish(
            request.cookies.get(COOKIE), query.get("state"), query.get("code"), query.get("error")
        )
    except AuthorizationError as error:
        return setup_page(request, _STATUS[error.failure], Shown("It did not work", str(error)))
    if renewed is None:
        return setup_page(request, 400, Shown("Start again", NOT_OURS))
    response = setup_page(request, 200, Shown("Authorized", renewed=renewed))
    delete_cookie(services, response, COOKIE)
    return response


async def setup_failure(request: Request, error: Exception) -> Response:
    """The page for what stopped a renewal before it could begin or end."""
    status = 503 if isinstance(error, StoreError) else 400
    public = Problem.of(error, services_of(request).clock.now()).message  # Without the database's place.
    return setup_page(request, status, Shown("It did not work", f"{public} Nothing was changed."))


def _form_again(request: Request, status: int, trouble: str, headers: dict[str, str] | None = None) -> Response:
    return setup_page(request, status, Shown(AUTHORIZE, trouble, form=True, headers=headers or {}))


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""
