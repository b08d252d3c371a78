"""The newest snapshot, who waits for it, and whether anybody watches. The latest wins; there are no queues."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from widget.clock import Clock
from widget.snapshot import UNASKED, Snapshot

WATCHED_FOR_SECONDS = 60.0
PATIENCE_SECONDS = 2.5


class Broadcast:
    """One writer (the watcher) and any number of readers (the faces), all on one event loop.

    ``revision`` grows by one with each change that can be seen; plain progress is no change.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = asyncio.Event()
        self._answered = asyncio.Event()
        self._wanted = asyncio.Event()
        self._last_seen: float | None = None
        self.current = Snapshot(playback=None, problem=UNASKED)
        self.revision = 0
        self.streams = 0
        self.ended = False

    # What the watcher does.

    def publish(self, snapshot: Snapshot) -> None:
        """Makes ``snapshot`` the current one; wakes the readers that wait where it looks different."""
        changed = snapshot.identity != self.current.identity
        self.current = snapshot
        if changed:
            self.revision += 1
            self._wake_readers()

    def end(self) -> None:
        """The program ends: nothing newer comes any more, and whoever waits for it may go."""
        self.ended = True
        self._wake_readers()

    def answered(self) -> None:
        """The current snapshot is as true as it gets: whoever waits in :meth:`fresh` may go on."""
        self._answered.set()

    def doze(self) -> None:
        """Nobody watches and nobody asks any more: the next :meth:`fresh` waits for an answer anew."""
        self._answered.clear()
        self._wanted.clear()

    async def wanted(self) -> None:
        """Returns when somebody watches."""
        while not self.watched:
            self._wanted.clear()
            await self._wanted.wait()

    @property
    def watched(self) -> bool:
        """A stream is open, or a face was asked for within the last minute."""
        if self.streams:
            return True
        return self._last_seen is not None and self._clock.monotonic() - self._last_seen < WATCHED_FOR_SECONDS

    # What the faces do.

    @property
    def is_fresh(self) -> bool:
        """The watcher is awake and has asked: ``current`` may be served without waiting."""
        return self._answered.is_set()

    def seen(self) -> None:
        """Notes that a face was asked for."""
        self._last_seen = self._clock.monotonic()
        self._wanted.set()

    async def fresh(self, patience: float = PATIENCE_SECONDS) -> Snapshot:
        """Notes that a face was asked for and gives the current snapshot.

        After a pause it waits for the watcher's question to be answered, ``patience`` seconds at most.
        """
        self.seen()
        if not self._answered.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._answered.wait()
        return self.current

    async def newer(self, revision: int) -> tuple[int, Snapshot]:
        """The current revision and snapshot, as soon as the revision is not ``revision``, or the program ends."""
        while self.revision == revision and not self.ended:
            await self._changed.wait()
        return self.revision, self.current

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Counts an open stream as somebody who watches while the context lasts."""
        self.streams += 1
        self.seen()
        try:
            yield
        finally:
            self.streams -= 1
            self.seen()

    def _wake_readers(self) -> None:
        woken, self._changed = self._changed, asyncio.Event()
        woken.set()
