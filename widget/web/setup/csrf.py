"""Whether a form was sent from our own page, or by another site in the owner's name."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import Request

CSRF_COOKIE = "setup-form"
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")

RequestOrigin = Literal["here", "elsewhere", "unknown"]


def request_origin(request: Request, address: str) -> RequestOrigin:
    """Who sent the form, by what the browser says of it; ``address`` is our own.

    ``Sec-Fetch-Site`` decides where it is sent (https://www.w3.org/TR/fetch-metadata/). Older browsers say ``Origin``,
    but under ``no-referrer`` some of them say ``null``
    (https://fetch.spec.whatwg.org/#append-a-request-origin-header-for-a-request); programs say neither.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return "here" if site in ("same-origin", "none") else "elsewhere"
    if origin is None or origin == "null":
        return "unknown"
    return "here" if origin.lower() == origin_of(address) else "elsewhere"


def form_cookie(request: Request) -> str:
    """The value that binds our form to this browser: the one that it has, else a new one."""
    value = request.cookies.get(CSRF_COOKIE, "")
    return value if _VALUE.fullmatch(value) else secrets.token_urlsafe(32)


def has_form_cookie(request: Request) -> bool:
    """Return whether the browser has a cookie of our form."""
    return bool(_VALUE.fullmatch(request.cookies.get(CSRF_COOKIE, "")))


def form_token(cookie: str) -> str:
    """What the form holds beside ``cookie``: another site can neither read the cookie nor set it."""
    return hashlib.sha256(f"form\n{cookie}".encode("utf-8", "replace")).hexdigest()


def is_valid_form_token(request: Request, token: str) -> bool:
    """Whether ``token`` came in the form that this browser was given."""
    cookie = request.cookies.get(CSRF_COOKIE, "")
    expected = form_token(cookie).encode()
    return bool(_VALUE.fullmatch(cookie)) and hmac.compare_digest(expected, token.encode("utf-8", "replace"))


def origin_of(address: str) -> str:
    """The origin of ``address``."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()
