"""Redirect of ``/listen``: the link of pictures, which can't hold the link of the item that they show."""

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
    """Redirect to the current or last item, else to its source, else to our start page."""
    context = get_context(request)
    snapshot = await context.broadcast.fresh()
    location = item_url(snapshot) or context.source.url or f"{context.settings.public_url or ''}/"
    # Quoted, as an address from a player's tags may hold characters that no header takes.
    headers = {"Location": quote(location, safe="%/:?#[]@!$&'()*+,;=~")}
    return build_response(request, b"", media_type="text/plain", cache_control="no-store", status=302, headers=headers)


def item_url(snapshot: Snapshot) -> str | None:
    """Return the web address of the item in ``snapshot``; None if there is none."""
    item = snapshot.item or (snapshot.last_played.item if snapshot.last_played else None)
    url = None if item is None else item.url
    return url if url is not None and _WEB_ADDRESS.fullmatch(url) else None
