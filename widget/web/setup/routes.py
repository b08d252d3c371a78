"""``/setup``: authorize again from a phone, on the running server. Works without JavaScript."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from widget.model.errors import AuthorizationError, AuthorizationFailure, NowPlayingError, StoreError
from widget.model.snapshot import SourceProblem
from widget.web.context import get_context, public_base_url
from widget.web.responses import without_body
from widget.web.setup.csrf import has_form_cookie, is_valid_form_token, request_origin
from widget.web.setup.page import SetupPage, callback_uri, delete_cookie, private_headers, set_cookie, setup_page

STATE_COOKIE = "renewal"
MAX_FIELD_LENGTH = 1000
RETRY_AFTER_SECONDS = 2
AUTHORIZE, RENEW = "Authorize", "Renew the authorization"
FAILED = "That didn't work"
CROSS_SITE_ERROR = "This form only works from its own page. Enter the key here."
WRONG_KEY_ERROR = "Wrong key. Enter the value of SETUP_KEY on the server."
TOO_MANY_KEYS_ERROR = "Too many wrong keys right now. Try again in two seconds; the right key always works."
NO_PUBLIC_URL_ERROR = "Set PUBLIC_URL first, as described below."
UNKNOWN_STATE_ERROR = (
    "This address was used already, or this browser started no authorization in the last ten minutes. "
    "Nothing was changed."
)
_STATUS: dict[AuthorizationFailure, int] = {
    "denied": 400,
    "refused": 400,
    "forbidden": 403,
    "wrong_account": 403,
    "unreachable": 503,
}


async def setup(request: Request) -> Response:
    """Return the page with the form, or start an authorization with the key that was posted."""
    if request.method == "OPTIONS":
        return _options(request, "GET, HEAD, OPTIONS, POST")
    try:
        if request.method == "POST":
            return await _start(request)
        return without_body(request, await _form(request))
    except NowPlayingError as error:
        return _failed(request, error)


async def setup_callback(request: Request) -> Response:
    """Complete the authorization. Without Spotify's state and our cookie nothing happens."""
    if request.method == "OPTIONS":
        return _options(request, "GET, HEAD, OPTIONS")
    try:
        return without_body(request, await _complete(request))
    except NowPlayingError as error:
        return _failed(request, error)


async def _form(request: Request) -> Response:
    health = await get_context(request).health()
    title = AUTHORIZE if health.token.state == "missing" else RENEW
    return setup_page(request, 200, SetupPage(title, form=True, health=health))


async def _start(request: Request) -> Response:
    """Redirect to Spotify's consent page if the key is right. A wrong key never reaches the database."""
    context = get_context(request)
    origin = request_origin(request, public_base_url(request, context.settings))
    # Browsers without either header must bring the cookie of our own form.
    if origin == "elsewhere" or (origin == "unknown" and not has_form_cookie(request)):
        return _form_with_error(request, 403, CROSS_SITE_ERROR)
    # After the origin: another site's form is not even read.
    form = await request.form(max_files=0, max_fields=10, max_part_size=4096)
    if origin == "unknown" and not is_valid_form_token(request, _field(form, "form")):
        return _form_with_error(request, 403, CROSS_SITE_ERROR)
    reauthorization = context.require_reauthorization()
    check = await reauthorization.check_key(_field(form, "key").strip(" \t"))
    if check == "too_many":
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return _form_with_error(request, 429, TOO_MANY_KEYS_ERROR, headers)
    if check == "wrong":
        return _form_with_error(request, 403, WRONG_KEY_ERROR)
    # Never made from the request: its Host would decide where Spotify sends the code.
    if (callback := callback_uri(context)) is None:
        return _form_with_error(request, 400, NO_PUBLIC_URL_ERROR)
    started = await reauthorization.begin(callback)
    # 303, so that the browser follows with GET (RFC 9110, section 15.4.4).
    response = RedirectResponse(started.authorize_url, 303, private_headers(context))
    set_cookie(context, response, STATE_COOKIE, started.cookie)
    return response


async def _complete(request: Request) -> Response:
    context, query = get_context(request), request.query_params
    try:
        result = await context.require_reauthorization().complete(
            request.cookies.get(STATE_COOKIE), query.get("state"), query.get("code"), query.get("error")
        )
    except AuthorizationError as error:
        return setup_page(request, _STATUS[error.failure], SetupPage(FAILED, str(error)))
    if result is None:
        return setup_page(request, 400, SetupPage("Start again", UNKNOWN_STATE_ERROR))
    response = setup_page(request, 200, SetupPage("Authorized", result=result))
    delete_cookie(context, response, STATE_COOKIE)
    return response


def _failed(request: Request, error: NowPlayingError) -> Response:
    """Return the page for an error that stopped an authorization, without details of the database."""
    status = 503 if isinstance(error, StoreError) else 400
    message = SourceProblem.of(error, get_context(request).clock.now()).message
    return without_body(request, setup_page(request, status, SetupPage(FAILED, f"{message} Nothing was changed.")))


def _options(request: Request, allowed: str) -> Response:
    return Response(status_code=204, headers={**private_headers(get_context(request)), "Allow": allowed})


def _form_with_error(request: Request, status: int, error: str, headers: dict[str, str] | None = None) -> Response:
    return setup_page(request, status, SetupPage(AUTHORIZE, error, form=True, headers=headers or {}))


def _field(form: FormData, name: str) -> str:
    value = form.get(name)
    return value[:MAX_FIELD_LENGTH] if isinstance(value, str) else ""
