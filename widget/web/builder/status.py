"""How things stand, in the words of the builder's head and of its one notice; each thing is told once."""

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
    """``line`` stands in the head, with a dot of its ``tone``. ``told`` is what is wrong, empty where nothing is;
    ``step`` what to do then: text and commands in turn. ``renew`` leads to ``/setup`` where that helps."""

    tone: StatusLevel
    line: str
    message: str = ""
    action: tuple[str, ...] = ()
    renew: bool = False
    code: ErrorCode | None = None


def status_banner(health: HealthStatus, services: AppContext) -> StatusBanner:
    """What the owner is told of ``health``; a demo has nothing to be connected with."""
    if services.settings.demo:
        return StatusBanner("demo", "A demo with invented music")
    can_renew = services.has_setup
    if health.problem is not None:
        return _problem_banner(health.problem, services, can_renew)
    label, token = services.labelled_source.known_as, health.token
    if not services.source.needs_authorization:
        known = {**services.settings.stored_source_values, **services.settings.source_values}
        # The name at a server of one's own is for nobody else: there is no page to which it leads.
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
