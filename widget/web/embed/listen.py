"""``/listen``: where pictures lead, for a picture cannot hold the link to what it shows."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from widget.model.snapshot import Snapshot
from widget.web.context import get_context
from widget.web.responses import build_response

_WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\x7f]+", re.IGNORECASE)


async def listen(request: Request) -> Response:
    """302 to the item that plays or played last on its source, else to the source, else to our own first page."""
    services = get_context(request)
    snapshot = await services.broadcast.fresh()
    location = item_url(snapshot) or services.source.url or f"{services.settings.public_url or ''}/"
    headers = {"Location": quote(location, safe="%/:?#[]@!$&'()*+,;=~")}
    return build_response(request, b"", media_type="text/plain", cache_control="no-store", status=302, headers=headers)


def item_url(snapshot: Snapshot) -> str | None:
    """The web address of what ``snapshot`` shows; None where it shows nothing, or nothing that has one."""
    item = snapshot.item or (snapshot.last_played.item if snapshot.last_played else None)
    url = None if item is None else item.url
    return url if url is not None and _WEB_ADDRESS.fullmatch(url) else None
