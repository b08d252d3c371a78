"""``/embed.js``: one script tag that places the widget, and the ``<now-playing>`` element."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import get_args

from starlette.requests import Request
from starlette.responses import Response

from widget.web.context import get_context
from widget.web.embed.options import OPTION_NAMES, Layout
from widget.web.embed.sizes import COVER_ATTRIBUTION_HEIGHT, base_height, layout_height
from widget.web.responses import build_response, weak_etag
from widget.web.static_files import MEDIA_TYPES, read_static_file

# Not immutable: other people's pages hold its address, which never changes.
CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=86400"


async def embed_script(request: Request) -> Response:
    """Return the script, the same for all clients."""
    context = get_context(request)
    body = script(context.settings.recent, context.source.credit is not None)
    return build_response(
        request,
        body,
        media_type=MEDIA_TYPES[".js"],
        cache_control=CACHE_CONTROL,
        etag=weak_etag(body),
        compress=True,
    )


# Rows and credit are settings, so one entry is the rule.
@lru_cache(maxsize=4)
def script(rows: int, credited: bool) -> bytes:
    """Return the script with the options' names and the layouts' heights in it.

    With the heights it reserves the right space before the frame has loaded. ``rows`` is the number of earlier items
    in the list; ``credited``: whether the source requires attribution.
    """
    heights: dict[str, float] = {layout: base_height(layout) for layout in get_args(Layout)}
    heights["list"] = layout_height("list", 0, rows=rows, credited=credited)
    heights["credit"] = COVER_ATTRIBUTION_HEIGHT if credited else 0
    code = read_static_file("embed.js") or b""
    for name, value in {"SERVER_HEIGHTS": heights, "SERVER_OPTIONS": OPTION_NAMES}.items():
        code = code.replace(name.encode(), json.dumps(value, separators=(",", ":")).encode())
    return code
