"""The status of the builder's head and notice, from the health of the program."""

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
    """``headline`` stands in the head of the page, beside a dot in the color of ``level``.

    ``message`` is the problem, empty if there is none; ``action`` the next step, text and code in turn. ``renew``: link
    to ``/setup``.
    """

    level: StatusLevel
    headline: str
    message: str = ""
    action: tuple[str, ...] = ()
    renew: bool = False
    code: ErrorCode | None = None


def status_banner(health: HealthStatus, context: AppContext) -> StatusBanner:
    """Return the banner for ``health``; a demo has no connection to report."""
    if context.settings.demo:
        return StatusBanner("demo", "A demo with invented music")
    if health.problem is not None:
        return _problem_banner(health.problem, context)
    label, token = context.labelled_source.known_as, health.token
    if not context.source.needs_authorization:
        known = {**context.settings.stored_source_values, **context.settings.source_values}
        # The name at one's own server is private: it has no public page.
        listener = known.get(f"{context.source.prefix}USER") if context.source.url else None
        return StatusBanner("good", f"Connected to {label}" + (f" as {listener}" if listener else ""))
    if token.seed_is_spent:
        return StatusBanner(
            "soon", f"{label}: {SEED_SPENT.headline}", SEED_SPENT.explanation, _parts(SEED_SPENT.action)
        )
    if token.expires_at is None:
        return StatusBanner("good", f"{label} is connected")
    day = to_utc(token.expires_at)
    headline = f"{label} is connected until {day.day} {day:%B %Y}"
    if token.state != "expires_soon":
        return StatusBanner("good", headline)
    days = "1 day" if token.days_left == 1 else f"{token.days_left} days"
    return StatusBanner("soon", f"{headline}: {days} left", renew=context.has_setup)


def _problem_banner(problem: SourceProblem, context: AppContext) -> StatusBanner:
    code = problem.code
    info = error_info(code, context.labelled_source)
    can_authorize = code in ("needs_authorization", "not_configured")
    # The source's own message says more than the table, the next step included.
    if not can_authorize and problem.message != info.message:
        return StatusBanner("bad", info.headline, problem.message, code=code)
    action = _parts(info.action)
    return StatusBanner("bad", info.headline, info.explanation, action, can_authorize and context.has_setup, code)


def _parts(action: str) -> tuple[str, ...]:
    """Split an action into text and code in turn."""
    return tuple(action.split("`"))
