"""What the source said last, and what may be shown of it at a given moment. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from widget.model.errors import OUTAGES, ErrorCode
from widget.model.hiding import HIDES_NOTHING, Hiding
from widget.model.playback import LastPlayed, Playback
from widget.model.snapshot import UNASKED, Problem, Snapshot
from widget.model.sources import Endurance
from widget.now_playing.expiry import Announcement, announced_by, believed, same_track
from widget.now_playing.plausibility import (
    CLOCKS_APART_SECONDS,
    is_about_the_end,
    is_no_news,
    same_item_plays,
    stands_still,
)

SILENT_SECONDS = 15.0
"""How much later than planned an answer may come before nothing is certain any more, whatever hangs."""

AFTER_THE_END_SECONDS = 3.0
"""For how long an item is still shown when it must have ended, so that the next question can be answered."""

AFTER_THE_BEGINNING_SECONDS = 5.0
"""A play that was listed with its end this much after the beginning of the present one is the present one."""

SEEK_SECONDS = 3.0
STALE_SECONDS = 300.0
LAST_PLAYED_SECONDS = 7 * 86_400.0
LONGEST_PLAN_SECONDS = 1800.0
"""No question is planned further ahead."""

FAILURES_TO_BE_STALE = 2


@dataclass(frozen=True, slots=True)
class Knowledge:
    """``playback`` is the source's last good answer, told at ``updated_at`` (s since the epoch); ``problem`` why the
    last question failed, ``failures`` how many did in a row. ``doubts`` counts uncertain answers in a row,
    ``about_the_end`` those that told nothing but an end that was known; ``told_ms`` is the progress told last.
    ``next_question_at`` (s since the epoch) is the plan, for all instances: until then this is as true as it gets, and
    where nothing is heard for long after it, the picture grows stale by the clock alone."""

    playback: Playback | None = None
    updated_at: float | None = None
    anchor: float | None = None
    doubts: int = 0
    about_the_end: int = 0
    told_ms: int | None = None
    failures: int = 0
    problem: Problem | None = None
    last_played: LastPlayed | None = None
    next_question_at: float | None = None
    announced: Announcement | None = None
    recent: tuple[LastPlayed, ...] = ()
    unasked: Problem = UNASKED
    final: frozenset[ErrorCode] = frozenset({"not_configured"})

    def heard(self, playback: Playback, now: float, endurance: Endurance | None = None) -> "Knowledge":
        """After an answer. One uncertain answer does not end an item, two in a row do.

        Where nobody tells when an item ends, ``endurance`` says for how long it is believed.
        """
        before = self.believed_at(now)
        answered = replace(before, updated_at=now, failures=0, problem=None)
        if not playback.certain and before._has_item_at(now) and before.doubts == 0:
            return replace(answered, doubts=1)
        if endurance is not None:
            announced = announced_by(before.announced, playback, before.updated_at, endurance)
            answered = replace(answered, announced=announced)
            playback = believed(playback, announced, endurance)
        about_the_end = before.about_the_end + 1 if is_about_the_end(before.playback, playback) else 0
        answered = replace(answered, doubts=0, about_the_end=about_the_end)
        if is_no_news(before.playback, playback):
            return answered
        told_ms = playback.progress_ms
        if stands_still(before.playback, before.told_ms, playback):
            playback = replace(playback, progress_ms=None)
        return replace(
            answered,
            playback=playback,
            told_ms=told_ms,
            anchor=before._anchor_of(playback),
            last_played=_newest(before.last_played, _seen(playback, before.last_played)),
        )

    def failed(self, problem: Problem, now: float, times: int = 1) -> "Knowledge":
        """After so many questions in a row that were not answered; what took too long to fail counts like two."""
        if self.is_silent_at(now):
            times = max(times, FAILURES_TO_BE_STALE)
        return replace(self, failures=self.failures + times, problem=problem)

    def believed_at(self, now: float) -> "Knowledge":
        """Without what lies in the future at ``now`` (s since the epoch): a clock was wrong when it was written."""
        latest = now + CLOCKS_APART_SECONDS
        last_played = None if self.last_played and self.last_played.played_at > latest else self.last_played
        announced = None if self.announced and self.announced.since > latest else self.announced
        told = (self.updated_at, self.anchor, None if self.playback is None else self.playback.observed_at)
        if any(at is not None and at > latest for at in told):
            return Knowledge(last_played=last_played)
        planned = self.next_question_at
        if planned is not None and planned > latest + LONGEST_PLAN_SECONDS:
            planned = self.updated_at
        return replace(self, last_played=last_played, next_question_at=planned, announced=announced)

    def is_newer_than(self, other: "Knowledge") -> bool:
        """Whether the source was heard since ``other``."""
        return (self.updated_at or 0.0) > (other.updated_at or 0.0)

    def is_silent_at(self, now: float) -> bool:
        """Whether nothing was heard for too long after the plan, at ``now`` (s since the epoch)."""
        return self._silent_from is not None and now >= self._silent_from

    def told_of(self, played: Iterable[LastPlayed], most: int = 0, hiding: Hiding = HIDES_NOTHING) -> "Knowledge":
        """After the list of what was played, less what ``hiding`` hides: the newest of what we saw and of the list,
        which lags; and ``most`` of the list, less the present play."""
        newest_first = sorted(played, key=_played_at, reverse=True)
        # Nothing has begun after what plays: its own play is the newest, or is not listed yet.
        own = newest_first[0] if newest_first and self._is_the_present_play(newest_first[0]) else None
        shown = hiding.shown(newest_first)
        newest = shown[0] if shown else None
        recent = [last for last in shown if own is None or not _is_one_play(last, own)]
        return replace(self, last_played=_newest(self.last_played, newest), recent=tuple(recent[:most]))

    def rested(self) -> "Knowledge":
        """For an instance that takes over: what failed for the one before is no news."""
        return replace(self, failures=0, problem=None, next_question_at=None)

    def remembered(self) -> "Knowledge":
        """For a new process: what played last, but not what plays; that it asks for itself."""
        return Knowledge(
            updated_at=self.updated_at, last_played=self.last_played, announced=self.announced, recent=self.recent
        )

    def shown_under(self, hiding: Hiding) -> "Knowledge":
        """Without what ``hiding`` hides now."""
        last_played = None if self.last_played and hiding.hides(self.last_played.item) else self.last_played
        playback = None if self.playback is None else hiding.applied(self.playback)
        recent = tuple(last for last in self.recent if not hiding.hides(last.item))
        return replace(self, playback=playback, last_played=last_played, recent=recent)

    def snapshot_at(self, now: float) -> Snapshot:
        """What the faces show at ``now`` (s since the epoch); the same until :meth:`changes_at`."""
        last_played = self._last_played_at(now)
        blocked = self._is_blocked_at(now)
        news_at = _earliest(self.next_question_at, self.changes_at(now))
        if self.playback is None or (blocked and now >= self._good_until):
            problem = self.problem or self.unasked
            return Snapshot(None, problem, last_played, self.updated_at, news_at=news_at, recent=self._recent_at(now))
        playback, ended_at = self.playback, self._ends_showing_at
        if ended_at is not None and now >= ended_at:
            playback = Playback("idle", ended_at)
        return Snapshot(
            playback,
            last_played=None if playback.item is not None else last_played,
            updated_at=self.updated_at,
            stale=blocked,
            anchor=self.anchor if playback.status == "playing" else None,
            news_at=news_at,
            recent=self._recent_at(now),
            valid_until=_earliest(
                self._told_end if playback.status == "playing" else None, self._good_until if blocked else None
            ),
        )

    def changes_at(self, now: float) -> float | None:
        """When :meth:`snapshot_at` gives something else though nothing is heard (s since the epoch)."""
        moments = [self._ends_showing_at, self._silent_from]
        if self._is_blocked_at(now):
            moments.append(self._good_until)
        elif self.problem is not None and self.updated_at is not None:
            moments.append(self.updated_at + STALE_SECONDS)
        moments += [
            last.played_at + LAST_PLAYED_SECONDS for last in (*self.recent, self.last_played) if last is not None
        ]
        return min((at for at in moments if at is not None and at > now), default=None)

    @property
    def _told_end(self) -> float | None:
        """Until when the playing item may be shown, told alike while it just plays on."""
        playback = self.playback
        if playback is None or playback.ends_at is None or playback.good_until is not None:
            return None if playback is None else playback.ends_at
        if self.anchor is None or playback.item is None or playback.item.duration_ms is None:
            return playback.ends_at + AFTER_THE_END_SECONDS
        return self.anchor + playback.item.duration_ms / 1000 + AFTER_THE_END_SECONDS

    @property
    def _ends_showing_at(self) -> float | None:
        """From when on the playing item is not shown as playing any more."""
        playback = self.playback
        if playback is None or playback.ends_at is None or playback.good_until is not None:
            return self._told_end
        return _earliest(self._told_end, playback.ends_at + AFTER_THE_END_SECONDS)

    @property
    def _silent_from(self) -> float | None:
        """From when on nothing was heard for too long."""
        return None if self.next_question_at is None else self.next_question_at + SILENT_SECONDS

    @property
    def _good_until(self) -> float:
        """Until when the last good answer is given while the source cannot be asked."""
        if self.updated_at is None or self.playback is None:
            return 0.0
        if self.problem is not None and self.problem.code in self.final:
            return 0.0
        until = self.updated_at + STALE_SECONDS
        return until if self.playback.ends_at is None else min(until, self.playback.ends_at)

    def _is_blocked_at(self, now: float) -> bool:
        if self.is_silent_at(now):
            return True
        if self.problem is None:
            return False
        if self.problem.code not in OUTAGES or self.failures >= FAILURES_TO_BE_STALE:
            return True
        return self.updated_at is None or now >= self.updated_at + STALE_SECONDS

    def _anchor_of(self, playback: Playback) -> float | None:
        """When the playing item would have begun; the one told before, where it just plays on."""
        if playback.status != "playing":
            return None
        before = self.playback
        same_item = same_item_plays(before, playback)
        if playback.progress_ms is None:
            return self.anchor if same_item and self.anchor is not None else playback.observed_at
        began = playback.observed_at - playback.progress_ms / 1000
        if same_item and self.anchor is not None and abs(began - self.anchor) <= SEEK_SECONDS:
            return self.anchor
        return began

    def _has_item_at(self, now: float) -> bool:
        """Whether something plays or is paused, as far as is known at ``now``."""
        playback = self.playback
        if playback is None or playback.item is None:
            return False
        return playback.good_until is None or now < playback.good_until

    def _is_the_present_play(self, last: LastPlayed) -> bool:
        """Whether ``last`` is what plays now, which some services list while it plays still."""
        if self.playback is None or self.playback.item is None or not same_track(self.playback.item, last.item):
            return False
        if self.announced is not None:
            return last.played_at >= self.announced.began_after
        return self.anchor is not None and last.played_at >= self.anchor + AFTER_THE_BEGINNING_SECONDS

    def _recent_at(self, now: float) -> tuple[LastPlayed, ...]:
        return tuple(last for last in self.recent if now < last.played_at + LAST_PLAYED_SECONDS)

    def _last_played_at(self, now: float) -> LastPlayed | None:
        last = self.last_played
        return last if last is not None and now < last.played_at + LAST_PLAYED_SECONDS else None


def _played_at(last: LastPlayed) -> float:
    return last.played_at


def _seen(playback: Playback, before: LastPlayed | None) -> LastPlayed | None:
    """The item as played last: while it plays its time moves on, while it is paused it does not."""
    if playback.item is None:
        return None
    if playback.status == "paused" and before is not None and before.item == playback.item:
        return before
    ended_at = playback.ends_at if playback.good_until is None else None
    return LastPlayed(playback.item, min(playback.observed_at, playback.observed_at if ended_at is None else ended_at))


def _earliest(*moments: float | None) -> float | None:
    return min((at for at in moments if at is not None), default=None)


def _is_one_play(one: LastPlayed, other: LastPlayed) -> bool:
    """Whether both are one play, which two players may have listed."""
    return same_track(one.item, other.item) and abs(one.played_at - other.played_at) < CLOCKS_APART_SECONDS


def _newest(*played: LastPlayed | None) -> LastPlayed | None:
    return max((last for last in played if last is not None), key=lambda last: last.played_at, default=None)
