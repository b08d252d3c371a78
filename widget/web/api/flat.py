"""``/api/now-playing``: the flat JSON that hand-made widgets read; ``?sample=`` for JSON and text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from widget.artwork.cache import UNKNOWN_ORIGIN
from widget.clock import Clock
from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.model.sources import SourceInfo
from widget.samples.snapshots import Sample, make_snapshot, parse_sample
from widget.web.api.response_cache import CachedResponse, EncodedSnapshotCache, ResponseCache
from widget.web.caching import cache_control, progress_step
from widget.web.context import AppContext, cache_control_for, get_context, public_base_url
from widget.web.responses import build_response, weak_etag

if TYPE_CHECKING:
    from widget.artwork.cache import ArtworkCache

_UNKNOWN_ORIGIN = UNKNOWN_ORIGIN.encode()

FlatJson = dict[str, bool | str | None]


async def flat_endpoint(request: Request) -> Response:
    """Return ``{"isPlaying": true, "title": …}``, else ``{"isPlaying": false}``; always 200."""
    context = get_context(request)
    snapshot, now = await requested_snapshot(request, context), context.clock.now()
    fallback = f"{public_base_url(request, context.settings)}/listen"
    flat = flat_json(snapshot, context.artwork, fallback)
    body = json.dumps(flat, separators=(",", ":")).encode()
    caching = cache_control(snapshot, now)
    if _UNKNOWN_ORIGIN in body:
        body = body.replace(_UNKNOWN_ORIGIN, public_base_url(request, context.settings).encode())
        caching = cache_control_for(caching, context.settings)
    elif flat.get("songUrl") == fallback:
        caching = cache_control_for(caching, context.settings)
    # The body holds no progress, but a cache must not confirm it beyond the end of its step.
    etag = weak_etag(body, repr((snapshot.started_at, progress_step(snapshot, now))))
    return build_response(request, body, media_type="application/json", cache_control=caching, etag=etag)


def flat_json(snapshot: Snapshot, artwork: ArtworkCache, listen_url: str) -> FlatJson:
    """Return the flat object; ``listen_url`` replaces the link of an item without one."""
    item = snapshot.item
    if snapshot.status != "playing" or item is None:
        return {"isPlaying": False}
    artist, album = artist_and_album(item)
    return {
        "isPlaying": True,
        "title": item.title,
        "artist": artist,
        "album": album,
        "albumImageUrl": next((one.url for one in artwork.public_artwork(item)), None),
        # Hand-made widgets take null for "not playing".
        "songUrl": item.url or listen_url,
    }


def artist_and_album(item: Item) -> tuple[str, str]:
    """Return both as text, "" for an unknown one; an episode's show is both."""
    if item.type == "episode":
        show = item.show.name if item.show else ""
        return show, show
    return ", ".join(artist.name for artist in item.artists), item.album.name if item.album else ""


async def requested_snapshot(request: Request, context: AppContext) -> Snapshot:
    """Return the sample that ``request`` names, which counts no viewer, else the current snapshot."""
    sample = requested_sample(request.scope)
    if sample is None:
        return await context.broadcast.fresh()
    return sample_snapshot_for(sample, context.source, context.clock.now())


def requested_sample(scope: Scope) -> Sample | None:
    """Return the sample named in the query."""
    query: bytes = scope["query_string"]
    return parse_sample(QueryParams(query).get("sample")) if b"sample=" in query else None


def sample_snapshot_for(sample: Sample, source: SourceInfo, now: float) -> Snapshot:
    """Return ``sample`` at ``now`` (s since the epoch), with the progress that ``source`` can report."""
    snapshot = make_snapshot(sample, now)
    if source.has_progress or snapshot.playback is None:
        return snapshot
    return replace(snapshot, playback=replace(snapshot.playback, progress_ms=None), started_at=None)


def sample_responder(clock: Clock, artwork: ArtworkCache, source: SourceInfo) -> Callable[[Sample], CachedResponse]:
    """Return a function from sample to response. A sample polls nothing and counts no viewer."""
    responses = ResponseCache(clock, EncodedSnapshotCache(artwork, source))
    return lambda sample: responses.get(sample_snapshot_for(sample, source, clock.now()))
