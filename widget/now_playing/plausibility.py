"""Checks of the reported progress against the previous report. Pure.

Spotify has been seen to report a progress at or past the end again and again, for hours, or one that never moves. Times
in the future were stored while a machine's clock was wrong.
"""

from widget.model.playback import Playback

# Two responses within a second may rightly hold the same progress.
FROZEN_AFTER_SECONDS = 1.0
INSTANCE_CLOCK_SKEW_SECONDS = 60.0
"""The clocks of instances may differ by this; later dates are wrong."""

NEAR_END_SECONDS = 30.0
RESTART_THRESHOLD_MS = 3_000
"""A progress that falls by more has begun again."""


def is_same_playing_item(before: Playback | None, playback: Playback) -> bool:
    """Return whether the same item plays in both."""
    return before is not None and before.status == playback.status == "playing" and before.item == playback.item


def has_passed_end(playback: Playback) -> bool:
    """Return whether the progress lies at or past the end, which then is when the item ended."""
    return playback.ends_at is not None and playback.expires_at is None and playback.ends_at <= playback.observed_at


def repeats_known_end(before: Playback | None, playback: Playback) -> bool:
    """Return whether ``playback`` reports an end that is known, and so does not move it."""
    if before is None or before.ends_at is None:
        return False
    if not is_same_playing_item(before, playback) or not has_passed_end(playback):
        return False
    # A vanished client's end moves on with every response.
    return before.ends_at <= (playback.ends_at or 0.0)


def is_near_known_end(before: Playback | None, before_ms: int | None, playback: Playback) -> bool:
    """Return whether ``playback``, received after the known end, still is about that end.

    ``before_ms`` is the progress as it was reported before; a lower one is another play of the item.
    """
    if before is None or before.ends_at is None or playback.ends_at is None:
        return False
    if not is_same_playing_item(before, playback):
        return False
    if (before_ms or 0) - (playback.progress_ms or 0) > RESTART_THRESHOLD_MS:
        return False
    return playback.observed_at >= before.ends_at and playback.ends_at - before.ends_at < NEAR_END_SECONDS


def is_progress_frozen(before: Playback | None, before_ms: int | None, playback: Playback) -> bool:
    """Return whether the progress still is ``before_ms`` although the item is playing."""
    if before is None or before_ms is None:
        return False
    if not is_same_playing_item(before, playback) or has_passed_end(playback):
        return False
    return playback.progress_ms == before_ms and playback.observed_at - before.observed_at >= FROZEN_AFTER_SECONDS
