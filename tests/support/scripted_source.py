"""A Spotify of answers in a row, and a store of one value, for the watcher."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from widget.clock import Clock, wait_for
from widget.model.playback import Playback, PlayedItem

Answer = Playback | Exception


class ScriptedSource:
    """Implements :class:`widget.now_playing.poller.Source`: gives ``answers`` in their order, the last one for ever."""

    def __init__(self, *answers: Answer, played: Sequence[PlayedItem] | Exception = ()) -> None:
        self.answers = list(answers)
        self.played = played
        self.calls: Sequence[tuple[float, int]] = ()
        self.asked = 0
        self.asked_what_was_played = 0
        self.at_once = 0
        self.most_at_once = 0
        self.hold: asyncio.Event | None = None

    async def currently_playing(self) -> Playback:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.hold is not None:
                await self.hold.wait()
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        finally:
            self.at_once -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def recently_played(self) -> Sequence[PlayedItem]:
        self.asked_what_was_played += 1
        if isinstance(self.played, Exception):
            raise self.played
        return self.played

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        return self.calls


class Notice:
    """One store for several watchers; ``leader`` is who holds the lead. ``broken`` is raised by everything; while
    ``hangs`` is set nothing answers."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.leader: object = None
        self.broken: Exception | None = None
        self.hangs = False
        self.shares = 0
        self.shared_anew = asyncio.Event()
        """Set by the next value, and another from then on."""

    def seat(self, clock: Clock) -> "Seat":
        return Seat(self, clock)


class Seat:
    """Implements :class:`widget.now_playing.poller.Shared` for one instance."""

    def __init__(self, notice: Notice, clock: Clock) -> None:
        self._notice = notice
        self._clock = clock
        self._read: str | None = None

    async def try_lead(self) -> bool:
        await self._check()
        if self._notice.leader is None:
            self._notice.leader = self
        return self._notice.leader is self

    async def resign(self) -> None:
        await self._check()
        if self._notice.leader is self:
            self._notice.leader = None

    async def publish_state(self, knowledge: str) -> None:
        await self._check()
        self._notice.text = knowledge
        self._notice.shares += 1
        self._notice.shared_anew.set()
        self._notice.shared_anew = asyncio.Event()

    async def read_state(self) -> str | None:
        await self._check()
        self._read = self._notice.text
        return self._read

    async def wait_for_state(self, seconds: float) -> None:
        await self._check()
        with suppress(TimeoutError):
            if self._notice.text == self._read:
                await wait_for(self._clock, seconds, self._notice.shared_anew.wait())

    async def _check(self) -> None:
        if self._notice.hangs:
            await asyncio.Event().wait()
        if self._notice.broken is not None:
            raise self._notice.broken
