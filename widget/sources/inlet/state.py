"""What players have told the inlet: what plays until when, and what was played. Pure; kept in what instances share."""

import json
from dataclasses import dataclass, replace

from widget.model.playback import Item, LastPlayed, Playback
from widget.model.serialization import (
    item_from_plain,
    last_played_from_plain,
    moment,
    optional,
    plain_item,
    plain_last_played,
)

LONGEST_SECONDS = 600.0
SAME_PLAY_SECONDS = 60.0
"""A player's clock and ours may be so far apart about the beginning of one and the same play."""


@dataclass(frozen=True, slots=True)
class Playing:
    """``item`` plays from ``since`` until ``until`` (s since the epoch)."""

    item: Item
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Told:
    """``played`` is newest first, and no longer than is shown. ``told_at`` is when the last post was accepted."""

    playing: Playing | None = None
    played: tuple[LastPlayed, ...] = ()
    told_at: float | None = None

    def plays(self, item: Item, now: float, keep: int) -> "Told":
        """``item`` plays from ``now`` on: for its duration, or ten minutes, or until the next is told."""
        seconds = LONGEST_SECONDS if item.duration_ms is None else item.duration_ms / 1000
        goes_on = self.playing is not None and now < self.playing.until and _is_same(self.playing.item, item)
        before = self if goes_on else self.at(now, keep, ended=True)
        return replace(before, playing=Playing(item, now, now + seconds), told_at=now)

    def heard_out(self, played: tuple[LastPlayed, ...], now: float, keep: int) -> "Told":
        """After ``played``: the newest becomes last played where nothing newer is known, and ends what plays if it is
        the same."""
        before = self.at(now, keep)
        newest = max(played, key=lambda last: last.played_at)
        is_newest = not before.played or newest.played_at >= before.played[0].played_at - SAME_PLAY_SECONDS
        ends = before.playing is not None and is_newest and _is_same(before.playing.item, newest.item)
        return replace(
            before,
            playing=None if ends else before.playing,
            played=_merged((*before.played, *played), keep),
            told_at=now,
        )

    def stopped(self, now: float, keep: int) -> "Told":
        """The player has stopped: what played becomes last played."""
        return replace(self.at(now, keep, ended=True), told_at=now)

    def at(self, now: float, keep: int, *, ended: bool = False) -> "Told":
        """What holds at ``now``: what has come to its end, or has ``ended``, was played."""
        if self.playing is None or not (ended or now >= self.playing.until):
            return self
        last = LastPlayed(self.playing.item, self.playing.since)
        return replace(self, playing=None, played=_merged((*self.played, last), keep))

    def playback(self, now: float) -> Playback:
        """What plays, of what holds at ``now``."""
        if self.playing is None:
            return Playback("idle", now if self.told_at is None else self.told_at)
        return Playback("playing", self.playing.since, self.playing.item, good_until=self.playing.until)


def _is_same(one: Item, other: Item) -> bool:
    if one.id is not None and other.id is not None:
        return one.id == other.id
    return (one.title, one.artists) == (other.title, other.artists)


def _merged(played: tuple[LastPlayed, ...], keep: int) -> tuple[LastPlayed, ...]:
    """The newest ``keep``, each play once."""
    kept: list[LastPlayed] = []
    for last in sorted(played, key=lambda last: last.played_at, reverse=True):
        if not any(
            _is_same(one.item, last.item) and one.played_at - last.played_at < SAME_PLAY_SECONDS for one in kept
        ):
            kept.append(last)
    return tuple(kept[:keep])


def to_text(told: Told) -> str:
    """``told`` for the store, as JSON."""
    playing = told.playing
    return json.dumps(
        {
            "playing": playing and {"item": plain_item(playing.item), "since": playing.since, "until": playing.until},
            "played": [plain_last_played(last) for last in told.played],
            "told_at": told.told_at,
        }
    )


def from_text(text: str | None) -> Told:
    """What :func:`to_text` wrote; having been told nothing, where it cannot be read."""
    try:
        value = json.loads(text or "{}")
        playing = value["playing"]
        return Told(
            playing and Playing(item_from_plain(playing["item"]), moment(playing["since"]), moment(playing["until"])),
            tuple(last_played_from_plain(last) for last in value["played"]),
            optional(moment, value["told_at"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Told()
