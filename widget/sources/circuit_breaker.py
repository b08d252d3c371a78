"""Remembers a refusal: the same request would be refused again, and may cost a call."""

from __future__ import annotations

from dataclasses import dataclass, field

from widget.clock import Clock
from widget.model.errors import SourceError


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    """``error`` was raised for ``key``; a request may work from ``retry_at`` (monotonic s) on."""

    key: object = field(repr=False)
    error: SourceError
    retry_at: float

    def seconds_left(self, key: object, now: float) -> float:
        """Return for how long a request for ``key`` is refused at ``now`` (monotonic s)."""
        return max(0.0, self.retry_at - now) if key == self.key else 0.0


def with_retry_after(error: SourceError, seconds: float) -> SourceError:
    """Return a copy of ``error`` that may be retried after ``seconds``."""
    # A copy, as less time is left at each raise.
    return type(error)(str(error), retry_after=seconds)


class CircuitBreaker:
    """The last refusal. Requests for another key pass."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._circuit: OpenCircuit | None = None

    def check(self, key: object = None) -> None:
        """Raise the error of ``key`` again until it may be retried."""
        circuit = self._circuit
        if circuit is not None and (seconds := circuit.seconds_left(key, self._clock.monotonic())) > 0:
            raise with_retry_after(circuit.error, seconds) from circuit.error

    def last_error(self, key: object) -> SourceError | None:
        """Return the last error of ``key``, however old."""
        return self._circuit.error if self._circuit is not None and self._circuit.key == key else None

    def trip(self, error: SourceError, seconds: float, key: object = None) -> SourceError:
        """Make :meth:`check` raise ``error`` for ``seconds``; return the error to raise now."""
        self._circuit = OpenCircuit(key, error, self._clock.monotonic() + seconds)
        return with_retry_after(error, seconds)

    def reset(self) -> None:
        """Forget the last error."""
        self._circuit = None
