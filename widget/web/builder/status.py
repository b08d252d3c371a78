"""The status banner of the builder, from the health of the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widget.clock import to_utc
from widget.model.error_info import SEED_SPENT, error_info
from widget.model.errors import ErrorCode
from widget.model.snapshot import SourceProblem
from widget.notifications.health import HealthStatus
from widget.web.context import AppContext

StatusLevel = Literal["good", "soon", "bad", "demo"]


@dataclass(frozen=True, slots=True)
class StatusBanner:
    """``line`` stands in the head, with a dot in the color of its ``tone``.

    ``message`` is the problem, empty if there is none; ``action`` the next step, text and code in turn. ``renew`` links
    to ``/setup``.
    """

    tone: StatusLevel
    line: str
    message: str = ""
    action: tuple[str, ...] = ()
    renew: bool = False
    code: ErrorCode | None = None


def status_banner(health: HealthStatus, services: AppContext) -> StatusBanner:
    """Return the banner for ``health``; a demo is connected with nothing."""
    if services.settings.demo:
        return StatusBanner("demo", "A demo with invented music")
    can_renew = services.has_setup
    if health.problem is not None:
        return _problem_banner(health.problem, services, can_renew)
    label, token = services.labelled_source.known_as, health.token
    if not services.source.needs_authorization:
        known = {**services.settings.stored_source_values, **services.settings.source_values}
        # The name at one's own server is private: it has no public page.
        listener = known.get(f"{services.source.prefix}USER") if services.source.url else None
        return StatusBanner("good", f"Connected to {label}" + (f" as {listener}" if listener else ""))
    if token.seed_is_spent:
        return StatusBanner(
            "soon", f"{label}: {SEED_SPENT.headline}", SEED_SPENT.explanation, _parts(SEED_SPENT.action)
        )
    if token.expires_at is None:
        return StatusBanner("good", f"{label} is connected")
    day = to_utc(token.expires_at)
    line = f"{label} is connected until {day.day} {day:%B %Y}"
    if token.state != "expires_soon":
        return StatusBanner("good", line)
    days = "1 day" if token.days_left == 1 else f"{token.days_left} days"
    return StatusBanner("soon", f"{line}: {days} left", renew=can_renew)


def _problem_banner(problem: SourceProblem, services: AppContext, can_renew: bool) -> StatusBanner:
    code = problem.code
    info = error_info(code, services.labelled_source)
    renew = can_renew and code in ("needs_authorization", "not_configured")
    if code in ("needs_authorization", "not_configured"):
        return StatusBanner("bad", info.headline, info.explanation, _parts(info.action), renew, code)
    # A message of the source's own says more than the table, the next step included.
    if problem.message != info.message:
        return StatusBanner("bad", info.headline, problem.message, (), renew, code)
    return StatusBanner("bad", info.headline, info.explanation, _parts(info.action), renew, code)


def _parts(action: str) -> tuple[str, ...]:
    """Split an action into text and code in turn."""
    return tuple(action.split("`"))
