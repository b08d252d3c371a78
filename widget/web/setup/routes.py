"""``/setup``: the owner authorizes again, from a phone, on the running server. Works without JavaScript."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from widget.model.errors import AuthorizationError, AuthorizationFailure, StoreError
from widget.model.snapshot import SourceProblem
from widget.web.context import get_context, public_base_url
from widget.web.setup.csrf import has_form_cookie, is_valid_form_token, request_origin
from widget.web.setup.page import SetupPage, callback_uri, delete_cookie, private_headers, set_cookie, setup_page

STATE_COOKIE = "renewal"
MAX_FIELD_LENGTH = 1000
RETRY_AFTER_SECONDS = 2
AUTHORIZE, RENEW = "Authorize", "Renew the authorization"
CROSS_SITE_ERROR = "This form works only from its own page. Enter the key here."
UNKNOWN_STATE_ERROR = (
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
    health = await get_context(request).health()
    title = AUTHORIZE if health.token.state == "missing" else RENEW
    return setup_page(request, 200, SetupPage(title, form=True, health=health))


async def setup_start(request: Request) -> Response:
    """With the right key: on to Spotify's consent page. Without it nothing is asked of the database."""
    services = get_context(request)
    sender = request_origin(request, public_base_url(request, services.settings))
    if sender == "elsewhere":
        return _form_again(request, 403, CROSS_SITE_ERROR)
    if sender == "unknown" and not has_form_cookie(request):
        return _form_again(request, 403, CROSS_SITE_ERROR)
    form = await request.form(max_files=0, max_fields=10, max_part_size=4096)
    if sender == "unknown" and not is_valid_form_token(request, _text(form, "form")):
        return _form_again(request, 403, CROSS_SITE_ERROR)
    admission = await services.require_reauthorization().check_key(_text(form, "key").strip(" \t"))
    if admission == "too_many":
        told = "Many wrong keys are being tried just now. Try again in two seconds: the right one always passes."
        return _form_again(request, 429, told, {"Retry-After": str(RETRY_AFTER_SECONDS)})
    if admission == "wrong":
        return _form_again(request, 403, "That is not the key. It is the value of SETUP_KEY on the server.")
    if (callback := callback_uri(services)) is None:
        return _form_again(request, 400, "Set PUBLIC_URL first, as told below.")
    begun = await services.require_reauthorization().begin(callback)
    response = RedirectResponse(begun.authorize_url, 303, private_headers(services))
    set_cookie(services, response, STATE_COOKIE, begun.cookie)
    return response


async def setup_callback(request: Request) -> Response:
    """Where Spotify sends the browser back to. Without the state and the cookie of one beginning, nothing happens."""
    services, query = get_context(request), request.query_params
    try:
        renewed = await services.require_reauthorization().complete(
            request.cookies.get(STATE_COOKIE), query.get("state"), query.get("code"), query.get("error")
        )
    except AuthorizationError as error:
        return setup_page(request, _STATUS[error.failure], SetupPage("It did not work", str(error)))
    if renewed is None:
        return setup_page(request, 400, SetupPage("Start again", UNKNOWN_STATE_ERROR))
    response = setup_page(request, 200, SetupPage("Authorized", renewed=renewed))
    delete_cookie(services, response, STATE_COOKIE)
    return response


async def setup_error(request: Request, error: Exception) -> Response:
    """The page for what stopped a renewal before it could begin or end."""
    status = 503 if isinstance(error, StoreError) else 400
    public = SourceProblem.of(error, get_context(request).clock.now()).message  # Without the database's place.
    return setup_page(request, status, SetupPage("It did not work", f"{public} Nothing was changed."))


def _form_again(request: Request, status: int, trouble: str, headers: dict[str, str] | None = None) -> Response:
    return setup_page(request, status, SetupPage(AUTHORIZE, trouble, form=True, headers=headers or {}))


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value[:MAX_FIELD_LENGTH] if isinstance(value, str) else ""
