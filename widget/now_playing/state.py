"""The source's last report, and the snapshot that follows from it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from widget.model.errors import PERMANENT_CODES, TRANSIENT_CODES, ErrorCode
from widget.model.hide_list import EMPTY_HIDE_LIST, HideList
from widget.model.playback import END_GRACE_SECONDS, Playback, PlayedItem
from widget.model.snapshot import Snapshot, SourceProblem, not_polled_yet
from widget.model.sources import SPOTIFY, ExpiryRule, SourceInfo
from widget.now_playing.expiry import NowPlayingReport, apply_expiry, update_report
from widget.now_playing.history import (
    LAST_PLAYED_MAX_AGE_SECONDS,
    as_last_played,
    goes_on,
    is_one_play,
    is_present_play,
    newest_play,
    was_skipped,
    young_plays,
)
from widget.now_playing.plausibility import (
    INSTANCE_CLOCK_SKEW_SECONDS,
    is_near_known_end,
    is_progress_frozen,
    is_same_playing_item,
    repeats_known_end,
)

OVERDUE_AFTER_SECONDS = 15.0
"""A poll that is this late makes the state stale, whatever hangs."""

SEEK_THRESHOLD_SECONDS = 3.0
STALE_AFTER_SECONDS = 300.0
MAX_POLL_DELAY_SECONDS = 1800.0
"""No poll is scheduled further ahead."""

STALE_AFTER_FAILURES = 2


@dataclass(frozen=True, slots=True)
class NowPlayingState:
    """The source's last good response and the failures since; times in s since the epoch.

    ``playback`` was received at ``updated_at``; ``problem`` is why the last poll failed, after ``failures`` in a row.
    ``unconfirmed_answers`` counts uncertain responses in a row, ``polls_past_end`` those that only repeated a known
    end; ``last_reported_ms`` is the progress as the source reported it. ``next_poll_at`` is the schedule of all
    instances: without a response for long after it, the snapshot becomes stale by the clock alone. ``current_play`` is
    listed first in ``recent`` as soon as it is over.
    """

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

    def with_playback(self, playback: Playback, now: float, expiry: ExpiryRule | None = None) -> "NowPlayingState":
        """Return the state after a response.

        One uncertain response does not end an item, two in a row do.

        ``expiry`` is set for sources that do not report when an item ends.
        """
        before = self.without_future_dates(now)
        label = playback.source_label or before.source_label
        state = replace(before, updated_at=now, failures=0, problem=None, source_label=label)
        if not playback.is_authoritative and before._has_item_at(now) and before.unconfirmed_answers == 0:
            return replace(state, unconfirmed_answers=1)
        if expiry is not None:
            report = update_report(before.report, playback, before.updated_at, expiry)
            state = replace(state, report=report)
            playback = apply_expiry(playback, report, expiry)
        is_near_end = is_near_known_end(before.playback, before.last_reported_ms, playback)
        state = replace(state, unconfirmed_answers=0, polls_past_end=before.polls_past_end + 1 if is_near_end else 0)
        if repeats_known_end(before.playback, playback):
            return state
        reported_ms = playback.progress_ms
        if not playback.is_restart and is_progress_frozen(before.playback, before.last_reported_ms, playback):
            playback = replace(playback, progress_ms=None)
        return replace(
            state,
            playback=playback,
            last_reported_ms=reported_ms,
            started_at=before._start_of(playback),
            last_played=newest_play(before.last_played, as_last_played(playback, before.last_played)),
        )

    def with_failure(self, problem: SourceProblem, now: float, count: int = 1) -> "NowPlayingState":
        """Return the state after ``count`` failed polls in a row; an overdue poll counts as two.

        Without any set-up all is forgotten, else what ``bootstrap forget`` deleted would be stored again.
        """
        if problem.code == "not_configured":
            return NowPlayingState(failures=self.failures + count, problem=problem, next_poll_at=self.next_poll_at)
        if self.is_overdue_at(now):
            count = max(count, STALE_AFTER_FAILURES)
        return replace(self, failures=self.failures + count, problem=problem)

    def without_future_dates(self, now: float) -> "NowPlayingState":
        """Return the state without dates after ``now``, which were written by a wrong clock."""
        latest = now + INSTANCE_CLOCK_SKEW_SECONDS
        last_played = None if self.last_played and self.last_played.played_at > latest else self.last_played
        report = None if self.report and self.report.reported_at > latest else self.report
        dates = (self.updated_at, self.started_at, None if self.playback is None else self.playback.observed_at)
        if any(at is not None and at > latest for at in dates):
            return NowPlayingState(last_played=last_played)
        next_poll_at = self.next_poll_at
        if next_poll_at is not None and next_poll_at > latest + MAX_POLL_DELAY_SECONDS:
            next_poll_at = self.updated_at
        play = None if self.current_play and self.current_play.played_at > latest else self.current_play
        return replace(self, last_played=last_played, next_poll_at=next_poll_at, report=report, current_play=play)

    def is_newer_than(self, other: "NowPlayingState") -> bool:
        """Return whether the source responded after ``other``."""
        return (self.updated_at or 0.0) > (other.updated_at or 0.0)

    def is_overdue_at(self, now: float) -> bool:
        """Return whether the poll is overdue at ``now`` (s since the epoch)."""
        return self._overdue_from is not None and now >= self._overdue_from

    def with_history(
        self, plays: Iterable[PlayedItem], max_items: int = 0, hide_list: HideList = EMPTY_HIDE_LIST
    ) -> "NowPlayingState":
        """Return the state with the service's ``plays``, at most ``max_items`` in ``recent``.

        The present play and hidden items are left out. The list lags, so an item seen later stays last played.
        """
        newest_first = sorted(plays, key=lambda play: play.played_at, reverse=True)
        # Nothing began after the present play, so it is the newest, or not listed yet.
        present = newest_first[0] if newest_first and self._is_present_play(newest_first[0]) else None
        visible = hide_list.filter_history(newest_first)
        newest = visible[0] if visible else None
        recent = [play for play in visible if present is None or not is_one_play(play, present)]
        return replace(self, last_played=newest_play(self.last_played, newest), recent=tuple(recent[:max_items]))

    def with_recorded_play(self, before: "NowPlayingState", now: float, max_items: int) -> "NowPlayingState":
        """Return this state with the play that ended since ``before`` in ``recent``.

        For sources that keep no history. Skipped items are left out.
        """
        if self.playback is None or self.playback == before.playback:
            return self
        play, item = before.current_play, self.playback.item
        if play is not None and item is not None and goes_on(play, before.playback, self.playback):
            return replace(self, current_play=play)
        recent = self.recent
        if play is not None and not (item is not None and was_skipped(play, now)):
            recent = (play, *recent)[:max_items]
        began_at = self.playback.observed_at - (self.playback.progress_ms or 0) / 1000
        return replace(self, recent=recent, current_play=None if item is None else PlayedItem(item, began_at))

    def for_new_leader(self) -> "NowPlayingState":
        """Return the state for a new leader, without the failures of the previous one."""
        return replace(self, failures=0, problem=None, next_poll_at=None)

    def for_new_process(self) -> "NowPlayingState":
        """Return the state for a new process, which polls the playback itself."""
        return NowPlayingState(
            updated_at=self.updated_at,
            started_at=self.started_at,
            last_played=self.last_played,
            report=self.report,
            recent=self.recent,
            current_play=self.current_play,
            source_label=self.source_label,
        )

    def filtered(self, hide_list: HideList) -> "NowPlayingState":
        """Return the state without the items that ``hide_list`` hides."""
        last_played = None if self.last_played and hide_list.hides(self.last_played.item) else self.last_played
        play = None if self.current_play and hide_list.hides(self.current_play.item) else self.current_play
        return replace(
            self,
            playback=None if self.playback is None else hide_list.filter_playback(self.playback),
            last_played=last_played,
            recent=hide_list.filter_history(self.recent),
            current_play=play,
        )

    def snapshot_at(self, now: float, source: SourceInfo = SPOTIFY, max_recent: int = 0) -> Snapshot:
        """Return the snapshot at ``now`` (s since the epoch), valid until :meth:`next_change_at`.

        A play that ends by the clock is listed among at most ``max_recent``.
        """
        last_played = self._last_played_at(now)
        is_stale, usable_until = self._is_stale_at(now), self._usable_until(source)
        snapshot = Snapshot(
            None,
            updated_at=self.updated_at,
            next_update_at=_earliest(self.next_poll_at, self.next_change_at(now, source)),
            recent=young_plays(self.recent, now),
            source_label=self.source_label,
        )
        if self.playback is None or (is_stale and now >= usable_until):
            return replace(snapshot, problem=self.problem or not_polled_yet(source), last_played=last_played)
        playback, hidden_from = self.playback, self._hidden_from
        if hidden_from is not None and now >= hidden_from:
            playback = Playback("idle", hidden_from)
            if self.current_play is not None:  # The source itself lists it a moment later, with the next response.
                ended = young_plays((self.current_play, *self.recent), now)
                snapshot = replace(snapshot, recent=ended[:max_recent])
        has_position = playback.status == "playing" and playback.progress_ms is not None
        return replace(
            snapshot,
            playback=playback,
            last_played=last_played if playback.item is None else None,
            stale=is_stale,
            started_at=self.started_at if has_position else None,
            valid_until=_earliest(
                None if playback.item is None else self._valid_until, usable_until if is_stale else None
            ),
        )

    def next_change_at(self, now: float, source: SourceInfo = SPOTIFY) -> float | None:
        """Return when the snapshot changes by the clock alone (s since the epoch); None for never."""
        times = [self._hidden_from, self._overdue_from]
        if self._is_stale_at(now):
            times.append(self._usable_until(source))
        elif self.problem is not None and self.updated_at is not None:
            times.append(self.updated_at + STALE_AFTER_SECONDS)
        times += [
            play.played_at + LAST_PLAYED_MAX_AGE_SECONDS
            for play in (*self.recent, self.last_played)
            if play is not None
        ]
        return min((at for at in times if at is not None and at > now), default=None)

    @property
    def _valid_until(self) -> float | None:
        """The time until which the item may be shown; the same while it just plays on."""
        playback = self.playback
        if playback is None or playback.ends_at is None or playback.expires_at is not None:
            return None if playback is None else playback.ends_at
        if self.started_at is None or playback.item is None or playback.item.duration_ms is None:
            return playback.ends_at + END_GRACE_SECONDS
        return self.started_at + playback.item.duration_ms / 1000 + END_GRACE_SECONDS

    @property
    def _hidden_from(self) -> float | None:
        """The time from which the item is not shown any more."""
        playback = self.playback
        if playback is None or playback.ends_at is None or playback.expires_at is not None:
            return self._valid_until
        return _earliest(self._valid_until, playback.ends_at + END_GRACE_SECONDS)

    @property
    def _overdue_from(self) -> float | None:
        return None if self.next_poll_at is None else self.next_poll_at + OVERDUE_AFTER_SECONDS

    def _usable_until(self, source: SourceInfo) -> float:
        """Return the time until which the last good response may be served during an outage."""
        if self.updated_at is None or self.playback is None:
            return 0.0
        if self.problem is not None and _hides_playback(self.problem.code, source):
            return 0.0
        until = self.updated_at + STALE_AFTER_SECONDS
        return until if self.playback.ends_at is None else min(until, self.playback.ends_at)

    def _is_stale_at(self, now: float) -> bool:
        if self.is_overdue_at(now):
            return True
        if self.problem is None:
            return False
        if self.problem.code not in TRANSIENT_CODES or self.failures >= STALE_AFTER_FAILURES:
            return True
        return self.updated_at is None or now >= self.updated_at + STALE_AFTER_SECONDS

    def _start_of(self, playback: Playback) -> float | None:
        """Return when the playing item would have begun; only a seek moves it."""
        if playback.status != "playing":
            return None
        is_same = is_same_playing_item(self.playback, playback) and not playback.is_restart
        if playback.progress_ms is None:
            return self.started_at if is_same and self.started_at is not None else playback.observed_at
        start = playback.observed_at - playback.progress_ms / 1000
        if self.playback is None and self.last_played is not None:
            is_same = self.last_played.item == playback.item  # All that a new process has.
        if is_same and self.started_at is not None and abs(start - self.started_at) <= SEEK_THRESHOLD_SECONDS:
            return self.started_at
        return start

    def _has_item_at(self, now: float) -> bool:
        playback = self.playback
        if playback is None or playback.item is None:
            return False
        return playback.expires_at is None or now < playback.expires_at

    def _is_present_play(self, play: PlayedItem) -> bool:
        return is_present_play(play, self.playback, self.report, self.started_at)

    def _last_played_at(self, now: float) -> PlayedItem | None:
        last = self.last_played
        return last if last is not None and now < last.played_at + LAST_PLAYED_MAX_AGE_SECONDS else None


def _hides_playback(code: ErrorCode, source: SourceInfo) -> bool:
    """Return whether the last good response must not be shown.

    A refusal may mean that the listener wants to be private.
    """
    return code == "not_configured" or (code in PERMANENT_CODES and not source.needs_authorization)


def _earliest(*times: float | None) -> float | None:
    return min((at for at in times if at is not None), default=None)
