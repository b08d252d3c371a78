"""What is shown now, who waits for something newer, and whether anybody watches. The latest wins; there are no queues.

What is shown follows from what is known and from the clock, at the moment of reading: nothing that hangs elsewhere
can keep an old picture alive.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from math import inf
from typing import Protocol

from widget.clock import Clock, wait_for
from widget.model.snapshot import NOT_POLLED_YET, Snapshot

VIEWER_TIMEOUT_SECONDS = 60.0
FRESH_WAIT_SECONDS = 2.5
TICK_SECONDS = 1.0
"""The clock is looked at this often while somebody watches, for it may be set, or stand still while a laptop sleeps."""


class SnapshotSource(Protocol):
    """What is shown as a function of the time (s since the epoch)."""

    def snapshot_at(self, now: float) -> Snapshot:
        """What is shown at ``now``."""
        ...

    def next_change_at(self, now: float) -> float | None:
        """Until when that stays the same by itself; None for ever."""
        ...


class Broadcaster:
    """One writer (the watcher) and any number of readers (the faces), all on one event loop.

    ``revision`` grows by one with each change that can be seen; plain progress is no change.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = asyncio.Event()
        self._answered = asyncio.Event()
        self._wanted = asyncio.Event()
        self._last_seen: float | None = None
        self._watched_since: float | None = None
        self._published = asyncio.Event()
        self._picture: SnapshotSource | None = None
        self._snapshot = Snapshot(playback=None, problem=NOT_POLLED_YET)
        self._true_from, self._true_until = -inf, inf
        self.revision = 0
        self.streams = 0
        self.closed = False

    # What the watcher does.

    def publish(self, picture: SnapshotSource) -> None:
        """Shows ``picture`` from now on; wakes the readers that wait where it looks different."""
        self._picture = picture
        self._look(self._clock.now())
        self._published.set()

    async def run(self) -> None:
        """Wakes the readers when mere time changes the picture. Runs until it is cancelled."""
        while True:
            await self.wait_for_viewer()
            self._published.clear()
            now = self._clock.now()
            self._look(now)
            with suppress(TimeoutError):
                await wait_for(self._clock, min(TICK_SECONDS, self._true_until - now), self._published.wait())

    def close(self) -> None:
        """The program ends: nothing newer comes any more, and whoever waits for it may go."""
        self.closed = True
        self._wake_readers()

    def mark_fresh(self) -> None:
        """The current snapshot is as true as it gets: whoever waits in :meth:`fresh` may go on."""
        self._answered.set()

    def mark_idle(self) -> None:
        """Nobody watches and nobody asks any more: the next :meth:`fresh` waits for an answer anew."""
        self._answered.clear()
        self._wanted.clear()

    async def wait_for_viewer(self) -> None:
        """Returns when somebody watches."""
        while not self.has_viewers:
            self._wanted.clear()
            await self._wanted.wait()

    @property
    def has_viewers(self) -> bool:
        """A stream is open, or a face was asked for within the last minute."""
        if self.streams:
            return True
        return self._last_seen is not None and self._clock.monotonic() - self._last_seen < VIEWER_TIMEOUT_SECONDS

    @property
    def watched_since(self) -> float | None:
        """When somebody began to watch (monotonic s); None where nobody does."""
        return self._watched_since if self.has_viewers else None

    # What the faces do.

    def notify_appearance_changed(self) -> None:
        """What plays is the same, but looks different now: a new snapshot, equal to the old one, wakes the readers."""
        self._snapshot = replace(self.current)
        self.revision += 1
        self._wake_readers()

    @property
    def current(self) -> Snapshot:
        """What is shown now: the very same object as long as nothing changes."""
        now = self._clock.now()
        if not self._true_from <= now < self._true_until:
            self._look(now)
        return self._snapshot

    @property
    def is_fresh(self) -> bool:
        """The watcher is awake and has asked: ``current`` may be served without waiting."""
        return self._answered.is_set()

    def touch(self) -> None:
        """Notes that a face was asked for."""
        now = self._clock.monotonic()
        if not self.has_viewers:
            self._watched_since = now
        self._last_seen = now
        self._wanted.set()

    async def fresh(self, patience: float = FRESH_WAIT_SECONDS) -> Snapshot:
        """Notes that a face was asked for and gives the current snapshot.

        After a pause it waits for the watcher's question to be answered, ``patience`` seconds at most.
        """
        self.touch()
        if not self._answered.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._answered.wait()
        return self.current

    async def wait_for_change(self, revision: int) -> tuple[int, Snapshot]:
        """The current revision and snapshot, as soon as the revision is not ``revision``, or the program ends."""
        while self.revision == revision and not self.closed:
            await self._changed.wait()
        snapshot = self.current  # Looking may find a newer one.
        return self.revision, snapshot

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Counts an open stream as somebody who watches while the context lasts."""
        self.touch()
        self.streams += 1
        try:
            yield
        finally:
            self.touch()
            self.streams -= 1

    def _look(self, now: float) -> None:
        if self._picture is None:
            return
        snapshot, changes_at = self._picture.snapshot_at(now), self._picture.next_change_at(now)
        self._true_from, self._true_until = now, inf if changes_at is None else changes_at
        if snapshot == self._snapshot:
            return
        looks_different = snapshot.etag_key != self._snapshot.etag_key
        self._snapshot = snapshot
        if looks_different:
            self.revision += 1
            self._wake_readers()

    def _wake_readers(self) -> None:
        woken, self._changed = self._changed, asyncio.Event()
        woken.set()
