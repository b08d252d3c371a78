"""What was refused, remembered: asking for the same would bring the same, and may cost a call."""

from __future__ import annotations

from dataclasses import dataclass, field

from widget.clock import Clock
from widget.model.errors import SourceError


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    """``error`` answered who asked as ``asker``; from ``retry_at`` (monotonic s) on it is worth asking again."""

    key: object = field(repr=False)
    error: SourceError
    retry_at: float

    def seconds_left(self, asker: object, now: float) -> float:
        """For how long asking as ``asker`` is no use at ``now`` (monotonic s); 0 where it may be tried."""
        return max(0.0, self.retry_at - now) if asker == self.key else 0.0


def with_retry_after(error: SourceError, seconds: float) -> SourceError:
    """``error`` once more, worth asking again after ``seconds``."""
    return type(error)(str(error), retry_after=seconds)


class CircuitBreaker:
    """The last refusal, by ``clock``. Another asker than the refused one may ask at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: OpenCircuit | None = None

    def check(self, asker: object = None) -> None:
        """Raises what ``asker`` was refused with, while it is no use to ask again."""
        if self._last is not None and (seconds := self._last.seconds_left(asker, self._clock.monotonic())) > 0:
            raise with_retry_after(self._last.error, seconds) from self._last.error

    def last_error(self, asker: object) -> SourceError | None:
        """What ``asker`` was refused with, however long ago."""
        return self._last.error if self._last is not None and self._last.key == asker else None

    def trip(self, error: SourceError, seconds: float, asker: object = None) -> SourceError:
        """From now on :meth:`check` raises ``error``, for ``seconds``; gives it as it is to be raised now."""
        self._last = OpenCircuit(asker, error, self._clock.monotonic() + seconds)
        return with_retry_after(error, seconds)

    def reset(self) -> None:
        """Nothing is refused any more."""
        self._last = None
