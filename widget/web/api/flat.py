"""``/api/now-playing``: the flat shape that hand-made widgets read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from widget.artwork.cache import UNKNOWN_ORIGIN
from widget.clock import Clock
from widget.model.snapshot import Snapshot
from widget.model.sources import SourceInfo
from widget.samples.snapshots import Sample, make_snapshot, parse_sample
from widget.web.api.encoder import ArtworkFacts, max_age
from widget.web.api.response_cache import STALE_IF_ERROR_SECONDS, CachedResponse, EncodedSnapshotCache, ResponseCache
from widget.web.context import cache_control_for, get_context, public_base_url
from widget.web.responses import build_response, weak_etag

_UNKNOWN_ORIGIN = UNKNOWN_ORIGIN.encode()

Flat = dict[str, bool | str | None]


async def flat_endpoint(request: Request) -> Response:
    """``{"isPlaying": true, "title": …}``, or ``{"isPlaying": false}`` for anything else, unavailable included."""
    services = get_context(request)
    sample = requested_sample(request.scope)
    if sample is None:
        snapshot = await services.broadcast.fresh()
    else:
        snapshot = sample_snapshot_for(sample, services.source, services.clock.now())
    body = json.dumps(flat_json(snapshot, services.artwork), separators=(",", ":")).encode()
    age = max_age(snapshot, services.clock.now())
    stale = f"stale-while-revalidate={age * 2}, stale-if-error={STALE_IF_ERROR_SECONDS}"
    cache_control = f"public, max-age={age}, s-maxage={age}, {stale}"
    if _UNKNOWN_ORIGIN in body:
        body = body.replace(_UNKNOWN_ORIGIN, public_base_url(request, services.settings).encode())
        cache_control = cache_control_for(cache_control, services.settings)
    return build_response(
        request, body, media_type="application/json", cache_control=cache_control, etag=weak_etag(body, _seek(snapshot))
    )


def flat_json(snapshot: Snapshot, artwork: ArtworkFacts) -> Flat:
    """The flat object for ``snapshot``."""
    item = snapshot.item
    if snapshot.status != "playing" or item is None:
        return {"isPlaying": False}
    show = item.show.name if item.show else ""
    return {
        "isPlaying": True,
        "title": item.title,
        "artist": ", ".join(artist.name for artist in item.artists) if item.type == "track" else show,
        "album": (item.album.name if item.album else "") if item.type == "track" else show,
        "albumImageUrl": next((one.url for one in artwork.public_artwork(item)), None),
        "songUrl": item.url,
    }


def _seek(snapshot: Snapshot) -> str:
    return "" if snapshot.started_at is None else repr(snapshot.started_at)


def requested_sample(scope: Scope) -> Sample | None:
    """The sample that a request asks for."""
    query: bytes = scope["query_string"]
    return parse_sample(QueryParams(query).get("sample")) if b"sample=" in query else None


def sample_snapshot_for(sample: Sample, source: SourceInfo, now: float) -> Snapshot:
    """``sample`` at ``now`` (s since the epoch), with no progress where ``source`` tells none."""
    snapshot = make_snapshot(sample, now)
    if source.has_progress or snapshot.playback is None:
        return snapshot
    return replace(snapshot, playback=replace(snapshot.playback, progress_ms=None), started_at=None)


def sample_responder(clock: Clock, artwork: ArtworkFacts, source: SourceInfo) -> Callable[[Sample], CachedResponse]:
    """What gives the answer for a sample. It asks nobody, and counts as nobody who watches."""
    answers = ResponseCache(clock, EncodedSnapshotCache(artwork, source))
    return lambda sample: answers.get(sample_snapshot_for(sample, source, clock.now()))
