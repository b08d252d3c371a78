"""Polls the list of earlier plays when it is due and the quota allows it."""

import logging
from typing import NamedTuple

from widget.clock import Clock
from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.model.sources import SourceInfo
from widget.now_playing.pacing import PollPacer
from widget.now_playing.publisher import StatePublisher
from widget.now_playing.timeouts import Timeouts
from widget.sources.base import SourceClient

# Spotify lists plays late, by hours at times; asking more often would only cost calls.
HISTORY_INTERVAL_SECONDS = 300.0

log = logging.getLogger(__name__)


class HistorySchedule(NamedTuple):
    """When to poll the history next.

    ``polled_at`` (monotonic s) is the time of the last poll, None if never; ``last_item`` played then.
    """

    polled_at: float | None = None
    last_item: Item | None = None

    def is_due(self, now: float, snapshot: Snapshot, *, comes_with_playback: bool, is_published: bool) -> bool:
        """Return whether to poll the history now.

        Always if it comes with the playback. Otherwise once when nothing plays, then every five minutes, as services
        list a play late; if the history is published, also while music plays and at the end of each item.
        """
        if comes_with_playback:
            return True
        is_wanted = snapshot.status == "idle" or is_published
        if self.polled_at is None:
            return is_wanted
        if is_published and self.last_item is not None and snapshot.item != self.last_item:
            return True
        return is_wanted and now - self.polled_at >= HISTORY_INTERVAL_SECONDS


class HistoryPoller:
    """Polls the plays of ``source`` into ``publisher``; ``is_published`` if visitors see them."""

    def __init__(
        self,
        client: SourceClient,
        publisher: StatePublisher,
        pacer: PollPacer,
        timeouts: Timeouts,
        clock: Clock,
        source: SourceInfo,
        *,
        is_published: bool,
    ) -> None:
        self._client = client
        self._publisher = publisher
        self._pacer = pacer
        self._timeouts = timeouts
        self._clock = clock
        self._source = source
        self._is_published = is_published
        self._schedule = HistorySchedule()

    async def poll_if_due(self) -> bool:
        """Poll and publish the plays if that is due; return whether anything changed.

        If no play is known at all, it is worth a call that the quota does not allow.
        """
        if self._source.records_history or self._publisher.state.problem is not None:
            return False
        now, snapshot, is_free = self._clock.monotonic(), self._publisher.current_snapshot, self._source.returns_history
        if not self._schedule.is_due(now, snapshot, comes_with_playback=is_free, is_published=self._is_published):
            return False
        # The response that brought the plays is in doubt: Last.fm has empty ones now and then.
        if is_free and self._publisher.state.unconfirmed_answers:
            return False
        if not is_free and not self._pacer.has_token and self._publisher.state.last_played is not None:
            return False
        # Before the request: a failing one must not be repeated at every turn.
        self._schedule = HistorySchedule(now, snapshot.item)
        if not is_free:
            self._pacer.consume()
        try:
            plays = await self._timeouts.source(self._client.recently_played())
        except Exception as error:  # The next poll says why.
            log.info("cannot read recently played (%s)", type(error).__name__)
            return False
        has_changed = self._publisher.apply_history(plays)
        self._publisher.publish()
        return has_changed
