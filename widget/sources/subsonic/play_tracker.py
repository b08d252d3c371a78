"""The playback, concluded from one response after another. No I/O.

Servers without ``playbackReport`` say which song a player began and how many minutes ago, not when it ends. Some drop
an entry three minutes after its beginning, others keep it for long after its end.
"""

from dataclasses import dataclass, replace

from widget.model.playback import END_GRACE_SECONDS, Item, Playback
from widget.sources.subsonic.payloads import Entry

UNKNOWN_DURATION_SECONDS = 600.0
ENTRY_LIFETIME_SECONDS = 180.0
"""Servers that drop entries by their age drop them no earlier."""

MINUTES_TOLERANCE = 0.1
SEEK_SECONDS = 3.0
MAX_RESTART_MS = 8_000
"""A position up to this, after a greater one, is the beginning of another play; polls are some seconds apart."""

# Within 2 % a position errs by 0.1 s from one poll to the next, 5 s later.
NORMAL_RATES = (0.98, 1.02)


@dataclass(frozen=True, slots=True)
class _Play:
    """A play first seen at ``seen_at`` (s since the epoch), which had begun ``minutes_ago``.

    It began at ``earliest_start`` or later: the answer before did not have it yet, or the minutes were rounded down.
    """

    song_id: str
    item: Item
    seen_at: float
    minutes_ago: float
    earliest_start: float
    ends_at: float


class PlayTracker:
    """Remembers the play of the answers before."""

    def __init__(self) -> None:
        self._play: _Play | None = None
        self._starting: tuple[str, int, float] | None = None
        self._other_rate: tuple[str, float] | None = None
        self._began: tuple[str, float] | None = None
        self._absences = 0
        self._last_at: float | None = None

    def observe(self, entries: tuple[Entry, ...], now: float, *, has_reports: bool) -> Playback:
        """Return the playback by the ``entries`` that were true at ``now`` (s since the epoch)."""
        reported = [entry for entry in entries if has_reports and entry.state is not None]
        without_state = [entry for entry in entries if not (has_reports and entry.state is not None)]
        active = [entry for entry in reported if entry.state != "stopped"]
        self._absences = 0 if entries else self._absences + 1
        if active:
            # A player that plays goes before one that is paused.
            playback = self._reported(min(active, key=_paused_then_minutes), now)
        elif without_state:
            playback = self._read_stateless(min(without_state, key=lambda entry: entry.minutes_ago), now)
        elif reported:
            playback = Playback("idle", now)
        else:
            playback = self._absent(now)
        # A player that reports ended the guess about it.
        if reported and not without_state:
            self._play = None
        self._last_at = now
        return playback

    def _reported(self, entry: Entry, now: float) -> Playback:
        before, self._began = self._began, None
        if entry.state == "paused":
            return Playback("paused", now, entry.item, entry.position_ms)
        if not NORMAL_RATES[0] <= entry.rate <= NORMAL_RATES[1]:
            return self._at_other_rate(entry, now)
        if entry.state == "starting" and entry.position_ms is not None:
            # Servers do not advance the position until the player reports again.
            key = (f"{entry.player}/{entry.song_id}", entry.position_ms)
            if self._starting is None or self._starting[:2] != key:
                self._starting = (*key, now)
            position_ms = entry.position_ms + round((now - self._starting[2]) * 1000)
        elif entry.position_ms is None:
            return Playback("playing", now, entry.item)
        else:
            self._starting, position_ms = None, entry.position_ms
        began_at = now - position_ms / 1000
        self._began = (entry.song_id, began_at)
        is_restart = (
            before is not None
            and before[0] == entry.song_id
            and began_at - before[1] > SEEK_SECONDS
            and position_ms < MAX_RESTART_MS
        )
        return Playback("playing", now, entry.item, position_ms, is_restart=is_restart)

    def _at_other_rate(self, entry: Entry, now: float) -> Playback:
        """Return the playback with its end, but no position: that moves faster or slower than time."""
        if entry.position_ms is None or entry.item.duration_ms is None:
            return Playback("playing", now, entry.item)
        ends_at = now + max(0, entry.item.duration_ms - entry.position_ms) / 1000 / entry.rate
        known = self._other_rate
        if known is None or known[0] != entry.song_id or abs(known[1] - ends_at) > SEEK_SECONDS:
            known = self._other_rate = (entry.song_id, ends_at)
        return Playback("playing", now, entry.item, expires_at=known[1] + END_GRACE_SECONDS)

    def _read_stateless(self, entry: Entry, now: float) -> Playback:
        play, is_restart = self._play, False
        if play is None or play.song_id != entry.song_id:
            play = self._begin(entry, now)
        elif _has_restarted(play, entry, now):
            play, is_restart = self._begin(entry, now), True
        self._play = replace(play, item=entry.item)
        return replace(_until_end(self._play, now), is_restart=is_restart)

    def _begin(self, entry: Entry, now: float) -> _Play:
        began_at = now - entry.minutes_ago * 60
        # Whole minutes are rounded down, so it may have begun up to a minute earlier.
        earliest = began_at - (60 if entry.is_whole_minutes else 0)
        if self._last_at is not None:
            # But not before the last answer, which did not list it.
            earliest = min(began_at, max(earliest, self._last_at))
        duration_ms = entry.item.duration_ms
        seconds = UNKNOWN_DURATION_SECONDS if duration_ms is None else duration_ms / 1000
        return _Play(entry.song_id, entry.item, now, entry.minutes_ago, earliest, began_at + seconds)

    def _absent(self, now: float) -> Playback:
        """Return the playback if no player of the user is listed, which once proves nothing."""
        play = self._play
        if play is not None and now - play.earliest_start >= ENTRY_LIFETIME_SECONDS:
            return _until_end(play, now)
        # One empty answer also comes between two songs.
        if self._absences > 1:
            self._play = None
        return Playback("idle", now, is_authoritative=False)


def _paused_then_minutes(entry: Entry) -> tuple[bool, float]:
    return entry.state == "paused", entry.minutes_ago


def _has_restarted(play: _Play, entry: Entry, now: float) -> bool:
    """Return whether fewer minutes have passed than if it were still the same play."""
    least = play.minutes_ago + (now - play.seen_at) / 60
    return entry.minutes_ago + (1.0 if entry.is_whole_minutes else MINUTES_TOLERANCE) <= least


def _until_end(play: _Play, now: float) -> Playback:
    expires_at = play.ends_at + END_GRACE_SECONDS
    return Playback("idle", now) if now >= expires_at else Playback("playing", now, play.item, expires_at=expires_at)
