"""How things stand, in the words of the builder's head and of its one notice; each thing is told once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from widget.clock import to_utc
from widget.model.errors import ErrorCode
from widget.model.snapshot import SourceProblem
from widget.model.sources import SourceInfo
from widget.notifications.health import HealthStatus
from widget.web.context import AppContext

StatusLevel = Literal["good", "soon", "bad", "demo"]

_LINES: Mapping[ErrorCode, str] = {
    "not_configured": "Not set up yet",
    "needs_authorization": "Not connected any more",
    "bad_credentials": "Not connected",
    "forbidden": "Not connected",
    "unknown_user": "Not connected",
    "private": "Not connected",
    "rate_limited": "Waiting",
    "quota_exceeded": "Waiting",
    "budget_spent": "Waiting",
    "store_unavailable": "Out of order",
    "internal_error": "Out of order",
}
_NO_ANSWER = "No answer"
_BY_COMMAND = "on your own computer, in the program’s directory, run"
_STEPS: Mapping[ErrorCode, tuple[str, ...]] = {
    "not_configured": (
        _BY_COMMAND,
        "{bootstrap}",
        "and, for the settings of a host,",
        "python -m bootstrap export",
    ),
    "needs_authorization": (_BY_COMMAND, "{bootstrap}"),
    "rate_limited": ("Nothing is to be done: it goes on by itself.",),
    "quota_exceeded": (
        "Nothing is to be done: it goes on by itself. All apps of your developer account share that quota.",
    ),
    "budget_spent": ("Nothing is to be done; for more of them raise", "CALLS_PER_DAY"),
    "store_unavailable": ("See that the place that it names can be written:", "DATABASE_URL"),
    "internal_error": ("It goes on trying; if it stays so, start it again.",),
}
_SPENT = (
    "Spotify replaced the token of SPOTIFY_REFRESH_TOKEN, which is spent now, and this host’s disk does not last: the "
    "next restart ends the access."
)
_KEEP_IT = ("Authorize again once a Postgres database or a mounted disk stands in", "DATABASE_URL")
_GOES_ON = ("Nothing is to be done: it goes on asking.",)


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
    can_renew = services.settings.setup_key is not None and services.source.needs_authorization
    if health.problem is not None:
        return _trouble(health.problem, services.labelled_source, can_renew)
    label, token = services.labelled_source.label, health.token
    if not services.source.needs_authorization:
        known = {**services.settings.stored_source_values, **services.settings.source_values}
        # The name at a server of one's own is for nobody else: there is no page to which it leads.
        listener = known.get(f"{services.source.prefix}USER") if services.source.url else None
        return StatusBanner("good", f"Connected to {label}" + (f" as {listener}" if listener else ""))
    if token.seed_is_spent:
        return StatusBanner("soon", f"{label} is connected until the next restart", _SPENT, _KEEP_IT)
    if token.expires_at is None:
        return StatusBanner("good", f"{label} is connected")
    day = to_utc(token.expires_at)
    line = f"{label} is connected until {day.day} {day:%B %Y}"
    if token.state != "expires_soon":
        return StatusBanner("good", line)
    days = "1 day" if token.days_left == 1 else f"{token.days_left} days"
    return StatusBanner("soon", f"{line}: {days} left", renew=can_renew)


def _trouble(problem: SourceProblem, source: SourceInfo, can_renew: bool) -> StatusBanner:
    code = problem.code
    bootstrap = "python -m bootstrap" if source.needs_authorization else f"python -m bootstrap --source {source.name}"
    step = tuple(part.format(bootstrap=bootstrap) for part in _STEPS.get(code, () if code in _LINES else _GOES_ON))
    told = "" if code == "not_configured" else problem.message
    renew = can_renew and code in ("needs_authorization", "not_configured")
    if step and not renew:
        step = (step[0][0].upper() + step[0][1:], *step[1:])
    return StatusBanner("bad", _LINES.get(code, _NO_ANSWER), told, step, renew, code)
