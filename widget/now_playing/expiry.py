"""How long a now-playing report is believed, if the source reports no end. Pure.

A report lingers after a player vanished or paused. It is believed for a time since its last sign of life, and does not
come back by lingering on; an absence, another track or a new scrobble brings it back.
"""

from dataclasses import dataclass, replace

from widget.model.playback import Item, Playback, is_same_track
from widget.model.sources import ExpiryRule

PLAYER_CLOCK_SKEW_SECONDS = 30.0
"""A player's clock may be this much behind when it says that a play began."""


@dataclass(frozen=True, slots=True)
class NowPlayingReport:
    """``item`` gave its last sign of life at ``reported_at``; times in s since the epoch.

    The play cannot have begun before ``earliest_start``, but an earlier play of the track did. ``newest_played_at`` is
    when the newest play that ended began, as reported with the item.
    """

    item: Item
    reported_at: float
    earliest_start: float
    newest_played_at: float | None = None

    def expires_at(self, expiry: ExpiryRule) -> float:
        """Return the time until which the report is believed."""
        return self.reported_at + lifetime_seconds(self.item, expiry)


def lifetime_seconds(item: Item, expiry: ExpiryRule) -> float:
    """Return for how many seconds a report of ``item`` is believed."""
    if not expiry.by_duration or item.duration_ms is None:
        return expiry.max_age
    return item.duration_ms / 1000 + expiry.grace


def update_report(
    before: NowPlayingReport | None, playback: Playback, last_response_at: float | None, expiry: ExpiryRule
) -> NowPlayingReport | None:
    """Return the report that ``playback`` makes or continues; None if nothing plays.

    ``last_response_at`` is when the response before this one came.
    """
    if playback.status != "playing" or playback.item is None:
        return None
    observed_at = playback.observed_at
    if (
        before is None
        or not is_same_track(before.item, playback.item)
        or _was_unobserved(before, playback, last_response_at, expiry)
    ):
        earliest_start = observed_at - max(expiry.max_age, lifetime_seconds(playback.item, expiry))
        if last_response_at is not None:
            earliest_start = max(earliest_start, last_response_at - PLAYER_CLOCK_SKEW_SECONDS)
        return NowPlayingReport(playback.item, observed_at, earliest_start, playback.newest_played_at)
    newest = playback.newest_played_at
    if newest is None or (before.newest_played_at is not None and newest <= before.newest_played_at):
        return before
    previous = before.newest_played_at or 0.0
    return replace(
        before,
        reported_at=observed_at,
        # After the play that was listed before, which is another one.
        earliest_start=max(before.earliest_start, previous + 1.0),
        newest_played_at=newest,
    )


def apply_expiry(playback: Playback, report: NowPlayingReport | None, expiry: ExpiryRule) -> Playback:
    """Return ``playback`` with its expiry, or idle if it has expired."""
    if report is None:
        return replace(playback, newest_played_at=None)
    expires_at = report.expires_at(expiry)
    if playback.observed_at >= expires_at:
        return Playback("idle", playback.observed_at)
    return replace(playback, expires_at=expires_at, newest_played_at=None)


def _was_unobserved(
    before: NowPlayingReport, playback: Playback, last_response_at: float | None, expiry: ExpiryRule
) -> bool:
    """Return whether the last response is so old that the report before cannot be this one."""
    if not expiry.by_duration or last_response_at is None:
        return False
    return playback.observed_at - last_response_at > max(expiry.max_age, lifetime_seconds(before.item, expiry))
