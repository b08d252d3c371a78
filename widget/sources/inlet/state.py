"""What players have told the inlet: what plays until when, and what was played. Pure; kept in what instances share."""

import json
from dataclasses import dataclass, replace

from widget.model.playback import Item, Playback, PlayedItem
from widget.model.serialization import (
    item_from_dict,
    item_to_dict,
    optional,
    played_item_from_dict,
    played_item_to_dict,
    require_timestamp,
)

DEFAULT_LIFETIME_SECONDS = 600.0
SAME_PLAY_SECONDS = 60.0
"""A player's clock and ours may be so far apart about the beginning of one and the same play."""


@dataclass(frozen=True, slots=True)
class NowPlaying:
    """``item`` plays from ``since`` until ``until`` (s since the epoch)."""

    item: Item
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class SubmittedState:
    """``played`` is newest first, and no longer than is shown. ``told_at`` is when the last post was accepted."""

    playing: NowPlaying | None = None
    played: tuple[PlayedItem, ...] = ()
    last_push_at: float | None = None

    def with_now_playing(self, item: Item, now: float, keep: int) -> "SubmittedState":
        """``item`` plays from ``now`` on: for its duration, or ten minutes, or until the next is told."""
        seconds = DEFAULT_LIFETIME_SECONDS if item.duration_ms is None else item.duration_ms / 1000
        goes_on = self.playing is not None and now < self.playing.until and _is_same(self.playing.item, item)
        before = self if goes_on else self.expired_at(now, keep, ended=True)
        return replace(before, playing=NowPlaying(item, now, now + seconds), last_push_at=now)

    def with_listens(self, played: tuple[PlayedItem, ...], now: float, keep: int) -> "SubmittedState":
        """After ``played``: the newest becomes last played where nothing newer is known, and ends what plays if it is
        the same."""
        before = self.expired_at(now, keep)
        newest = max(played, key=lambda last: last.played_at)
        is_newest = not before.played or newest.played_at >= before.played[0].played_at - SAME_PLAY_SECONDS
        ends = before.playing is not None and is_newest and _is_same(before.playing.item, newest.item)
        return replace(
            before,
            playing=None if ends else before.playing,
            played=_merged((*before.played, *played), keep),
            last_push_at=now,
        )

    def without_now_playing(self, now: float, keep: int) -> "SubmittedState":
        """The player has stopped: what played becomes last played."""
        return replace(self.expired_at(now, keep, ended=True), last_push_at=now)

    def expired_at(self, now: float, keep: int, *, ended: bool = False) -> "SubmittedState":
        """What holds at ``now``: what has come to its end, or has ``ended``, was played."""
        if self.playing is None or not (ended or now >= self.playing.until):
            return self
        last = PlayedItem(self.playing.item, self.playing.since)
        return replace(self, playing=None, played=_merged((*self.played, last), keep))

    def playback(self, now: float) -> Playback:
        """What plays, of what holds at ``now``."""
        if self.playing is None:
            return Playback("idle", now if self.last_push_at is None else self.last_push_at)
        return Playback("playing", self.playing.since, self.playing.item, expires_at=self.playing.until)


def _is_same(one: Item, other: Item) -> bool:
    if one.id is not None and other.id is not None:
        return one.id == other.id
    return (one.title, one.artists) == (other.title, other.artists)


def _merged(played: tuple[PlayedItem, ...], keep: int) -> tuple[PlayedItem, ...]:
    """The newest ``keep``, each play once."""
    kept: list[PlayedItem] = []
    for last in sorted(played, key=lambda last: last.played_at, reverse=True):
        if not any(
            _is_same(one.item, last.item) and one.played_at - last.played_at < SAME_PLAY_SECONDS for one in kept
        ):
            kept.append(last)
    return tuple(kept[:keep])


def dump_submitted(told: SubmittedState) -> str:
    """``told`` for the store, as JSON."""
    playing = told.playing
    return json.dumps(
        {
            "playing": playing and {"item": item_to_dict(playing.item), "since": playing.since, "until": playing.until},
            "played": [played_item_to_dict(last) for last in told.played],
            "told_at": told.last_push_at,
        }
    )


def load_submitted(text: str | None) -> SubmittedState:
    """What :func:`to_text` wrote; having been told nothing, where it cannot be read."""
    try:
        value = json.loads(text or "{}")
        playing = value["playing"]
        return SubmittedState(
            playing
            and NowPlaying(
                item_from_dict(playing["item"]),
                require_timestamp(playing["since"]),
                require_timestamp(playing["until"]),
            ),
            tuple(played_item_from_dict(last) for last in value["played"]),
            optional(require_timestamp, value["told_at"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return SubmittedState()
