"""The loop that asks, judges and publishes. It survives every error, and asks only while somebody watches."""

import logging
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from widget.clock import Clock
from widget.errors import SourceError, StoreError
from widget.playback import Item, LastPlayed, Playback
from widget.player.broadcast import Broadcast
from widget.player.budget import LONGEST_PACE_SECONDS, pace
from widget.player.hiding import Hiding
from widget.player.knowledge import Knowledge, from_text, to_text
from widget.player.schedule import Situation, seconds_until_next_question
from widget.snapshot import Problem, Snapshot, Status

TICK_SECONDS = 1.0
AFTER_A_CRASH_SECONDS = 5.0
FOLLOWING_SECONDS = 1.0
RECENTLY_PLAYED_EVERY_SECONDS = 300.0
OVERDUE_SECONDS = 3.0

log = logging.getLogger(__name__)


class Source(Protocol):
    """Who is asked; see :class:`widget.sources.spotify.gateway.Gateway`."""

    async def currently_playing(self) -> Playback: ...

    async def recently_played(self) -> Sequence[LastPlayed]: ...

    async def calls_of_the_day(self) -> Sequence[tuple[float, int]]: ...


class Shared(Protocol):
    """What instances share; see :class:`widget.store.protocol.Store`."""

    async def lead(self) -> bool: ...

    async def resign(self) -> None: ...

    async def share(self, knowledge: str) -> None: ...

    async def shared(self) -> str | None: ...

    async def news(self, seconds: float) -> None: ...


class Watcher:
    """Keeps ``broadcast`` true. Of several instances on one store the one that leads asks, the others follow."""

    def __init__(
        self,
        source: Source,
        shared: Shared,
        broadcast: Broadcast,
        clock: Clock,
        *,
        calls_per_day: int,
        hiding: Hiding | None = None,
    ) -> None:
        self._source = source
        self._shared = shared
        self._broadcast = broadcast
        self._clock = clock
        self._calls_per_day = calls_per_day
        self._hiding = hiding or Hiding()
        self._knowledge = Knowledge()
        self._next_question = 0.0  # monotonic
        self._shown: tuple[Status, Item | None] | None = None
        self._status_since = 0.0
        self._recently_played_asked: float | None = None  # monotonic
        self._leads = False

    @property
    def last_success_at(self) -> float | None:
        """When Spotify last answered (s since the epoch), whichever instance asked; None if it never did."""
        return self._knowledge.updated_at

    @property
    def problem(self) -> Problem | None:
        """Why the last question was not answered; None where it was, or none was asked yet."""
        return self._knowledge.problem

    async def catch_up(self) -> None:
        """Learns what another instance heard while nobody watched here. May raise StoreError."""
        if not self._leads and not self._broadcast.watched:
            shared = from_text(await self._shared.shared())
            if (shared.updated_at or 0.0) > (self._knowledge.updated_at or 0.0):
                self._know(shared)

    async def run(self) -> None:
        """Runs until it is cancelled."""
        await self._survive(self._restore)
        while True:
            await self._broadcast.wanted()
            await self._survive(self._watch)

    async def _survive(self, step: "Step") -> None:
        try:
            await step()
        except Exception as error:
            # Nothing may stop the loop: the widget goes on with what it has. The type says enough for a log line.
            log.error("watching failed (%s); going on", type(error).__name__, exc_info=log.isEnabledFor(logging.DEBUG))
            self._broadcast.answered()
            await self._clock.sleep(AFTER_A_CRASH_SECONDS)

    async def _restore(self) -> None:
        self._know(from_text(await self._shared.shared()).remembered())

    async def _watch(self) -> None:
        """From the first viewer to the last."""
        self._next_question = self._clock.monotonic()
        self._publish()
        try:
            while self._broadcast.watched:
                await self._turn()
        finally:
            self._leads = False
            self._broadcast.doze()
            await self._quietly_resign()

    async def _turn(self) -> None:
        if not await self._is_leader():
            await self._follow()
            return
        if self._clock.monotonic() >= self._next_question:
            await self._ask()
            await self._plan()
            self._broadcast.answered()
            await self._ask_what_was_played()
        await self._clock.sleep(max(0.0, min(TICK_SECONDS, self._next_question - self._clock.monotonic())))

    async def _is_leader(self) -> bool:
        try:
            leads = await self._shared.lead()
        except StoreError:
            leads = self._leads  # Without the store nobody can ask; the question will say why.
        if leads and not self._leads:
            await self._take_over()
        self._leads = leads
        return leads

    async def _take_over(self) -> None:
        """Goes on where the instance that led before left off."""
        shared = from_text(await self._shared.shared())
        if (shared.updated_at or 0.0) > (self._knowledge.updated_at or 0.0):
            self._know(shared.rested())

    async def _follow(self) -> None:
        await self._shared.news(FOLLOWING_SECONDS)
        knowledge = from_text(await self._shared.shared())
        self._know(knowledge)
        self._publish()
        planned = knowledge.next_question_at
        if planned is not None and self._clock.now() < planned + OVERDUE_SECONDS:
            self._broadcast.answered()

    async def _ask(self) -> None:
        try:
            playback = await self._source.currently_playing()
        except (SourceError, StoreError) as error:
            self._note_failure(error)
        else:
            if self._knowledge.problem is not None:
                log.info("Spotify answers again.")
            self._know(self._knowledge.heard(self._hiding.applied(playback), self._clock.now()))
            if self._snapshot().status == "idle" and self._snapshot().last_played is None:
                await self._ask_what_was_played()
        self._publish()

    def _note_failure(self, error: SourceError | StoreError) -> None:
        problem = Problem.of(error, self._clock.now())
        before = self._knowledge.problem
        if before is None or before.code != problem.code:
            log.warning("%s: %s", problem.code, problem.message)
        self._know(self._knowledge.failed(problem))

    async def _ask_what_was_played(self) -> None:
        """Once when nothing plays, and again at long intervals: Spotify's list lags."""
        now = self._clock.monotonic()
        asked = self._recently_played_asked
        is_due = asked is None or now - asked >= RECENTLY_PLAYED_EVERY_SECONDS
        if self._knowledge.problem is not None or self._snapshot().status != "idle" or not is_due:
            return
        self._recently_played_asked = now
        try:
            played = await self._source.recently_played()
        except (SourceError, StoreError) as error:
            log.info("recently played is not known (%s)", type(error).__name__)
            return
        self._know(self._knowledge.told_of(self._hiding.newest_shown(played)))
        self._publish()

    async def _plan(self) -> None:
        """Decides when to ask next, and shares what is known."""
        seconds = seconds_until_next_question(await self._situation())
        self._next_question = self._clock.monotonic() + seconds
        self._know(replace(self._knowledge, next_question_at=self._clock.now() + seconds))
        self._publish()
        with suppress(StoreError):  # The store itself says why, and no oftener than is good.
            await self._shared.share(to_text(self._knowledge))

    async def _situation(self) -> Situation:
        now, knowledge = self._clock.now(), self._knowledge
        snapshot, problem = self._snapshot(), knowledge.problem
        return Situation(
            now=now,
            status=None if snapshot.playback is None else snapshot.playback.status,
            since=self._status_since,
            ends_at=None if snapshot.playback is None else snapshot.playback.ends_at,
            doubts=knowledge.doubts,
            failures=knowledge.failures,
            problem=None if problem is None else problem.code,
            retry_at=None if problem is None else problem.retry_at,
            pace=await self._pace(),
            jitter=random.random(),  # noqa: S311
        )

    async def _pace(self) -> float:
        try:
            return pace(await self._source.calls_of_the_day(), self._clock.now(), self._calls_per_day)
        except StoreError:
            return LONGEST_PACE_SECONDS

    def _snapshot(self) -> Snapshot:
        return self._knowledge.snapshot_at(self._clock.now())

    def _know(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge.shown_under(self._hiding)

    def _publish(self) -> None:
        self._broadcast.publish(self._knowledge)
        shown = (self._broadcast.current.status, self._broadcast.current.item)
        if shown != self._shown:
            self._shown, self._status_since = shown, self._clock.now()

    async def _quietly_resign(self) -> None:
        with suppress(StoreError):
            await self._shared.resign()


class Step(Protocol):
    """One part of the loop."""

    async def __call__(self) -> None: ...
