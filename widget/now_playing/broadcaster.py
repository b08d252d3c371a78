"""The current snapshot, the readers that wait for the next, and the viewers.

The latest wins; there are no queues.

The snapshot follows from the published state and the clock when it is read: nothing that hangs elsewhere keeps an old
one alive.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from math import inf
from typing import Protocol

from widget.clock import Clock, wait_for
from widget.model.snapshot import NOT_POLLED_YET, Snapshot
from widget.model.sources import SPOTIFY, SourceInfo

# Longer than pages wait between two polls.
VIEWER_TIMEOUT_SECONDS = 60.0
# Long enough for one response of the source, short enough for README pictures.
FRESH_WAIT_SECONDS = 2.5
TICK_SECONDS = 1.0
"""While there are viewers the clock is read this often: it may be set, or stop while a laptop sleeps."""


class SnapshotSource(Protocol):
    """The snapshot as a function of the time (s since the epoch)."""

    def snapshot_at(self, now: float, source: SourceInfo, max_recent: int) -> Snapshot:
        """Return the snapshot of ``source`` at ``now``, with at most ``max_recent`` earlier plays."""
        ...

    def next_change_at(self, now: float, source: SourceInfo) -> float | None:
        """Return when the clock alone changes it (s since the epoch); None for never."""
        ...


class Broadcaster:
    """One writer (the poller) and any number of readers (the web application) on one event loop.

    ``revision`` grows by one with each visible change; plain progress is none.
    """

    def __init__(self, clock: Clock, source: SourceInfo = SPOTIFY, max_recent: int = 0) -> None:
        self._clock = clock
        self._source = source
        self._max_recent = max_recent
        self._changed = asyncio.Event()
        self._fresh = asyncio.Event()
        self._viewed = asyncio.Event()
        self._published = asyncio.Event()
        self._last_view: float | None = None
        self._watched_since: float | None = None
        self._state: SnapshotSource | None = None
        self._snapshot = Snapshot(playback=None, problem=NOT_POLLED_YET)
        self._valid_from, self._valid_until = -inf, inf
        self.revision = 0
        self.streams = 0
        self.closed = False

    # For the poller.

    def publish(self, state: SnapshotSource) -> None:
        """Show ``state`` from now on; wake the waiting readers if it looks different."""
        self._state = state
        self._update(self._clock.now())
        self._published.set()

    async def run(self) -> None:
        """Wake the readers when the clock alone changes the snapshot. Runs until it is cancelled."""
        while True:
            await self.wait_for_viewer()
            self._published.clear()
            now = self._clock.now()
            self._update(now)
            with suppress(TimeoutError):
                await wait_for(self._clock, min(TICK_SECONDS, self._valid_until - now), self._published.wait())

    def close(self) -> None:
        """Release all readers, as the program ends."""
        self.closed = True
        self._wake_readers()

    def mark_fresh(self) -> None:
        """Release the readers in :meth:`fresh`: the snapshot is up to date."""
        self._fresh.set()

    def mark_idle(self) -> None:
        """Make the next :meth:`fresh` wait for a poll, as there are no viewers."""
        self._fresh.clear()
        self._viewed.clear()

    async def wait_for_viewer(self) -> None:
        """Return when there is a viewer."""
        while not self.has_viewers:
            self._viewed.clear()
            await self._viewed.wait()

    @property
    def has_viewers(self) -> bool:
        """Whether a stream is open, or a view was requested within the last minute."""
        if self.streams:
            return True
        return self._last_view is not None and self._clock.monotonic() - self._last_view < VIEWER_TIMEOUT_SECONDS

    @property
    def watched_since(self) -> float | None:
        """When the first of the viewers came (monotonic s); None without viewers."""
        return self._watched_since if self.has_viewers else None

    # For the web application.

    def notify_appearance_changed(self) -> None:
        """Wake the readers though the same item plays: its artwork's color is known now."""
        self._snapshot = replace(self.current)  # A new object, as readers compare by identity.
        self.revision += 1
        self._wake_readers()

    @property
    def current(self) -> Snapshot:
        """The snapshot now; the very same object as long as nothing changes."""
        now = self._clock.now()
        if not self._valid_from <= now < self._valid_until:
            self._update(now)
        return self._snapshot

    @property
    def is_fresh(self) -> bool:
        """Whether ``current`` may be served without waiting for a poll."""
        return self._fresh.is_set()

    def touch(self) -> None:
        """Note that a view was requested."""
        now = self._clock.monotonic()
        if not self.has_viewers:
            self._watched_since = now
        self._last_view = now
        self._viewed.set()

    async def fresh(self, timeout: float = FRESH_WAIT_SECONDS) -> Snapshot:  # noqa: ASYNC109
        """Note a view and return the snapshot; after a pause, wait for the first poll.

        Returns the old one after ``timeout`` seconds.
        """
        self.touch()
        if not self._fresh.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._fresh.wait()
        return self.current

    async def wait_for_change(self, revision: int) -> tuple[int, Snapshot]:
        """Return the revision and snapshot as soon as it is not ``revision``, or the program ends."""
        while self.revision == revision and not self.closed:
            await self._changed.wait()
        snapshot = self.current  # May raise the revision.
        return self.revision, snapshot

    def add_stream(self) -> None:
        """Count an open stream as a viewer, until :meth:`remove_stream`."""
        self.touch()
        self.streams += 1

    def remove_stream(self) -> None:
        """Count a stream as closed."""
        self.touch()
        self.streams -= 1

    def _update(self, now: float) -> None:
        if self._state is None:
            return
        snapshot = self._state.snapshot_at(now, self._source, self._max_recent)
        until = self._state.next_change_at(now, self._source)
        self._valid_from, self._valid_until = now, inf if until is None else until
        if snapshot == self._snapshot:
            return
        # The schedule of the next poll changes all the time, and is nothing to see.
        looks_different = snapshot.etag_key != self._snapshot.etag_key
        self._snapshot = snapshot
        if looks_different:
            self.revision += 1
            self._wake_readers()

    def _wake_readers(self) -> None:
        # A new event instead of clear(): each reader that waits is woken, even if it runs late.
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
