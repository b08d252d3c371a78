"""Protection against cross-site requests: origin headers, else a token bound to a cookie."""

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


def request_origin(request: Request, base_url: str) -> RequestOrigin:
    """Return which site the browser says sent the form; ``base_url`` is our own.

    ``Sec-Fetch-Site`` decides if present (https://www.w3.org/TR/fetch-metadata/). Older browsers send ``Origin``, but
    some of them send ``null`` under ``no-referrer``
    (https://fetch.spec.whatwg.org/#append-a-request-origin-header-for-a-request); programs send neither.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        # "none" is a typed address or a bookmark.
        return "here" if site in ("same-origin", "none") else "elsewhere"
    if origin is None or origin == "null":
        return "unknown"
    return "here" if origin.lower() == origin_of(base_url) else "elsewhere"


def form_cookie(request: Request) -> str:
    """Return the value that binds our form to this browser: its own, else a new one."""
    value = request.cookies.get(CSRF_COOKIE, "")
    return value if _VALUE.fullmatch(value) else secrets.token_urlsafe(32)


def has_form_cookie(request: Request) -> bool:
    """Return whether the browser has a cookie of our form."""
    return bool(_VALUE.fullmatch(request.cookies.get(CSRF_COOKIE, "")))


def form_token(cookie: str) -> str:
    """Return the form's token for ``cookie``, which another site can neither read nor set."""
    return hashlib.sha256(f"form\n{cookie}".encode("utf-8", "replace")).hexdigest()


def is_valid_form_token(request: Request, token: str) -> bool:
    """Return whether ``token`` belongs to the cookie of this browser."""
    cookie = request.cookies.get(CSRF_COOKIE, "")
    expected = form_token(cookie).encode()
    return bool(_VALUE.fullmatch(cookie)) and hmac.compare_digest(expected, token.encode("utf-8", "replace"))


def origin_of(url: str) -> str:
    """Return the origin of ``url``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
