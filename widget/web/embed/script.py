"""``/embed.js``: one script tag that places the widget, and the ``<now-playing>`` element."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from widget.web.context import services_of
from widget.web.embed.sizes import CREDIT_LINE, height_of, high_beside_artwork
from widget.web.responses import respond, weak_etag
from widget.web.static_files import MEDIA_TYPES, static_file

CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=86400"

_MEASURES = re.compile(rb"(?<=const HIGH=)\{[^}]*\}")


async def embed_script(request: Request) -> Response:
    """The script; the same bytes for everybody."""
    services = services_of(request)
    body = script(services.settings.recent, services.source.credit is not None)
    return respond(
        request,
        body,
        media_type=MEDIA_TYPES[".js"],
        cache_control=CACHE_CONTROL,
        etag=weak_etag(body),
        compress=True,
    )


@lru_cache(maxsize=4)
def script(rows: int, credited: bool) -> bytes:
    """The script that knows how high each layout is, so that the page around it does not jump: with ``rows`` earlier
    items in the list, and with the credit that a source may be due."""
    measures = {
        "card": high_beside_artwork("card"),
        "compact": high_beside_artwork("compact"),
        "list": height_of("list", 0, rows=rows, credited=credited),
        "cover": high_beside_artwork("cover"),
        "credit": CREDIT_LINE if credited else 0,
    }
    written = json.dumps(measures, separators=(",", ":")).encode()
    return _MEASURES.sub(written, static_file("embed.js") or b"")
