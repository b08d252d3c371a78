"""The history: which of its plays is the current one, and which are listed. Pure."""

from collections.abc import Sequence

from widget.model.playback import Item, Playback, PlayedItem, is_same_track
from widget.now_playing.expiry import NowPlayingReport
from widget.now_playing.plausibility import INSTANCE_CLOCK_SKEW_SECONDS

LAST_PLAYED_MAX_AGE_SECONDS = 7 * 86_400.0

SAME_PLAY_MIN_SECONDS = 5.0
"""A play that is listed by its end, this long after the present one began, is the present one."""

MAX_SKIPPED_SECONDS = 10.0
UNKNOWN_DURATION_SECONDS = 600.0


def newest_play(*plays: PlayedItem | None) -> PlayedItem | None:
    """Return the play that began last; None without any."""
    return max((play for play in plays if play is not None), key=lambda play: play.played_at, default=None)


def young_plays(plays: Sequence[PlayedItem], now: float) -> tuple[PlayedItem, ...]:
    """Return the plays of the last seven days."""
    return tuple(play for play in plays if now < play.played_at + LAST_PLAYED_MAX_AGE_SECONDS)


def as_last_played(playback: Playback, before: PlayedItem | None) -> PlayedItem | None:
    """Return the current item as last played; a pause keeps the time of ``before``."""
    if playback.item is None:
        return None
    # Otherwise it would seem to have just been played after a long pause.
    if playback.status == "paused" and before is not None and before.item == playback.item:
        return before
    ended_at = playback.ends_at if playback.expires_at is None else None
    return PlayedItem(playback.item, min(playback.observed_at, playback.observed_at if ended_at is None else ended_at))


def is_one_play(one: PlayedItem, other: PlayedItem) -> bool:
    """Return whether both are one play, as two players may submit it."""
    return is_same_track(one.item, other.item) and abs(one.played_at - other.played_at) < INSTANCE_CLOCK_SKEW_SECONDS


def is_present_play(
    play: PlayedItem, playback: Playback | None, report: NowPlayingReport | None, started_at: float | None
) -> bool:
    """Return whether ``play`` is the current one, which some services list before it ends."""
    if playback is None or playback.item is None or not is_same_track(playback.item, play.item):
        return False
    if report is not None:
        return play.played_at >= report.earliest_start
    return started_at is not None and play.played_at >= started_at + SAME_PLAY_MIN_SECONDS


def goes_on(play: PlayedItem, before: Playback | None, playback: Playback) -> bool:
    """Return whether ``playback`` still is ``play``. A new process knows no playback ``before``."""
    if playback.is_restart or playback.item is None or not is_same_track(play.item, playback.item):
        return False
    return before is not None or playback.observed_at < play.played_at + _duration_seconds(play.item)


def was_skipped(play: PlayedItem, now: float) -> bool:
    """Return whether ``play`` was left so early that it does not count."""
    # Half of a very short item is enough.
    return now - play.played_at < min(MAX_SKIPPED_SECONDS, _duration_seconds(play.item) / 2)


def _duration_seconds(item: Item) -> float:
    return UNKNOWN_DURATION_SECONDS if item.duration_ms is None else item.duration_ms / 1000
