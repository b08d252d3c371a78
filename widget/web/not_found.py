"""The answer to an address that is none of ours: a small page for browsers, text for programs."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from widget.web.context import get_context
from widget.web.responses import build_response
from widget.web.static_files import static_url
from widget.web.templating import jinja_environment

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def not_found_response(request: Request, own: Mapping[str, str] | None = None) -> Response:
    """404; nothing of the address that was asked for is in it. ``own`` headers stand in place of the public ones."""
    headers = {"Vary": "Accept"}
    if "text/html" not in request.headers.get("accept", ""):
        return _answer(request, b"not found", "text/plain", headers, own)
    home = urlsplit(get_context(request).settings.public_url or "").path + "/"
    page = jinja_environment().get_template("not_found.html").render(home=home, style=static_url("site.css"))
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return _answer(request, page.encode(), "text/html; charset=utf-8", headers, own)


def _answer(
    request: Request, body: bytes, media_type: str, headers: Mapping[str, str], own: Mapping[str, str] | None
) -> Response:
    if own is not None:
        return Response(body, 404, {**own, **headers}, media_type)
    return build_response(request, body, media_type=media_type, cache_control="no-store", status=404, headers=headers)
