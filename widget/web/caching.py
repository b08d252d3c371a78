"""``Cache-Control`` of every response that shows a snapshot: a cached copy is true too."""

from __future__ import annotations

from math import ceil, floor

from widget.model.snapshot import Snapshot

MAX_AGE_SECONDS = 10
# Short, so that the end of an outage shows.
MAX_AGE_OF_ERRORS_SECONDS = 5
PROGRESS_STEP_MS = 5_000
"""While progress moves the ETag changes this often, else each 304 would confirm the progress of the first response."""

# As long as the server itself shows a stale response.
STALE_IF_ERROR_SECONDS = 300


def progress_step(snapshot: Snapshot, now: float) -> int | None:
    """Return the number of the current step of progress; None unless progress moves."""
    progress_ms = snapshot.progress_at(now) if snapshot.status == "playing" else None
    return None if progress_ms is None else progress_ms // PROGRESS_STEP_MS


def max_age(snapshot: Snapshot, now: float) -> int:
    """Return the seconds until news is expected, 1 to 10; at most 5 for errors and moving progress."""
    longest = MAX_AGE_OF_ERRORS_SECONDS if snapshot.status == "unavailable" else MAX_AGE_SECONDS
    seconds = min(1.0 if snapshot.next_update_at is None else snapshot.next_update_at - now, longest)
    progress_ms = snapshot.progress_at(now) if snapshot.status == "playing" else None
    if progress_ms is not None:
        seconds = min(seconds, (PROGRESS_STEP_MS - progress_ms % PROGRESS_STEP_MS) / 1000)
    return max(1, int(seconds))


def cache_control(snapshot: Snapshot, now: float) -> str:
    """Return the ``Cache-Control`` of JSON and text at ``now`` (s since the epoch)."""
    age = max_age(snapshot, now)
    value = f"public, max-age={age}, s-maxage={age}"
    if snapshot.problem is not None:
        return value
    # A stale copy of moving progress must not be older than one step.
    revalidate = age if progress_step(snapshot, now) is not None else age * 2
    return f"{value}, {stale_directives(snapshot, now, fresh_seconds=age, revalidate_seconds=revalidate)}"


def as_private(cache_control: str) -> str:
    """Return ``cache_control`` for a response made for one request, which no shared cache may keep.

    Some shared caches obey ``s-maxage`` beside ``private``, so it goes (RFC 9111, section 5.2.2).
    """
    kept = [one for one in cache_control.split(", ") if one != "public" and not one.startswith("s-maxage=")]
    return ", ".join(("private", *kept))


def stale_directives(snapshot: Snapshot, now: float, *, fresh_seconds: int, revalidate_seconds: int) -> str:
    """Return ``stale-while-revalidate`` and ``stale-if-error`` (RFC 5861).

    Both count from the end of the ``fresh_seconds``, and never reach beyond ``valid_until``.
    """
    limit = STALE_IF_ERROR_SECONDS
    if snapshot.valid_until is not None:
        # nginx obeys stale-if-error to the letter, and showed a song for minutes after its end.
        limit = max(0, min(limit, floor(snapshot.valid_until - now) - fresh_seconds))
    return f"stale-while-revalidate={min(revalidate_seconds, limit)}, stale-if-error={limit}"


def retry_after(snapshot: Snapshot, now: float) -> int | None:
    """Return the whole seconds after which the source may be polled again; None if unknown."""
    problem = snapshot.problem
    return None if problem is None or problem.retry_at is None else max(1, ceil(problem.retry_at - now))
