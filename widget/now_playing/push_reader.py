"""Reads the state of a push source, in every instance; it never becomes stale."""

import asyncio

from widget.clock import Clock
from widget.model.errors import SourceError
from widget.model.snapshot import SourceProblem
from widget.now_playing.publisher import StatePublisher, StatusLogger
from widget.now_playing.timeouts import Timeouts
from widget.sources.base import PushSource, SourceClient


class PushReader:
    """Publishes the pushed state.

    ``last_push_at`` (s since the epoch) is the time of the last push, even of a hidden item.
    """

    def __init__(
        self,
        client: SourceClient,
        push: PushSource,
        publisher: StatePublisher,
        status_log: StatusLogger,
        timeouts: Timeouts,
        clock: Clock,
    ) -> None:
        self._client = client
        self._push = push
        self._publisher = publisher
        self._timeouts = timeouts
        self._clock = clock
        self._status_log = status_log
        self._read_lock = asyncio.Lock()
        self.last_push_at: float | None = None

    async def read(self) -> None:
        """Publish the pushed state, or the reason why there is none. May raise StoreError."""
        # The poller and the health check read at the same time: the older state must not be published last.
        async with self._read_lock:
            await self._read()

    async def wait(self, seconds: float) -> None:
        """Return when something was pushed, after ``seconds`` at the latest. May raise StoreError."""
        await self._push.wait_for_push(seconds)

    async def _read(self) -> None:
        try:
            playback = await self._timeouts.store(self._client.currently_playing())
            current = await self._timeouts.store(self._push.current_play())
            plays = await self._timeouts.store(self._client.recently_played())
            changed_at = await self._timeouts.store(self._push.last_change_at())
            self.last_push_at = await self._timeouts.store(self._push.last_push_at())
        except SourceError as error:
            problem = SourceProblem.of(error, self._clock.now())
            self._status_log.log_change(problem, error)
            self._publisher.apply_push_failure(problem)
        else:
            self._status_log.log_change(None)
            self._publisher.apply_pushed(playback, current, plays, changed_at)
        self._publisher.publish()
