"""``?sample=`` in the feeds: invented music of ours in the state that is asked for, for who makes a widget by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.datastructures import QueryParams
from starlette.types import Scope

from widget.clock import Clock
from widget.model.snapshot import Snapshot
from widget.model.sources import Source
from widget.samples.snapshots import Sample, sample_named, sample_snapshot
from widget.web.api.encoder import ArtworkFacts
from widget.web.api.response_cache import Answers, Finished, NowPlayingCache


def sample_asked(scope: Scope) -> Sample | None:
    """The sample that a request asks for."""
    query: bytes = scope["query_string"]
    return sample_named(QueryParams(query).get("sample")) if b"sample=" in query else None


def sample_told(sample: Sample, source: Source, now: float) -> Snapshot:
    """``sample`` at ``now`` (s since the epoch), with no progress where ``source`` tells none."""
    snapshot = sample_snapshot(sample, now)
    if source.tells_progress or snapshot.playback is None:
        return snapshot
    return replace(snapshot, playback=replace(snapshot.playback, progress_ms=None), anchor=None)


def sampled_answers(clock: Clock, artwork: ArtworkFacts, source: Source) -> Callable[[Sample], Finished]:
    """What gives the answer for a sample. It asks nobody, and counts as nobody who watches."""
    answers = Answers(clock, NowPlayingCache(artwork, source))
    return lambda sample: answers.of(sample_told(sample, source, clock.now()))
