"""``/embed.js``: one script tag that places the widget, and the ``<now-playing>`` element."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from widget.web.context import get_context
from widget.web.embed.sizes import COVER_ATTRIBUTION_HEIGHT, base_height, layout_height
from widget.web.responses import build_response, weak_etag
from widget.web.static_files import MEDIA_TYPES, read_static_file

CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=86400"

_MEASURES = re.compile(rb"(?<=const HIGH=)\{[^}]*\}")


async def embed_script(request: Request) -> Response:
    """The script; the same bytes for everybody."""
    services = get_context(request)
    body = script(services.settings.recent, services.source.credit is not None)
    return build_response(
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
        "card": base_height("card"),
        "compact": base_height("compact"),
        "list": layout_height("list", 0, rows=rows, credited=credited),
        "cover": base_height("cover"),
        "credit": COVER_ATTRIBUTION_HEIGHT if credited else 0,
    }
    written = json.dumps(measures, separators=(",", ":")).encode()
    return _MEASURES.sub(written, read_static_file("embed.js") or b"")
