"""Reads the state of a push source, in every instance; it never becomes stale."""

import asyncio

from widget.clock import Clock
from widget.model.errors import SourceError
from widget.model.snapshot import SourceProblem
from widget.now_playing.publisher import StatePublisher, StatusLogger
from widget.now_playing.timeouts import Timeouts
from widget.sources.base import PushSource


class PushReader:
    """Publishes the pushed state.

    ``last_push_at`` (s since the epoch) is the time of the last push, even of a hidden item.
    """

    def __init__(
        self,
        push: PushSource,
        publisher: StatePublisher,
        status_log: StatusLogger,
        timeouts: Timeouts,
        clock: Clock,
    ) -> None:
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
            pushed = await self._timeouts.store(self._push.pushed_state())
        except SourceError as error:
            problem = SourceProblem.of(error, self._clock.now())
            self._status_log.log_change(problem, error)
            self._publisher.apply_push_failure(problem)
        else:
            self._status_log.log_change(None)
            self.last_push_at = pushed.pushed_at
            self._publisher.apply_pushed(pushed)
        self._publisher.publish()
