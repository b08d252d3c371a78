"""A source of scripted responses, and a store of one value that several pollers share."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from widget.clock import Clock, wait_for
from widget.model.playback import Playback, PlayedItem
from widget.model.snapshot import SourceProblem
from widget.model.sources import SourceName
from widget.model.tokens import AuthorizationStatus
from widget.store.unavailable import UnavailableStore

Answer = Playback | Exception


class ScriptedSource:
    """A :class:`widget.sources.base.SourceClient` that gives ``answers`` in their order, the last one for ever."""

    def __init__(self, *answers: Answer, played: Sequence[PlayedItem] | Exception = ()) -> None:
        self.answers = list(answers)
        self.played = played
        self.calls: Sequence[tuple[float, int]] = ()
        self.polls = 0
        self.history_polls = 0
        self.concurrent_polls = 0
        self.max_concurrent_polls = 0
        self.hold: asyncio.Event | None = None

    async def currently_playing(self) -> Playback:
        self.polls += 1
        self.concurrent_polls += 1
        self.max_concurrent_polls = max(self.max_concurrent_polls, self.concurrent_polls)
        try:
            if self.hold is not None:
                await self.hold.wait()
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        finally:
            self.concurrent_polls -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def recently_played(self) -> Sequence[PlayedItem]:
        self.history_polls += 1
        if isinstance(self.played, Exception):
            raise self.played
        return self.played

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        return self.calls

    async def authorization_status(self) -> AuthorizationStatus:
        return AuthorizationStatus("ok")

    async def known_problem(self) -> SourceProblem | None:
        return None

    async def close(self) -> None:
        """Do nothing, as nothing is open."""


class SharedState:
    """The state that several pollers share; ``leader`` is the store that leads.

    ``error`` is raised by every operation; while ``hangs`` is set none returns.
    """

    def __init__(self) -> None:
        self.text: str | None = None
        self.leader: object = None
        self.error: Exception | None = None
        self.hangs = False
        self.publications = 0
        self.changed = asyncio.Event()
        """Set by the next value, and another from then on."""

    def store(self, clock: Clock) -> "SharedStore":
        return SharedStore(self, clock)


class SharedStore(UnavailableStore):
    """One instance's connection to ``shared``; a poller uses nothing else of a store."""

    def __init__(self, shared: SharedState, clock: Clock) -> None:
        self._shared = shared
        self._clock = clock
        self._read: str | None = None

    async def try_lead(self) -> bool:
        await self._check()
        if self._shared.leader is None:
            self._shared.leader = self
        return self._shared.leader is self

    async def resign(self) -> None:
        await self._check()
        if self._shared.leader is self:
            self._shared.leader = None

    async def publish_state(self, state: str, source: SourceName = "spotify") -> None:
        await self._check()
        self._shared.text = state
        self._shared.publications += 1
        self._shared.changed.set()
        self._shared.changed = asyncio.Event()

    async def read_state(self, source: SourceName = "spotify") -> str | None:
        await self._check()
        self._read = self._shared.text
        return self._read

    async def wait_for_state(self, seconds: float) -> None:
        await self._check()
        with suppress(TimeoutError):
            if self._shared.text == self._read:
                await wait_for(self._clock, seconds, self._shared.changed.wait())

    async def _check(self) -> None:
        if self._shared.hangs:
            await asyncio.Event().wait()
        if self._shared.error is not None:
            raise self._shared.error
