"""What the source said last, and what may be shown of it at a given moment. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from widget.model.errors import TRANSIENT_CODES, ErrorCode
from widget.model.hide_list import EMPTY_HIDE_LIST, HideList
from widget.model.playback import Item, Playback, PlayedItem
from widget.model.snapshot import NOT_POLLED_YET, Snapshot, SourceProblem
from widget.model.sources import ExpiryRule
from widget.now_playing.expiry import NowPlayingReport, apply_expiry, is_same_track, update_report
from widget.now_playing.plausibility import (
    INSTANCE_CLOCK_SKEW_SECONDS,
    is_near_known_end,
    is_progress_frozen,
    is_same_playing_item,
    repeats_known_end,
)

OVERDUE_AFTER_SECONDS = 15.0
"""How much later than planned an answer may come before nothing is certain any more, whatever hangs."""

END_GRACE_SECONDS = 3.0
"""For how long an item is still shown when it must have ended, so that the next question can be answered."""

SAME_PLAY_MIN_SECONDS = 5.0
"""A play that was listed with its end this much after the beginning of the present one is the present one."""

SEEK_THRESHOLD_SECONDS = 3.0
STALE_AFTER_SECONDS = 300.0
LAST_PLAYED_MAX_AGE_SECONDS = 7 * 86_400.0
MAX_POLL_DELAY_SECONDS = 1800.0
"""No question is planned further ahead."""

STALE_AFTER_FAILURES = 2
MAX_SKIPPED_SECONDS = 10.0
UNKNOWN_DURATION_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class NowPlayingState:
    """``playback`` is the source's last good answer, told at ``updated_at`` (s since the epoch); ``problem`` why the
    last question failed, ``failures`` how many did in a row. ``doubts`` counts uncertain answers in a row,
    ``about_the_end`` those that told nothing but an end that was known; ``told_ms`` is the progress told last.
    ``next_question_at`` (s since the epoch) is the plan, for all instances: until then this is as true as it gets, and
    where nothing is heard for long after it, the picture grows stale by the clock alone."""

    playback: Playback | None = None
    updated_at: float | None = None
    started_at: float | None = None
    unconfirmed_answers: int = 0
    polls_past_end: int = 0
    last_reported_ms: int | None = None
    failures: int = 0
    problem: SourceProblem | None = None
    last_played: PlayedItem | None = None
    next_poll_at: float | None = None
    report: NowPlayingReport | None = None
    recent: tuple[PlayedItem, ...] = ()
    current_play: PlayedItem | None = None
    source_label: str | None = None
    unasked: SourceProblem = NOT_POLLED_YET
    final: frozenset[ErrorCode] = frozenset({"not_configured"})

    def with_playback(self, playback: Playback, now: float, endurance: ExpiryRule | None = None) -> "NowPlayingState":
        """After an answer. One uncertain answer does not end an item, two in a row do.

        Where nobody tells when an item ends, ``endurance`` says for how long it is believed.
        """
        before = self.without_future_dates(now)
        label = playback.source_label or before.source_label
        answered = replace(before, updated_at=now, failures=0, problem=None, source_label=label)
        if not playback.is_authoritative and before._has_item_at(now) and before.unconfirmed_answers == 0:
            return replace(answered, unconfirmed_answers=1)
        if endurance is not None:
            announced = update_report(before.report, playback, before.updated_at, endurance)
            answered = replace(answered, report=announced)
            playback = apply_expiry(playback, announced, endurance)
        about_the_end = before.polls_past_end + 1 if is_near_known_end(before.playback, playback) else 0
        answered = replace(answered, unconfirmed_answers=0, polls_past_end=about_the_end)
        if repeats_known_end(before.playback, playback):
            return answered
        told_ms = playback.progress_ms
        if not playback.is_restart and is_progress_frozen(before.playback, before.last_reported_ms, playback):
            playback = replace(playback, progress_ms=None)
        return replace(
            answered,
            playback=playback,
            last_reported_ms=told_ms,
            started_at=before._anchor_of(playback),
            last_played=_newest(before.last_played, _seen(playback, before.last_played)),
        )

    def with_failure(self, problem: SourceProblem, now: float, times: int = 1) -> "NowPlayingState":
        """After so many questions in a row that were not answered; what took too long to fail counts like two."""
        if self.is_overdue_at(now):
            times = max(times, STALE_AFTER_FAILURES)
        return replace(self, failures=self.failures + times, problem=problem)

    def without_future_dates(self, now: float) -> "NowPlayingState":
        """Without what lies in the future at ``now`` (s since the epoch): a clock was wrong when it was written."""
        latest = now + INSTANCE_CLOCK_SKEW_SECONDS
        last_played = None if self.last_played and self.last_played.played_at > latest else self.last_played
        announced = None if self.report and self.report.reported_at > latest else self.report
        told = (self.updated_at, self.started_at, None if self.playback is None else self.playback.observed_at)
        if any(at is not None and at > latest for at in told):
            return NowPlayingState(last_played=last_played)
        planned = self.next_poll_at
        if planned is not None and planned > latest + MAX_POLL_DELAY_SECONDS:
            planned = self.updated_at
        play = None if self.current_play and self.current_play.played_at > latest else self.current_play
        return replace(self, last_played=last_played, next_poll_at=planned, report=announced, current_play=play)

    def is_newer_than(self, other: "NowPlayingState") -> bool:
        """Whether the source was heard since ``other``."""
        return (self.updated_at or 0.0) > (other.updated_at or 0.0)

    def is_overdue_at(self, now: float) -> bool:
        """Whether nothing was heard for too long after the plan, at ``now`` (s since the epoch)."""
        return self._silent_from is not None and now >= self._silent_from

    def with_history(
        self, played: Iterable[PlayedItem], most: int = 0, hiding: HideList = EMPTY_HIDE_LIST
    ) -> "NowPlayingState":
        """After the list of what was played, less what ``hiding`` hides: the newest of what we saw and of the list,
        which lags; and ``most`` of the list, less the present play."""
        newest_first = sorted(played, key=_played_at, reverse=True)
        # Nothing has begun after what plays: its own play is the newest, or is not listed yet.
        own = newest_first[0] if newest_first and self._is_the_present_play(newest_first[0]) else None
        shown = hiding.filter_history(newest_first)
        newest = shown[0] if shown else None
        recent = [last for last in shown if own is None or not _is_one_play(last, own)]
        return replace(self, last_played=_newest(self.last_played, newest), recent=tuple(recent[:most]))

    def with_recorded_play(self, before: "NowPlayingState", now: float, max_items: int) -> "NowPlayingState":
        """Return this state, which followed on ``before``, with the play that ended in between in ``recent``.

        For sources that keep no history: what was seen is the list. Skipped items are left out.
        """
        if self.playback is None or self.playback == before.playback:
            return self
        play, item = before.current_play, self.playback.item
        if play is not None and item is not None and _goes_on(play, before.playback, self.playback):
            return replace(self, current_play=play)
        recent = self.recent
        if play is not None and not (item is not None and _was_skipped(play, now)):
            recent = (play, *recent)[:max_items]
        began_at = self.playback.observed_at - (self.playback.progress_ms or 0) / 1000
        return replace(self, recent=recent, current_play=None if item is None else PlayedItem(item, began_at))

    def for_new_leader(self) -> "NowPlayingState":
        """For an instance that takes over: what failed for the one before is no news."""
        return replace(self, failures=0, problem=None, next_poll_at=None)

    def for_new_process(self) -> "NowPlayingState":
        """For a new process: what played last, but not what plays; that it asks for itself."""
        return NowPlayingState(
            updated_at=self.updated_at,
            last_played=self.last_played,
            report=self.report,
            recent=self.recent,
            current_play=self.current_play,
            source_label=self.source_label,
        )

    def filtered(self, hiding: HideList) -> "NowPlayingState":
        """Without what ``hiding`` hides now."""
        last_played = None if self.last_played and hiding.hides(self.last_played.item) else self.last_played
        playback = None if self.playback is None else hiding.filter_playback(self.playback)
        recent = tuple(last for last in self.recent if not hiding.hides(last.item))
        play = None if self.current_play and hiding.hides(self.current_play.item) else self.current_play
        return replace(self, playback=playback, last_played=last_played, recent=recent, current_play=play)

    def snapshot_at(self, now: float) -> Snapshot:
        """What the faces show at ``now`` (s since the epoch); the same until :meth:`changes_at`."""
        last_played = self._last_played_at(now)
        blocked = self._is_blocked_at(now)
        news_at = _earliest(self.next_poll_at, self.next_change_at(now))
        if self.playback is None or (blocked and now >= self._good_until):
            problem = self.problem or self.unasked
            return Snapshot(
                None,
                problem,
                last_played,
                self.updated_at,
                next_update_at=news_at,
                recent=self._recent_at(now),
                source_label=self.source_label,
            )
        playback, ended_at = self.playback, self._ends_showing_at
        if ended_at is not None and now >= ended_at:
            playback = Playback("idle", ended_at)
        return Snapshot(
            playback,
            last_played=None if playback.item is not None else last_played,
            updated_at=self.updated_at,
            stale=blocked,
            started_at=self.started_at if playback.status == "playing" else None,
            next_update_at=news_at,
            recent=self._recent_at(now),
            valid_until=_earliest(
                self._told_end if playback.status == "playing" else None, self._good_until if blocked else None
            ),
            source_label=self.source_label,
        )

    def next_change_at(self, now: float) -> float | None:
        """When :meth:`snapshot_at` gives something else though nothing is heard (s since the epoch)."""
        moments = [self._ends_showing_at, self._silent_from]
        if self._is_blocked_at(now):
            moments.append(self._good_until)
        elif self.problem is not None and self.updated_at is not None:
            moments.append(self.updated_at + STALE_AFTER_SECONDS)
        moments += [
            last.played_at + LAST_PLAYED_MAX_AGE_SECONDS
            for last in (*self.recent, self.last_played)
            if last is not None
        ]
        return min((at for at in moments if at is not None and at > now), default=None)

    @property
    def _told_end(self) -> float | None:
        """Until when the playing item may be shown, told alike while it just plays on."""
        playback = self.playback
        if playback is None or playback.ends_at is None or playback.expires_at is not None:
            return None if playback is None else playback.ends_at
        if self.started_at is None or playback.item is None or playback.item.duration_ms is None:
            return playback.ends_at + END_GRACE_SECONDS
        return self.started_at + playback.item.duration_ms / 1000 + END_GRACE_SECONDS

    @property
    def _ends_showing_at(self) -> float | None:
        """From when on the playing item is not shown as playing any more."""
        playback = self.playback
        if playback is None or playback.ends_at is None or playback.expires_at is not None:
            return self._told_end
        return _earliest(self._told_end, playback.ends_at + END_GRACE_SECONDS)

    @property
    def _silent_from(self) -> float | None:
        """From when on nothing was heard for too long."""
        return None if self.next_poll_at is None else self.next_poll_at + OVERDUE_AFTER_SECONDS

    @property
    def _good_until(self) -> float:
        """Until when the last good answer is given while the source cannot be asked."""
        if self.updated_at is None or self.playback is None:
            return 0.0
        if self.problem is not None and self.problem.code in self.final:
            return 0.0
        until = self.updated_at + STALE_AFTER_SECONDS
        return until if self.playback.ends_at is None else min(until, self.playback.ends_at)

    def _is_blocked_at(self, now: float) -> bool:
        if self.is_overdue_at(now):
            return True
        if self.problem is None:
            return False
        if self.problem.code not in TRANSIENT_CODES or self.failures >= STALE_AFTER_FAILURES:
            return True
        return self.updated_at is None or now >= self.updated_at + STALE_AFTER_SECONDS

    def _anchor_of(self, playback: Playback) -> float | None:
        """When the playing item would have begun; the one told before, where it just plays on."""
        if playback.status != "playing":
            return None
        before = self.playback
        same_item = is_same_playing_item(before, playback) and not playback.is_restart
        if playback.progress_ms is None:
            return self.started_at if same_item and self.started_at is not None else playback.observed_at
        began = playback.observed_at - playback.progress_ms / 1000
        if same_item and self.started_at is not None and abs(began - self.started_at) <= SEEK_THRESHOLD_SECONDS:
            return self.started_at
        return began

    def _has_item_at(self, now: float) -> bool:
        """Whether something plays or is paused, as far as is known at ``now``."""
        playback = self.playback
        if playback is None or playback.item is None:
            return False
        return playback.expires_at is None or now < playback.expires_at

    def _is_the_present_play(self, last: PlayedItem) -> bool:
        """Whether ``last`` is what plays now, which some services list while it plays still."""
        if self.playback is None or self.playback.item is None or not is_same_track(self.playback.item, last.item):
            return False
        if self.report is not None:
            return last.played_at >= self.report.earliest_start
        return self.started_at is not None and last.played_at >= self.started_at + SAME_PLAY_MIN_SECONDS

    def _recent_at(self, now: float) -> tuple[PlayedItem, ...]:
        return tuple(last for last in self.recent if now < last.played_at + LAST_PLAYED_MAX_AGE_SECONDS)

    def _last_played_at(self, now: float) -> PlayedItem | None:
        last = self.last_played
        return last if last is not None and now < last.played_at + LAST_PLAYED_MAX_AGE_SECONDS else None


def _goes_on(play: PlayedItem, before: Playback | None, playback: Playback) -> bool:
    """Return whether ``playback`` still is ``play``; ``before`` is None in a new process, which saw no more of it."""
    if playback.is_restart or playback.item is None or not is_same_track(play.item, playback.item):
        return False
    return before is not None or playback.observed_at < play.played_at + _duration_seconds(play.item)


def _was_skipped(play: PlayedItem, now: float) -> bool:
    """Return whether ``play`` was left so early that it is no play at all."""
    return now - play.played_at < min(MAX_SKIPPED_SECONDS, _duration_seconds(play.item) / 2)


def _duration_seconds(item: Item) -> float:
    return UNKNOWN_DURATION_SECONDS if item.duration_ms is None else item.duration_ms / 1000


def _played_at(last: PlayedItem) -> float:
    return last.played_at


def _seen(playback: Playback, before: PlayedItem | None) -> PlayedItem | None:
    """The item as played last: while it plays its time moves on, while it is paused it does not."""
    if playback.item is None:
        return None
    if playback.status == "paused" and before is not None and before.item == playback.item:
        return before
    ended_at = playback.ends_at if playback.expires_at is None else None
    return PlayedItem(playback.item, min(playback.observed_at, playback.observed_at if ended_at is None else ended_at))


def _earliest(*moments: float | None) -> float | None:
    return min((at for at in moments if at is not None), default=None)


def _is_one_play(one: PlayedItem, other: PlayedItem) -> bool:
    """Whether both are one play, which two players may have listed."""
    return is_same_track(one.item, other.item) and abs(one.played_at - other.played_at) < INSTANCE_CLOCK_SKEW_SECONDS


def _newest(*played: PlayedItem | None) -> PlayedItem | None:
    return max((last for last in played if last is not None), key=lambda last: last.played_at, default=None)
