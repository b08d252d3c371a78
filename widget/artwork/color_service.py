"""Finds the colors of each artwork that is displayed, once, while there are viewers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from widget.artwork.cache import ArtworkCache
from widget.artwork.dominant_color import ArtworkColors, extract_colors
from widget.clock import Clock, wait_for
from widget.model.playback import Item
from widget.now_playing.broadcaster import Broadcaster

MIN_WIDTH = 64
RETRY_SECONDS = 60.0
"""A failed artwork is fetched again after this, for as long as the cache remembers the failure."""


class ColorService:
    """Stores the colors with the artwork, and notifies the broadcaster of the change."""

    def __init__(
        self,
        artwork: ArtworkCache,
        broadcast: Broadcaster,
        clock: Clock,
        extract: Callable[[bytes], ArtworkColors | None] = extract_colors,
    ) -> None:
        self._artwork = artwork
        self._broadcast = broadcast
        self._clock = clock
        self._extract = extract
        self._searches: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Search after each change, and for missing colors every minute. Runs until it is cancelled."""
        try:
            while not self._broadcast.closed:
                await self._broadcast.wait_for_viewer()
                revision = self._broadcast.revision
                self._search_all()
                with suppress(TimeoutError):
                    await wait_for(self._clock, RETRY_SECONDS, self._broadcast.wait_for_change(revision))
        finally:
            for search in self._searches.values():
                search.cancel()
            await asyncio.gather(*self._searches.values(), return_exceptions=True)

    async def wait_for_color(self, item: Item, timeout: float) -> None:  # noqa: ASYNC109
        """Wait until the search for the colors of ``item`` ends, at most ``timeout`` seconds.

        For clients that poll once and receive no events, such as a README.
        """
        search = self._search_of(item)
        if search is not None:
            await asyncio.wait({search}, timeout=timeout)

    def _search_all(self) -> None:
        snapshot = self._broadcast.current
        for item in (snapshot.item, snapshot.last_played.item if snapshot.last_played else None):
            if item is not None:
                self._search_of(item)

    def _search_of(self, item: Item) -> asyncio.Task[None] | None:
        """Return the search for the colors of ``item``, started if needed; None if none is needed."""
        key = self._artwork.key(item)
        if key is None or self._artwork.has_colors(key) or self._artwork.color(item) is not None:
            return None
        if key not in self._searches:
            self._searches[key] = asyncio.create_task(self._search(key))
        return self._searches[key]

    async def _search(self, key: str) -> None:
        try:
            file = await self._artwork.get(key, MIN_WIDTH, self._artwork.fetch_timeout)
            # Nothing is stored, so the next round tries again.
            if file is None:
                return
            # Decoding takes milliseconds, which all streams would wait for.
            colors = await asyncio.to_thread(self._extract, file.body)
            self._artwork.set_colors(key, colors)
            if colors is not None:
                self._broadcast.notify_appearance_changed()
        finally:
            del self._searches[key]
