"""The polling loop, which survives every error and polls only while there are viewers."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from widget.clock import Clock, wait_for
from widget.model.errors import ErrorCode, SourceError
from widget.model.hide_list import EMPTY_HIDE_LIST, HideList
from widget.model.snapshot import POLLER_STALLED, SourceProblem
from widget.model.sources import SPOTIFY, SourceInfo
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.cluster import Cluster
from widget.now_playing.history_poller import HistoryPoller
from widget.now_playing.pacing import PollPacer
from widget.now_playing.publisher import StatePublisher, StatusLogger, describe_error
from widget.now_playing.push_reader import PushReader
from widget.now_playing.schedule import quota_interval, seconds_until_next_poll
from widget.now_playing.state import OVERDUE_AFTER_SECONDS
from widget.now_playing.timeouts import Timeouts
from widget.sources.base import PushSource, SourceClient
from widget.store.base import Store

TICK_SECONDS = 1.0
MAX_RETRY_SECONDS = 5.0
FOLLOW_INTERVAL_SECONDS = 1.0
LEADER_GRACE_SECONDS = 3.0
RECHECK_INTERVAL_SECONDS = 300.0
RECHECK_WAIT_SECONDS = 0.4

_COUNTED_CODES: frozenset[ErrorCode] = frozenset(
    {"spotify_unreachable", "source_unreachable", "rate_limited", "internal_error"}
)
"""Other problems are known without a call."""

WaitForChange = Callable[[float], Awaitable[bool]]
"""Waits at most so many seconds for the source to announce a change; returns whether it did."""

log = logging.getLogger(__name__)


class Poller:
    """Keeps ``broadcaster`` up to date.

    Of several instances on one store the leader polls, the others follow.

    ``max_recent`` earlier plays are published.
    """

    def __init__(
        self,
        client: SourceClient,
        store: Store,
        broadcaster: Broadcaster,
        clock: Clock,
        *,
        calls_per_day: int | None,
        hide_list: HideList = EMPTY_HIDE_LIST,
        source: SourceInfo = SPOTIFY,
        max_recent: int = 0,
        push: PushSource | None = None,
        wait_for_change: WaitForChange | None = None,
    ) -> None:
        self._client = client
        self._broadcaster = broadcaster
        self._clock = clock
        self._timeouts = Timeouts(clock)
        self._cluster = Cluster(store, source.name, self._timeouts, clock)
        self._publisher = StatePublisher(broadcaster, clock, hide_list, source, max_recent)
        self._pacer = PollPacer(client, self._timeouts, clock, calls_per_day)
        self._history = HistoryPoller(
            client, self._publisher, self._pacer, self._timeouts, clock, source, is_published=max_recent > 0
        )
        self._source = source
        self._status_log = StatusLogger()
        self._push: PushReader | None = None
        if push is not None:
            self._push = PushReader(push, self._publisher, self._status_log, self._timeouts, clock)
        self._wait_for_change = wait_for_change
        self._calls_are_free = calls_per_day is None
        self._next_poll: float | None = None  # monotonic; None until the first poll after a pause is scheduled
        self._last_poll: float | None = None  # monotonic
        self._is_leading = False
        self._is_following = False
        self._retries_are_free = False
        self._last_turn = 0.0  # monotonic
        self._recheck_requested = asyncio.Event()
        self._rechecked = asyncio.Event()

    @property
    def last_success_at(self) -> float | None:
        """When the source last responded, to any instance (s since the epoch); None if never."""
        return self._publisher.state.updated_at if self._push is None else self._push.last_push_at

    @property
    def problem(self) -> SourceProblem | None:
        """The problem of the last poll, or of one that is overdue; None if there is none."""
        if self._publisher.fault is not None:
            return self._publisher.fault
        if self._publisher.state.problem is None and self._is_overdue:
            return POLLER_STALLED
        return self._publisher.state.problem

    @property
    def _is_overdue(self) -> bool:
        watched_since = self._broadcaster.watched_since
        if watched_since is None:
            return False
        now = self._clock.monotonic()
        turn_began = max(watched_since, self._last_turn)
        if now - turn_began >= OVERDUE_AFTER_SECONDS:
            return True
        return now - watched_since >= OVERDUE_AFTER_SECONDS and self._publisher.state.is_overdue_at(self._clock.now())

    @property
    def _runs_always(self) -> bool:
        return self._source.holds_connection

    async def refresh_from_cluster(self) -> None:
        """Adopt another instance's state while there are no viewers here. May raise StoreError."""
        if self._push is not None:
            await self._push.read()
            return
        if not self._is_leading and not self._broadcaster.has_viewers:
            state = await self._cluster.read_state()
            if state.is_newer_than(self._publisher.state):
                self._publisher.adopt(state)
            if self._publisher.fault is not None and self._publisher.fault.code == "store_unavailable":
                # The database is back, and no viewer makes the loop notice it.
                self._clear_fault()

    async def recheck(self) -> None:
        """Poll once if the last poll failed and there are no viewers, to notice an outage's end.

        At most one poll in five minutes, within the quota; it is awaited for a moment only.
        """
        if self.problem is None or self._push is not None or self._runs_always or self._broadcaster.has_viewers:
            return
        if self._last_poll is not None and self._clock.monotonic() - self._last_poll < RECHECK_INTERVAL_SECONDS:
            return
        self._rechecked.clear()
        self._recheck_requested.set()
        with suppress(TimeoutError):
            await wait_for(self._clock, RECHECK_WAIT_SECONDS, self._rechecked.wait())

    async def run(self) -> None:
        """Run until cancelled."""
        await self._guarded(self._restore)
        while True:
            await self._wait_for_work()
            if self._broadcaster.has_viewers or self._runs_always:
                await self._watch()
            else:
                await self._guarded(self._poll_unwatched)

    async def _wait_for_work(self) -> None:
        if self._runs_always:
            return
        waits = {
            asyncio.create_task(self._broadcaster.wait_for_viewer()),
            asyncio.create_task(self._recheck_requested.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()

    async def _guarded(self, step: Callable[[], Awaitable[None]]) -> None:
        """Take ``step``; an exception counts as a failed poll, and the loop goes on."""
        try:
            await step()
        except Exception as error:
            fault = SourceProblem.of(error, self._clock.now())
            self._status_log.log_change(fault, error)
            self._publisher.set_fault(fault)
            self._broadcaster.mark_fresh()
            await self._clock.sleep(min(MAX_RETRY_SECONDS, 2.0 ** (self._publisher.fault_count - 1)))
        else:
            if self._publisher.fault is not None:
                self._clear_fault()
                self._publisher.publish()
        self._last_turn = self._clock.monotonic()

    def _clear_fault(self) -> None:
        self._publisher.clear_fault()
        self._status_log.log_change(self._publisher.state.problem)

    async def _restore(self) -> None:
        self._publisher.adopt((await self._cluster.read_state()).for_new_process())

    async def _watch(self) -> None:
        """Run from the first viewer to the last."""
        self._next_poll = None
        self._recheck_requested.clear()
        self._publisher.publish()
        try:
            while self._broadcaster.has_viewers or self._runs_always:
                await self._guarded(self._turn)
        finally:
            self._is_leading = self._is_following = False
            self._broadcaster.mark_idle()
            await self._try(self._cluster.resign())

    async def _poll_unwatched(self) -> None:
        """Poll once for :meth:`recheck`, if this instance leads and the quota allows it."""
        self._recheck_requested.clear()
        self._last_poll = self._clock.monotonic()
        try:
            if await self._try_lead() and self.problem is not None and await self._delay_after_idle() <= 0:
                await self._poll()
                await self._share_state()
        finally:
            self._rechecked.set()
            self._is_leading = False
            await self._try(self._cluster.resign())

    async def _turn(self) -> None:
        if self._push is not None:
            await self._push.read()
            self._broadcaster.mark_fresh()
            await self._push.wait(FOLLOW_INTERVAL_SECONDS)
            return
        if not await self._try_lead():
            await self._follow()
            return
        due = await self._schedule_first_poll() if self._next_poll is None else self._next_poll
        if self._clock.monotonic() >= due:
            await self._poll()
            due = await self._schedule_next_poll()
            self._broadcaster.mark_fresh()
            if await self._history.poll_if_due():
                await self._share_state()
        self._broadcaster.mark_fresh()
        await self._rest(max(0.0, min(TICK_SECONDS, due - self._clock.monotonic())))

    async def _rest(self, seconds: float) -> None:
        """Wait for ``seconds``; poll at once if a source that holds a connection announces a change."""
        if self._wait_for_change is None:
            await self._clock.sleep(seconds)
        elif await self._wait_for_change(seconds):
            self._next_poll = self._clock.monotonic()

    async def _try_lead(self) -> bool:
        is_leader = await self._cluster.try_lead()
        if is_leader and not self._is_leading:
            state = await self._cluster.read_state()
            if state.is_newer_than(self._publisher.state):
                self._publisher.adopt(state.for_new_leader())
        self._is_leading = is_leader
        return is_leader

    async def _follow(self) -> None:
        if self._is_following:  # The first time, a state may be there already.
            await self._cluster.wait_for_state(FOLLOW_INTERVAL_SECONDS)
        self._is_following = True
        state = await self._cluster.read_state()
        self._publisher.adopt(state)
        self._publisher.publish()
        if state.next_poll_at is not None and self._clock.now() < state.next_poll_at + LEADER_GRACE_SECONDS:
            self._broadcaster.mark_fresh()

    async def _poll(self) -> None:
        self._last_poll = self._clock.monotonic()
        try:
            playback = await self._timeouts.source(self._client.currently_playing())
        except Exception as error:
            problem = SourceProblem.of(error, self._clock.now())
            self._status_log.log_change(problem, error)
            self._publisher.apply_failure(problem)
            is_uncounted = isinstance(error, SourceError) and not error.counts_against_quota
            self._retries_are_free = self._calls_are_free or is_uncounted
            if problem.code in _COUNTED_CODES and not self._retries_are_free:
                self._pacer.consume()
        else:
            self._pacer.consume()
            self._status_log.log_change(None)
            self._publisher.apply_playback(playback)
            snapshot = self._publisher.current_snapshot
            if self._source.returns_history or (snapshot.status == "idle" and snapshot.last_played is None):
                await self._history.poll_if_due()
        self._publisher.publish()

    async def _delay_after_idle(self) -> float:
        state = self._publisher.state
        return await self._pacer.delay_after_idle(None if state.playback is None else state.updated_at)

    async def _schedule_first_poll(self) -> float:
        """Return when to poll first after a pause (monotonic s): at once, if the quota allows it."""
        seconds = await self._delay_after_idle()
        return await self._schedule_poll_in(seconds) if seconds > 0 else self._clock.monotonic()

    async def _schedule_next_poll(self) -> float:
        """Return when to poll next (monotonic s), and share it with the state."""
        pace, jitter = await self._pacer.pace(), random.random()  # noqa: S311
        situation = self._publisher.schedule_input(pace, jitter, is_free=self._retries_are_free)
        tokens = self._pacer.tokens_at(quota_interval(situation))
        return await self._schedule_poll_in(seconds_until_next_poll(replace(situation, tokens=tokens)))

    async def _schedule_poll_in(self, seconds: float) -> float:
        self._next_poll = due = self._clock.monotonic() + seconds
        self._publisher.schedule_poll(self._clock.now() + seconds)
        self._publisher.publish()
        await self._share_state()
        return due

    async def _share_state(self) -> None:
        await self._try(self._cluster.publish_state(self._publisher.state))

    async def _try(self, operation: Coroutine[Any, Any, None]) -> None:
        """Await ``operation``, whose failure does no harm."""
        try:
            await operation
        except Exception as error:
            log.debug("ignored: %s", describe_error(error))
