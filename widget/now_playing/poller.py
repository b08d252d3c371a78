"""The loop that asks, judges and publishes. It survives every error, and asks only while somebody watches."""

import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, Protocol

from widget.clock import Clock
from widget.model.errors import ErrorCode, SourceError
from widget.model.hide_list import EMPTY_HIDE_LIST, HideList
from widget.model.snapshot import POLLER_STALLED, SourceProblem
from widget.model.sources import SPOTIFY
from widget.model.sources import SourceInfo as SourceRow
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.cluster import Cluster
from widget.now_playing.pacing import PollPacer
from widget.now_playing.publisher import StatePublisher
from widget.now_playing.schedule import HistorySchedule, quota_interval, seconds_until_next_poll
from widget.now_playing.state import OVERDUE_AFTER_SECONDS, NowPlayingState
from widget.now_playing.status_logger import StatusLogger, describe_error
from widget.now_playing.timeouts import Pushed, Shared, Source, Timeouts

TICK_SECONDS = 1.0
MAX_RETRY_SECONDS = 5.0
FOLLOW_INTERVAL_SECONDS = 1.0
OVERDUE_SECONDS = 3.0

_COSTS_A_QUESTION: frozenset[ErrorCode] = frozenset(
    {"spotify_unreachable", "source_unreachable", "rate_limited", "internal_error"}
)
"""What is raised for free, without a question, is none of them, or told by a ban."""

WaitForChange = Callable[[float], Awaitable[bool]]
"""Waits at most so many seconds for the source to announce a change; returns whether it did."""

log = logging.getLogger(__name__)


class Poller:
    """Keeps ``broadcast`` true. Of several instances on one store the one that leads asks, the others follow."""

    def __init__(
        self,
        source: Source,
        shared: Shared,
        broadcast: Broadcaster,
        clock: Clock,
        *,
        calls_per_day: int | None,
        hiding: HideList = EMPTY_HIDE_LIST,
        row: SourceRow = SPOTIFY,
        recent: int = 0,
        pushed: Pushed | None = None,
        wait_for_change: WaitForChange | None = None,
    ) -> None:
        self._source = source
        self._broadcast = broadcast
        self._clock = clock
        self._limits = Timeouts(clock)
        self._instances = Cluster(shared, self._limits, clock)
        self._board = StatePublisher(broadcast, clock, hiding, row, recent)
        self._pacing = PollPacer(source, self._limits, clock, calls_per_day)
        self._row = row
        self._pushed = pushed
        self._last_push_at: float | None = None
        self._wait_for_change = wait_for_change
        self._calls_are_free = calls_per_day is None
        self._publishes_plays = recent > 0
        self._next_question: float | None = None  # monotonic; None until the first one after a pause is planned
        self._listing = HistorySchedule()
        self._leads = False
        self._follows = False
        self._asking_is_free = False
        self._turned_at = 0.0  # monotonic
        self._telling = StatusLogger()

    @property
    def last_success_at(self) -> float | None:
        """When the source last answered (s since the epoch), whichever instance asked; None if it never did."""
        return self._board.state.updated_at if self._pushed is None else self._last_push_at

    @property
    def problem(self) -> SourceProblem | None:
        """Why the last question was not answered; None where it was, or none was asked yet.

        While somebody watches the plan counts too: where it is overdue, that is the problem, whatever was heard.
        """
        if self._board.fault is not None:
            return self._board.fault
        if self._board.state.problem is None and self._is_overdue:
            return POLLER_STALLED
        return self._board.state.problem

    @property
    def _is_overdue(self) -> bool:
        watched_since = self._broadcast.watched_since
        if watched_since is None:
            return False
        now = self._clock.monotonic()
        begun = max(watched_since, self._turned_at)
        if now - begun >= OVERDUE_AFTER_SECONDS:
            return True
        return now - watched_since >= OVERDUE_AFTER_SECONDS and self._board.state.is_overdue_at(self._clock.now())

    async def refresh_from_cluster(self) -> None:
        """Learns what another instance heard while nobody watched here. May raise StoreError."""
        if self._pushed is not None:
            await self._listen(self._pushed)
            return
        if not self._leads and not self._broadcast.has_viewers:
            told = await self._instances.read_state()
            if told.is_newer_than(self._board.state):
                self._board.replace_state(told)
            if self._board.fault is not None and self._board.fault.code == "store_unavailable":
                # The database is there again, and nobody watches who would find it out.
                self._is_well_again()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        await self._guarded(self._restore)
        while True:
            if not self._row.holds_connection:
                await self._broadcast.wait_for_viewer()
            await self._watch()

    async def _guarded(self, step: "Step") -> None:
        """Takes ``step``. Whatever it raises counts like a question that was not answered, and the loop goes on."""
        try:
            await step()
        except Exception as error:
            trouble = SourceProblem.of(error, self._clock.now())
            self._telling.log_change(trouble, error)
            self._board.set_fault(trouble)
            self._broadcast.mark_fresh()
            await self._clock.sleep(min(MAX_RETRY_SECONDS, 2.0 ** (self._board.fault_count - 1)))
        else:
            if self._board.fault is not None:
                self._is_well_again()
                self._board.publish()
        self._turned_at = self._clock.monotonic()

    def _is_well_again(self) -> None:
        self._board.clear_fault()
        self._telling.log_change(self._board.state.problem)

    async def _restore(self) -> None:
        self._board.replace_state((await self._instances.read_state()).for_new_process())

    async def _watch(self) -> None:
        """From the first viewer to the last."""
        self._next_question = None
        self._board.publish()
        try:
            while self._broadcast.has_viewers or self._row.holds_connection:
                await self._guarded(self._turn)
        finally:
            self._leads = self._follows = False
            self._broadcast.mark_idle()
            await self._quietly(self._instances.resign())

    async def _turn(self) -> None:
        if self._pushed is not None:
            await self._listen(self._pushed)
            self._broadcast.mark_fresh()
            await self._pushed.wait_for_push(FOLLOW_INTERVAL_SECONDS)
            return
        if not await self._is_leader():
            await self._follow()
            return
        due = await self._first_question() if self._next_question is None else self._next_question
        if self._clock.monotonic() >= due:
            await self._ask()
            due = await self._plan()
            self._broadcast.mark_fresh()
            if await self._ask_what_was_played():
                await self._tell_others()
        self._broadcast.mark_fresh()
        await self._rest(max(0.0, min(TICK_SECONDS, due - self._clock.monotonic())))

    async def _rest(self, seconds: float) -> None:
        """Wait for ``seconds``, or until a source that holds a connection announces a change: then poll at once."""
        if self._wait_for_change is None:
            await self._clock.sleep(seconds)
        elif await self._wait_for_change(seconds):
            self._next_question = self._clock.monotonic()

    async def _first_question(self) -> float:
        """When to ask first after a pause (monotonic s): at once, where the pace affords it."""
        knowledge = self._board.state
        heard_at = None if knowledge.playback is None else knowledge.updated_at
        seconds = await self._pacing.delay_after_idle(heard_at)
        return await self._plan_in(seconds) if seconds > 0 else self._clock.monotonic()

    async def _listen(self, pushed: Pushed) -> None:
        """Takes in what was told. Nobody is asked, so each instance does it for itself, and nothing grows stale."""
        try:
            playback = await self._limits.store(self._source.currently_playing())
            played = await self._limits.store(self._source.recently_played())
            changed_at = await self._limits.store(pushed.last_change_at())
            self._last_push_at = await self._limits.store(pushed.last_push_at())
        except SourceError as error:
            problem = SourceProblem.of(error, self._clock.now())
            self._telling.log_change(problem, error)
            self._board.replace_state(NowPlayingState().with_failure(problem, self._clock.now()))
        else:
            self._telling.log_change(None)
            self._board.apply_pushed(playback, played, changed_at)
        self._board.publish()

    async def _is_leader(self) -> bool:
        leads = await self._instances.try_lead()
        if leads and not self._leads:
            await self._take_over()
        self._leads = leads
        return leads

    async def _take_over(self) -> None:
        """Goes on where the instance that led before left off."""
        told = await self._instances.read_state()
        if told.is_newer_than(self._board.state):
            self._board.replace_state(told.for_new_leader())

    async def _follow(self) -> None:
        if self._follows:  # Whoever begins to follow reads what stands there, and waits for nothing.
            await self._instances.wait_for_state(FOLLOW_INTERVAL_SECONDS)
        self._follows = True
        told = await self._instances.read_state()
        self._board.replace_state(told)
        self._board.publish()
        planned = told.next_poll_at
        if planned is not None and self._clock.now() < planned + OVERDUE_SECONDS:
            self._broadcast.mark_fresh()

    async def _ask(self) -> None:
        try:
            playback = await self._limits.source(self._source.currently_playing())
        except Exception as error:
            # Whatever it is, it is a question that was not answered.
            problem = SourceProblem.of(error, self._clock.now())
            self._telling.log_change(problem, error)
            self._board.apply_failure(problem)
            is_uncounted = isinstance(error, SourceError) and not error.counts_against_quota
            self._asking_is_free = self._calls_are_free or is_uncounted
            if problem.code in _COSTS_A_QUESTION and not self._asking_is_free:
                self._pacing.consume()
        else:
            self._pacing.consume()
            self._telling.log_change(None)
            self._board.apply_playback(playback)
            is_blank = (
                self._board.current_snapshot.status == "idle" and self._board.current_snapshot.last_played is None
            )
            if self._row.returns_history or is_blank:
                await self._ask_what_was_played()
        self._board.publish()

    async def _ask_what_was_played(self) -> bool:
        """Where that is due, and can be afforded; it is worth a question anyway where nothing is known.

        Whether it was news.
        """
        if self._row.records_history:
            return False  # What was seen is the list.
        now, shown, is_free = self._clock.monotonic(), self._board.current_snapshot, self._row.returns_history
        is_due = self._listing.is_due(now, shown, is_told=is_free, is_published=self._publishes_plays)
        if self._board.state.problem is not None or not is_due:
            return False
        if not is_free and not self._pacing.has_token and self._board.state.last_played is not None:
            return False
        self._listing = HistorySchedule(now, shown.item)
        if not is_free:
            self._pacing.consume()
        try:
            played = await self._limits.source(self._source.recently_played())
        except Exception as error:  # It stays unknown; what asks next says why.
            log.info("recently played is not known (%s)", type(error).__name__)
            return False
        is_news = self._board.apply_history(played)
        self._board.publish()
        return is_news

    async def _plan(self) -> float:
        """Decides when to ask next (monotonic s), and shares what is known."""
        pace, jitter = await self._pacing.pace(), random.random()  # noqa: S311
        situation = self._board.schedule_input(pace, jitter, is_free=self._asking_is_free)
        credit = self._pacing.tokens_at(quota_interval(situation))
        return await self._plan_in(seconds_until_next_poll(replace(situation, credit=credit)))

    async def _plan_in(self, seconds: float) -> float:
        self._next_question = due = self._clock.monotonic() + seconds
        self._board.replace_state(replace(self._board.state, next_poll_at=self._clock.now() + seconds))
        self._board.publish()
        await self._tell_others()
        return due

    async def _tell_others(self) -> None:
        await self._quietly(self._instances.publish_state(self._board.state))

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        """Does what may fail without harm."""
        try:
            await work
        except Exception as error:
            log.debug("left undone: %s", describe_error(error))


class Step(Protocol):
    """One part of the loop."""

    async def __call__(self) -> None: ...
