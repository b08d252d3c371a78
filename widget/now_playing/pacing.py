"""How often this instance may ask: the pace that the budget affords, and the questions that were saved up."""

from widget.clock import Clock
from widget.model.errors import StoreError
from widget.now_playing.allowance import TokenBucket, seconds_until_tokens
from widget.now_playing.budget import poll_interval_for_quota
from widget.now_playing.timeouts import Source, Timeouts


class PollPacer:
    """Counts the questions to ``source`` against ``calls_per_day``."""

    def __init__(self, source: Source, limits: Timeouts, clock: Clock, calls_per_day: int) -> None:
        self._source = source
        self._limits = limits
        self._clock = clock
        self._calls_per_day = calls_per_day
        self._allowance = TokenBucket(at=clock.monotonic())
        self._last_pace = 0.0

    @property
    def has_token(self) -> bool:
        """Whether a question was saved up, when that was looked at last."""
        return self._allowance.tokens >= 1

    def consume(self) -> None:
        """After a question."""
        self._allowance = self._allowance.consumed()

    def tokens_at(self, pace: float) -> float:
        """The questions that are saved up by now, at a ``pace`` in s."""
        self._allowance = self._allowance.refilled(self._clock.monotonic(), pace)
        return self._allowance.tokens

    async def pace(self) -> float:
        """The seconds between two questions; as before, where the calls cannot be counted now."""
        try:
            calls = await self._limits.store(self._source.calls_last_24h())
        except StoreError:
            return self._last_pace
        self._last_pace = poll_interval_for_quota(calls, self._clock.now(), self._calls_per_day)
        return self._last_pace

    async def delay_after_idle(self, heard_at: float | None) -> float:
        """How long the first question after a pause must wait. ``heard_at`` (s since the epoch) is when the last answer
        came, to whichever instance; None where none did."""
        affords = await self.pace()
        self.tokens_at(affords)
        if heard_at is not None:
            self._allowance = self._allowance.capped_after_pause(self._clock.now() - heard_at, affords)
        return seconds_until_tokens(self._allowance.tokens, affords)
