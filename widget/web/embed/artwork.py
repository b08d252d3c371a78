"""``/artwork/{key}``: the current artwork from our own origin."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from widget.artwork.cache import ArtworkCache
from widget.model.snapshot import Snapshot
from widget.samples.snapshots import SAMPLE_ITEMS
from widget.web.context import get_context
from widget.web.responses import build_response, weak_etag

_PLACEHOLDER = Path(__file__).parent / "static" / "placeholder.svg"


async def artwork(request: Request) -> Response:
    """The image, ``w`` pixels wide or more, or of middling width without it; 404 for a foreign key.

    Where it cannot be had now: the drawn placeholder, which nobody keeps for long.
    """
    services = get_context(request)
    cache, key = services.artwork, request.path_params["key"]
    _register(cache, services.broadcast.current)
    if not cache.has_key(key):
        return build_response(request, b"not found", media_type="text/plain", cache_control="no-store", status=404)
    file = await cache.get(key, _width(request.query_params.get("w", "")))
    if file is None:
        body = _PLACEHOLDER.read_bytes()
        return build_response(request, body, media_type="image/svg+xml", cache_control="public, max-age=10")
    return build_response(
        request,
        file.body,
        media_type=file.media_type,
        cache_control="public, max-age=31536000, immutable",
        etag=weak_etag(file.body),
    )


def _register(cache: ArtworkCache, snapshot: Snapshot) -> None:
    """Makes the keys of what is shown known: another instance, or this one before a restart, may have told them."""
    for item in (snapshot.item, snapshot.last_played.item if snapshot.last_played else None, *SAMPLE_ITEMS):
        if item is not None:
            cache.key(item)


def _width(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None
