"""``?sample=`` in the feeds: invented music of ours in the state that is asked for, for who makes a widget by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.datastructures import QueryParams
from starlette.types import Scope

from widget.clock import Clock
from widget.model.snapshot import Snapshot
from widget.model.sources import SourceInfo
from widget.samples.snapshots import Sample, make_snapshot, parse_sample
from widget.web.api.encoder import ArtworkFacts
from widget.web.api.response_cache import CachedResponse, EncodedSnapshotCache, ResponseCache


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
