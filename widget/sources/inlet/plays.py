"""Plays: the current one and those that ended. Pure; times are seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from widget.model.playback import END_GRACE_SECONDS, Item, Playback

# As long as ListenBrainz itself shows a track without a duration.
DEFAULT_LIFETIME_SECONDS = 600.0
# A player that was closed while paused sends nothing more.
PAUSE_LIFETIME_SECONDS = 1800.0
MIN_EXTENSION_SECONDS = 60.0
REPEAT_WINDOW_SECONDS = 10.0
"""The same item announced this close to its end, or in its last tenth, is a new play."""

REPEAT_JITTER_SECONDS = 3.0
MIN_REPEAT_SECONDS = 25.0
"""Players repeat an announcement every 30 to 65 s; a shorter interval is the listener's doing."""

MIN_PLAY_SECONDS = 10.0
"""An item that another one follows sooner was skipped."""

OVERLAP_SLACK_SECONDS = 10.0
UNKNOWN_DURATION_SKEW_SECONDS = 60.0
"""A listen without a duration may begin this much before its announcement, and still be the same play."""

AT_END_SECONDS = 2.0
"""Players round the position at which an item ended, and its duration."""

SEEK_SECONDS = 2.0
"""Players round positions and send them late, so a smaller difference is not a seek."""


@dataclass(frozen=True, slots=True)
class Play:
    """One play that began at ``played_at``."""

    item: Item
    played_at: float
    is_scrobbled: bool = False

    def is_complete_at(self, now: float) -> bool:
        """Return whether the same item at ``now`` would be a new play, not this one."""
        duration = duration_of(self.item)
        return self.is_scrobbled if duration is None else now >= self.played_at + duration - _repeat_window(duration)

    def is_over_by(self, played_at: float) -> bool:
        """Return whether the same item, if it began at ``played_at``, began after the end of this play."""
        duration = duration_of(self.item)
        return duration is not None and played_at >= self.played_at + duration - OVERLAP_SLACK_SECONDS


@dataclass(frozen=True, slots=True)
class NowPlaying:
    """An item announced at ``since``; it plays, or stays paused, until ``until``.

    ``played_at`` is the beginning of the play, which may have been announced before. ``anchor`` is when the item would
    have begun by the position sent; None without one. ``progress_ms`` is the position of a paused item, paused at
    ``paused_at``. ``client`` is the name that the player gave itself. It announced the item
    again at ``repeated_at``, so long after the time before that.
    """

    item: Item
    since: float
    until: float
    played_at: float
    anchor: float | None = None
    paused_at: float | None = None
    progress_ms: int | None = None
    client: str | None = None
    is_scrobbled: bool = False
    repeated_at: float | None = None
    repeat_seconds: float | None = None

    @property
    def expires_at(self) -> float:
        """The time from which it is idle."""
        # No next item is late after a pause, so nothing needs the grace.
        return self.until if self.paused_at is not None else self.until + END_GRACE_SECONDS

    def is_over_at(self, now: float) -> bool:
        """Return whether it came to its end; visitors may still see it."""
        return self.paused_at is None and now >= self.until

    def has_come_to_its_end(self, now: float, progress_ms: int | None) -> bool:
        """Return whether a player that stops now, at a position (ms, or None), has played it to its end."""
        if self.paused_at is not None or duration_of(self.item) is None:
            return False
        return now >= self.until - AT_END_SECONDS or is_at_end(self.item, progress_ms)

    def is_nearly_over_at(self, now: float) -> bool:
        """Return whether the same item announced at ``now`` is a new play."""
        duration = duration_of(self.item)
        if self.paused_at is not None or duration is None:
            return self.is_over_at(now)
        return now >= self.until - _repeat_window(duration)

    def is_repeat_at(self, now: float) -> bool:
        """Return whether the same item announced at ``now`` is still this play."""
        if self.is_over_at(now):
            return False
        if not self.is_nearly_over_at(now):
            return True
        if self.repeated_at is None or self.repeat_seconds is None or self.repeat_seconds < MIN_REPEAT_SECONDS:
            return False
        # mpris-scrobbler repeats its announcement every 65 s, near the end too.
        return abs(now - self.repeated_at - self.repeat_seconds) <= REPEAT_JITTER_SECONDS

    def repeated(self, now: float) -> NowPlaying:
        """Return the same play after its item was announced again."""
        return replace(self, repeated_at=now, repeat_seconds=now - (self.repeated_at or self.since))

    def progress_at(self, now: float) -> int | None:
        """Return the position in ms; None if the player sent none."""
        if self.paused_at is not None or self.anchor is None:
            return self.progress_ms
        return round((now - self.anchor) * 1000)

    def playback(self) -> Playback:
        """Return it as the model's playback."""
        if self.paused_at is not None:
            return Playback("paused", self.paused_at, self.item, self.progress_ms, expires_at=self.expires_at)
        if self.anchor is not None:
            return Playback("playing", self.anchor, self.item, 0, expires_at=self.expires_at)
        return Playback("playing", self.since, self.item, expires_at=self.expires_at)

    def updated(self, item: Item, now: float, progress_ms: int | None, *, is_paused: bool) -> NowPlaying:
        """Return the same play after an update with its position (ms, or None) and its pause."""
        item, known_ms = _completed(item, self.item), self.progress_at(now)
        if is_paused:
            return self._paused(item, now, known_ms if progress_ms is None else progress_ms)
        if progress_ms is None:
            progress_ms = known_ms
        if progress_ms is None:
            # Without a position the pause itself is all that is known: the end moves on by as much.
            since = self.since if self.paused_at is None else self.since + now - self.paused_at
            return replace(self, item=item, since=since, until=since + lifetime(item), paused_at=None)
        anchor, until = now - progress_ms / 1000, now + DEFAULT_LIFETIME_SECONDS
        if self.anchor is not None and abs(anchor - self.anchor) <= SEEK_SECONDS:
            # Kept, since each new one is an event for every visitor.
            anchor = self.anchor
            until = until if self.until - now < DEFAULT_LIFETIME_SECONDS / 2 else self.until
        if item.duration_ms is not None:
            until = anchor + lifetime(item)
        return replace(self, item=item, until=until, anchor=anchor, paused_at=None, progress_ms=None)

    def _paused(self, item: Item, now: float, progress_ms: int | None) -> NowPlaying:
        until = now + PAUSE_LIFETIME_SECONDS
        if self.paused_at is not None and not _is_seek(self.progress_ms, progress_ms):
            # Each new end is an event for every visitor.
            return replace(self, item=item, until=until if until - self.until >= MIN_EXTENSION_SECONDS else self.until)
        return replace(self, item=item, until=until, anchor=None, paused_at=now, progress_ms=progress_ms)


def is_same_item(one: Item, other: Item) -> bool:
    """Return whether both are the same track, however much was sent of each."""
    if one.id is not None and other.id is not None:
        return one.id == other.id
    # Not every client sends MBIDs.
    if one.title == other.title and one.artists == other.artists:
        return True
    # These are normalized, so they also match in case and credits.
    shared = one.hide_keys & other.hide_keys
    return all(any(key.startswith(kind) for key in shared) for kind in ("track:", "artist:"))


def _completed(item: Item, known: Item) -> Item:
    """Return ``item`` with the values of ``known``, the same track, that it lacks."""
    return replace(
        item,
        id=item.id or known.id,
        url=item.url or known.url,
        album=item.album or known.album,
        artwork=item.artwork or known.artwork,
        duration_ms=item.duration_ms or known.duration_ms,
        hide_keys=item.hide_keys | known.hide_keys,
    )


def lifetime(item: Item) -> float:
    """Return for how many seconds an announcement of ``item`` counts."""
    duration = duration_of(item)
    return DEFAULT_LIFETIME_SECONDS if duration is None else duration


def duration_of(item: Item) -> float | None:
    return None if item.duration_ms is None else item.duration_ms / 1000


def _repeat_window(duration: float) -> float:
    return max(duration / 10, REPEAT_WINDOW_SECONDS)


def do_overlap(one: Item, other: Item, one_at: float, other_at: float) -> bool:
    # The second submission of a play may lack the duration.
    duration = duration_of(one) or duration_of(other)
    limit = DEFAULT_LIFETIME_SECONDS if duration is None else duration + OVERLAP_SLACK_SECONDS
    return abs(one_at - other_at) < limit


def is_restart(playing: NowPlaying, now: float, progress_ms: int | None, is_paused: bool) -> bool:
    """Return whether a position of the same item belongs to a new play."""
    if progress_ms is None:
        return playing.is_over_at(now) if is_paused else playing.is_nearly_over_at(now)
    if playing.is_over_at(now):
        return True
    known_ms, duration = playing.progress_at(now), duration_of(playing.item)
    if progress_ms >= REPEAT_WINDOW_SECONDS * 1000 or duration is None:
        return False
    if known_ms is None:
        return playing.is_nearly_over_at(now)
    return known_ms / 1000 >= max(duration - _repeat_window(duration), REPEAT_WINDOW_SECONDS)


def is_at_end(item: Item, progress_ms: int | None) -> bool:
    """Return whether ``item`` is over at a position."""
    if progress_ms is None or item.duration_ms is None:
        return False
    return progress_ms >= item.duration_ms - AT_END_SECONDS * 1000


def _is_seek(known_ms: int | None, progress_ms: int | None) -> bool:
    if known_ms is None or progress_ms is None:
        return known_ms != progress_ms
    return abs(known_ms - progress_ms) > SEEK_SECONDS * 1000
