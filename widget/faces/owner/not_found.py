"""The answer to an address that is none of ours: a small page for browsers, text for programs."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from widget.faces.http import respond
from widget.faces.services import services_of
from widget.faces.static_files import static_path
from widget.faces.templating import environment

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def not_found(request: Request) -> Response:
    """404; nothing of the address that was asked for is in it."""
    headers = {"Vary": "Accept"}
    if "text/html" not in request.headers.get("accept", ""):
        return respond(
            request, b"not found", media_type="text/plain", cache_control="no-store", status=404, headers=headers
        )
    home = urlsplit(services_of(request).settings.public_url or "").path + "/"
    page = environment().get_template("not_found.html").render(home=home, style=static_path("site.css"))
    return respond(
        request,
        page.encode(),
        media_type="text/html; charset=utf-8",
        cache_control="no-store",
        status=404,
        headers={**headers, "Content-Security-Policy": CONTENT_SECURITY_POLICY},
    )
