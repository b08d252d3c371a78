"""What a source's clock says that cannot be, judged by what it said before. Pure.

Seen at Spotify: a progress at or past the end while it claims to play, again and again, for minutes or hours; a
progress that never moves; times in the future, after a machine's clock was wrong once.
"""

from widget.model.playback import Playback

FROZEN_AFTER_SECONDS = 1.0
INSTANCE_CLOCK_SKEW_SECONDS = 60.0
"""Instances' clocks may differ by this; what lies further in the future was written while a clock was wrong."""

NEAR_END_SECONDS = 30.0


def is_same_playing_item(known: Playback | None, told: Playback) -> bool:
    """Whether ``told`` is the item that played before, and plays."""
    return known is not None and known.status == told.status == "playing" and known.item == told.item


def has_passed_end(told: Playback) -> bool:
    """Whether the progress lies at or past the end: that says when the end was."""
    return told.ends_at is not None and told.expires_at is None and told.ends_at <= told.observed_at


def repeats_known_end(known: Playback | None, told: Playback) -> bool:
    """Whether ``told`` repeats an end that was known: it does not move it."""
    if known is None or known.ends_at is None or not is_same_playing_item(known, told) or not has_passed_end(told):
        return False
    return known.ends_at <= (told.ends_at or 0.0)


def is_near_known_end(known: Playback | None, told: Playback) -> bool:
    """Whether ``told``, heard after the known end, says little more than that the same item is at its end."""
    if known is None or known.ends_at is None or told.ends_at is None or not is_same_playing_item(known, told):
        return False
    return told.observed_at >= known.ends_at and told.ends_at - known.ends_at < NEAR_END_SECONDS


def is_progress_frozen(known: Playback | None, known_ms: int | None, told: Playback) -> bool:
    """Whether the progress (``known_ms`` when it was told last) has not moved though the item claims to play."""
    if known is None or known_ms is None or not is_same_playing_item(known, told) or has_passed_end(told):
        return False
    return told.progress_ms == known_ms and told.observed_at - known.observed_at >= FROZEN_AFTER_SECONDS
