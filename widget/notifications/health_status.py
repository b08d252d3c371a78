"""How things stand, for the owner."""

from dataclasses import dataclass

from widget.model.snapshot import SourceProblem
from widget.model.tokens import AuthorizationStatus


@dataclass(frozen=True, slots=True)
class HealthStatus:
    """``problem`` is None while everything works. ``last_success_at`` (s since the epoch) is when the source last
    answered, None if it never did; ``calls_last_24h`` is None where the database cannot be read."""

    token: AuthorizationStatus
    last_success_at: float | None
    problem: SourceProblem | None
    calls_last_24h: int | None
