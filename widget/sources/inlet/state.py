"""The state that players submitted: the current play, and those that ended. Pure.

Every instance shares it through the store. The rules follow what real clients send, which is less than ListenBrainz's
documentation promises: docs/players.md has the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from widget.model.playback import Item, Playback, PlayedItem
from widget.model.tokens import STORED_CLOCK_SKEW_SECONDS
from widget.sources.inlet.plays import (
    AT_END_SECONDS,
    MIN_PLAY_SECONDS,
    OVERLAP_SLACK_SECONDS,
    REPEAT_WINDOW_SECONDS,
    UNKNOWN_DURATION_SKEW_SECONDS,
    NowPlaying,
    Play,
    do_overlap,
    duration_of,
    is_at_end,
    is_restart,
    is_same_item,
    lifetime,
)

MAX_AGE_SECONDS = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class SubmittedState:
    """``played`` is newest first, and no longer than the list of visitors.

    ``last_push_at`` is when the last post was accepted, ``updated_at`` when the last one that is not hidden was.
    """

    playing: NowPlaying | None = None
    played: tuple[Play, ...] = ()
    last_push_at: float | None = None
    updated_at: float | None = None

    def with_now_playing(self, item: Item, now: float, keep: int, client: str | None = None) -> SubmittedState:
        """Return the state after ``item`` was announced without a position.

        Announcing it again before its end changes nothing.
        """
        before = self.expired_at(now, keep)
        playing = before.playing
        if playing is not None and is_same_item(playing.item, item) and playing.is_repeat_at(now):
            return replace(before, playing=playing.repeated(now)).accepted_at(now)
        return before._begin(item, now, keep, client=client).accepted_at(now)

    def with_progress(
        self, item: Item, now: float, keep: int, progress_ms: int | None, *, is_paused: bool, client: str | None = None
    ) -> SubmittedState:
        """Return the state after an update with the position of ``item`` (ms, or None)."""
        if progress_ms is not None and item.duration_ms is not None:
            progress_ms = min(progress_ms, item.duration_ms)
        before = self.expired_at(now, keep)
        playing = before.playing
        if is_paused and is_at_end(item, progress_ms):
            # What stands still there has ended: websites pause so after their last song.
            if playing is None or not is_same_item(playing.item, item) or playing.is_over_at(now):
                return before.accepted_at(now)
            is_paused = False
        if playing is None or not is_same_item(playing.item, item) or is_restart(playing, now, progress_ms, is_paused):
            before = before._begin(item, now, keep, progress_ms=progress_ms, client=client)
            playing = before.playing
        assert playing is not None  # noqa: S101 - for mypy; one has just begun or goes on.
        after = replace(before, playing=playing.updated(item, now, progress_ms, is_paused=is_paused))
        return after.accepted_at(now)

    def with_listens(self, listens: Iterable[PlayedItem], now: float, keep: int, *, is_import: bool) -> SubmittedState:
        """Return the state after ``listens`` were submitted, which are not hidden.

        A listen is sent in the middle of its play, at its end, or much later. It ends the current play only if
        its duration is unknown, because then it is the only sign of the end.
        """
        state = self.expired_at(now, keep)
        recent = [listen for listen in listens if listen.played_at > now - MAX_AGE_SECONDS]
        # Oldest first, so that each finds the play before it.
        for listen in sorted(recent, key=lambda listen: listen.played_at):
            playing = state.playing
            if playing is None or not state._is_of_what_plays(listen, playing):
                state = state._with_play(listen, keep)
                continue
            # An import comes from a queue, long after the fact.
            ends = not is_import and duration_of(playing.item) is None and playing.paused_at is None
            until = min(playing.until, now) if ends else playing.until
            state = replace(state, playing=replace(playing, until=until, is_scrobbled=True))
        return state.accepted_at(now)

    def without_now_playing(self, now: float, keep: int) -> SubmittedState:
        """Return the state after the player said that nothing plays."""
        before = self.expired_at(now, keep)
        # A stop that ends nothing may be that of a hidden item, whose time must not show.
        return before._ended(now, keep, is_followed=False).accepted_at(now, is_hidden=before.playing is None)

    def with_stop(self, now: float, keep: int, progress_ms: int | None) -> SubmittedState:
        """Return the state after the player stopped at a position (ms, or None)."""
        before = self.expired_at(now, keep)
        playing = before.playing
        if playing is None or not playing.has_come_to_its_end(now, progress_ms):
            return before.without_now_playing(now, keep)
        # Many players stop between two songs, and announce the next one up to a second later.
        until = playing.until if playing.until <= now + AT_END_SECONDS else now
        return replace(before, playing=replace(playing, until=until)).accepted_at(now)

    def with_hidden(self, now: float, keep: int) -> SubmittedState:
        """Return the state after a hidden item began: only ``last_push_at`` shows it."""
        # updated_at is public, and would give a hidden play away.
        return replace(self.expired_at(now, keep)._ended(now, keep, is_followed=False), last_push_at=now)

    def accepted_at(self, now: float, *, is_hidden: bool = False) -> SubmittedState:
        """Return the state after a post that changes nothing else."""
        return replace(self, last_push_at=now, updated_at=self.updated_at if is_hidden else now)

    def expired_at(self, now: float, keep: int) -> SubmittedState:
        """Return the state at ``now``: an expired play has ended, and one of a wrong clock never was."""
        if self.playing is None:
            return self
        # After a clock was set back it would be shown until that has caught up.
        if self.playing.since > now + STORED_CLOCK_SKEW_SECONDS:
            return replace(self, playing=None)
        if now < self.playing.expires_at:
            return self
        return self._ended(now, keep, is_followed=False)

    def playback(self, now: float) -> Playback:
        """Return the playback of a state that holds at ``now``."""
        if self.playing is None:
            return Playback("idle", now if self.updated_at is None else self.updated_at)
        return self.playing.playback()

    def _begin(
        self, item: Item, now: float, keep: int, *, progress_ms: int | None = None, client: str | None
    ) -> SubmittedState:
        """Return the state in which ``item`` has begun, or the last play of it goes on."""
        # Going back to an item after another one is a new play, even if the other one was skipped.
        is_another = self.playing is not None and not is_same_item(self.playing.item, item)
        state = self._ended(now, keep, is_followed=True)
        played_at = now - (progress_ms or 0) / 1000
        last = state.played[0] if state.played and not is_another else None
        if (
            last is not None
            and is_same_item(last.item, item)
            and do_overlap(last.item, item, last.played_at, played_at)
        ):
            is_in_the_middle = progress_ms is not None and progress_ms >= REPEAT_WINDOW_SECONDS * 1000
            # After a seek it ends sooner than its duration suggests.
            was_complete = self.playing is not None or last.is_complete_at(now)
            if not was_complete or (is_in_the_middle and not last.is_over_by(played_at)):
                state, played_at = replace(state, played=state.played[1:]), last.played_at
        return replace(state, playing=NowPlaying(item, now, now + lifetime(item), played_at, client=client))

    def _ended(self, now: float, keep: int, *, is_followed: bool) -> SubmittedState:
        playing = self.playing
        if playing is None:
            return self
        lasted = now - playing.since
        was_skipped = lasted < MIN_PLAY_SECONDS and not playing.is_over_at(now) and not playing.is_scrobbled
        # A play that began well before its announcement was not skipped.
        was_skipped = was_skipped and playing.played_at >= playing.since - MIN_PLAY_SECONDS
        if was_skipped and (is_followed or self._is_repeat(playing)):
            return replace(self, playing=None)
        play = Play(playing.item, playing.played_at, playing.is_scrobbled)
        return replace(self, playing=None, played=_newest((*self.played, play), keep))

    def _is_repeat(self, playing: NowPlaying) -> bool:
        """Return whether the play before ``playing`` was one of the same item, just before."""
        last = self.played[0] if self.played else None
        if last is None or not is_same_item(last.item, playing.item):
            return False
        return do_overlap(last.item, playing.item, last.played_at, playing.played_at)

    def _is_of_what_plays(self, listen: PlayedItem, playing: NowPlaying) -> bool:
        if not is_same_item(playing.item, listen.item):
            return False
        distance = abs(listen.played_at - playing.played_at)
        if any(
            is_same_item(play.item, listen.item) and abs(play.played_at - listen.played_at) < distance
            for play in self.played
        ):
            return False  # A late scrobble of an earlier round.
        duration = duration_of(playing.item)
        # A late scrobble of the round before lies a whole duration back.
        before = UNKNOWN_DURATION_SKEW_SECONDS if duration is None else duration / 2
        return listen.played_at >= playing.played_at - before

    def _with_play(self, listen: PlayedItem, keep: int) -> SubmittedState:
        same = [play for play in self.played if self._is_one_play(play, listen)]
        if not same:
            play = Play(listen.item, listen.played_at, is_scrobbled=True)
            return replace(self, played=_newest((*self.played, play), keep))
        nearest = min(same, key=lambda play: abs(play.played_at - listen.played_at))
        scrobbled = tuple(replace(play, is_scrobbled=True) if play is nearest else play for play in self.played)
        return replace(self, played=scrobbled)

    def _is_one_play(self, play: Play, listen: PlayedItem) -> bool:
        if not is_same_item(play.item, listen.item):
            return False
        if not do_overlap(play.item, listen.item, play.played_at, listen.played_at):
            return False
        first, last = sorted((play.played_at, listen.played_at))
        others = [(other.item, other.played_at) for other in self.played]
        if self.playing is not None:
            others.append((self.playing.item, self.playing.played_at))
        # The end of a play is submitted as its beginning by some, a moment after the next item began.
        return not any(
            first < at < last - OVERLAP_SLACK_SECONDS and not is_same_item(item, play.item) for item, at in others
        )


def _newest(played: Iterable[Play], keep: int) -> tuple[Play, ...]:
    return tuple(sorted(played, key=lambda play: play.played_at, reverse=True)[:keep])
