"""How long what is announced as playing is believed, where nobody tells when it ends. Pure.

An announcement lingers where a player vanished, or was paused. So it is believed for a time since its last sign of
life, and when that is over it does not come back by just being there; anything in between brings it back.
"""

from dataclasses import dataclass, replace

from widget.model.playback import Item, Playback
from widget.model.sources import ExpiryRule

PLAYER_CLOCK_SKEW_SECONDS = 30.0
"""A player's clock may say that a play began so much earlier than it did."""


@dataclass(frozen=True, slots=True)
class NowPlayingReport:
    """``item`` was announced first, or gave its last sign of life, at ``since``; times in s since the epoch.

    ``began_after`` is the earliest moment at which this play can have begun: an earlier play of the same track has
    begun before it. ``newest_played_at`` is when the newest play that ended has begun, as told with the announcement.
    """

    item: Item
    reported_at: float
    earliest_start: float
    newest_played_at: float | None = None

    def expires_at(self, endurance: ExpiryRule) -> float:
        """Until when it is believed."""
        return self.reported_at + lifetime_seconds(self.item, endurance)


def lifetime_seconds(item: Item, endurance: ExpiryRule) -> float:
    """For how many seconds an announcement of ``item`` is believed."""
    if not endurance.by_duration or item.duration_ms is None:
        return endurance.max_age
    return item.duration_ms / 1000 + endurance.grace


def update_report(
    before: NowPlayingReport | None, told: Playback, heard_before: float | None, endurance: ExpiryRule
) -> NowPlayingReport | None:
    """The announcement that ``told`` makes, or goes on with; None where nothing is announced.

    ``heard_before`` is when the answer before this one came.
    """
    if told.status != "playing" or told.item is None:
        return None
    if before is None or not is_same_track(before.item, told.item) or _was_away(before, told, heard_before, endurance):
        began_after = told.observed_at - max(endurance.max_age, lifetime_seconds(told.item, endurance))
        if heard_before is not None:
            began_after = max(began_after, heard_before - PLAYER_CLOCK_SKEW_SECONDS)
        return NowPlayingReport(told.item, told.observed_at, began_after, told.newest_played_at)
    newest = told.newest_played_at
    if newest is None or (before.newest_played_at is not None and newest <= before.newest_played_at):
        return before
    after_that = before.newest_played_at or 0.0
    return replace(
        before,
        reported_at=told.observed_at,
        earliest_start=max(before.earliest_start, after_that + 1.0),
        newest_played_at=newest,
    )


def apply_expiry(told: Playback, announced: NowPlayingReport | None, endurance: ExpiryRule) -> Playback:
    """``told`` with the moment until which it is good; nothing playing, where that is over."""
    if announced is None:
        return replace(told, newest_played_at=None)
    good_until = announced.expires_at(endurance)
    if told.observed_at >= good_until:
        return Playback("idle", told.observed_at)
    return replace(told, expires_at=good_until, newest_played_at=None)


def is_same_track(one: Item, other: Item) -> bool:
    """Whether both are the same track, however much was told of each."""
    if one.uri is not None and other.uri is not None:
        return one.uri == other.uri
    if one.id is not None and other.id is not None:
        return one.id == other.id
    if one.title.casefold() != other.title.casefold():
        return False
    return one.artists == other.artists or bool(_credits(one) & _credits(other))


def _credits(item: Item) -> set[str]:
    return {name for name in item.hide_keys if name.startswith("artist:")}


def _was_away(before: NowPlayingReport, told: Playback, heard_before: float | None, endurance: ExpiryRule) -> bool:
    """Whether nobody asked for so long that the announcement of before cannot be this one."""
    if not endurance.by_duration or heard_before is None:
        return False
    return told.observed_at - heard_before > max(endurance.max_age, lifetime_seconds(before.item, endurance))
