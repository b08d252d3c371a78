"""``/artwork/{key}``: the current artwork, from our own origin."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from widget.artwork.cache import ArtworkCache
from widget.model.snapshot import Snapshot
from widget.now_playing.broadcaster import Broadcaster
from widget.samples.snapshots import SAMPLE_ITEMS
from widget.web.context import get_context
from widget.web.responses import build_response, weak_etag

KEY_WAIT_SECONDS = 1.0
_KEY = re.compile(r"[0-9a-f]{32}")
_PLACEHOLDER = Path(__file__).parent / "static" / "placeholder.svg"


async def artwork(request: Request) -> Response:
    """Return the image, at least ``w`` pixels wide. Raises HTTPException 404 for an unknown key.

    If it is not available now, return the placeholder, which caches keep for seconds only.
    """
    context = get_context(request)
    cache, broadcaster, key = context.artwork, context.broadcast, request.path_params["key"]
    _register(cache, broadcaster.current)
    if not cache.has_key(key) and _KEY.fullmatch(key):
        await _wait_for_key(cache, broadcaster, key)
    # Without a fresh state the key may still be right, so then a placeholder is the safer response.
    if not cache.has_key(key) and (broadcaster.is_fresh or not _KEY.fullmatch(key)):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    file = await cache.get(key, _width(request.query_params.get("w", "")))
    if file is None:
        body = _PLACEHOLDER.read_bytes()
        # Ten seconds, as the artwork is often there a moment later.
        return build_response(request, body, media_type="image/svg+xml", cache_control="public, max-age=10")
    return build_response(
        request,
        file.body,
        media_type=file.media_type,
        cache_control="public, max-age=31536000, immutable",
        etag=weak_etag(file.body),
    )


async def _wait_for_key(cache: ArtworkCache, broadcaster: Broadcaster, key: str) -> None:
    """Wait a second for ``key``: another instance, ahead of this one, may have published it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(KEY_WAIT_SECONDS):
            _register(cache, await broadcaster.fresh(KEY_WAIT_SECONDS))
            revision = broadcaster.revision
            while not cache.has_key(key) and not broadcaster.closed:
                revision, snapshot = await broadcaster.wait_for_change(revision)
                _register(cache, snapshot)


def _register(cache: ArtworkCache, snapshot: Snapshot) -> None:
    """Register the keys of ``snapshot``, which may have been published before a restart."""
    played = (snapshot.last_played, *snapshot.recent)
    for item in (snapshot.item, *(one.item for one in played if one is not None), *SAMPLE_ITEMS):
        if item is not None:
            cache.key(item)


def _width(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None
