"""Finds the main colour of each artwork that is shown, once, while somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from widget.artwork.cache import ArtworkCache
from widget.artwork.dominant_color import count_pixels, dominant_color
from widget.artwork.oklch import to_hex
from widget.clock import Clock, wait_for
from widget.model.playback import Item
from widget.now_playing.broadcaster import Broadcaster

MIN_WIDTH = 64
RETRY_SECONDS = 60.0
"""An artwork that could not be had is asked for again after this, the time for which the cache remembers a failure."""


def extract_color(body: bytes) -> str | None:
    """The main colour (``#rrggbb``) of the image in ``body``; None where it cannot be told. Takes milliseconds."""
    pixels = count_pixels(body)
    return None if pixels is None else to_hex(dominant_color(pixels))


class ColorService:
    """What it finds it leaves with the artwork, and tells the broadcast that the picture has changed."""

    def __init__(
        self,
        artwork: ArtworkCache,
        broadcast: Broadcaster,
        clock: Clock,
        look: Callable[[bytes], str | None] = extract_color,
    ) -> None:
        self._artwork = artwork
        self._broadcast = broadcast
        self._clock = clock
        self._look_at = look
        self._searches: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Looks at each change, and at what is still missing every minute. Runs until it is cancelled."""
        try:
            while not self._broadcast.closed:
                await self._broadcast.wait_for_viewer()
                revision = self._broadcast.revision
                self._look()
                with suppress(TimeoutError):
                    await wait_for(self._clock, RETRY_SECONDS, self._broadcast.wait_for_change(revision))
        finally:
            for search in self._searches.values():
                search.cancel()
            await asyncio.gather(*self._searches.values(), return_exceptions=True)

    async def wait_for_color(self, item: Item, patience: float) -> None:
        """Returns when the colour of ``item`` is found or cannot be had, after ``patience`` seconds at most.

        For who asks once and hears of no change, as a README does.
        """
        search = self._search_of(item)
        if search is not None:
            await asyncio.wait({search}, timeout=patience)

    def _look(self) -> None:
        snapshot = self._broadcast.current
        for item in (snapshot.item, snapshot.last_played.item if snapshot.last_played else None):
            if item is not None:
                self._search_of(item)

    def _search_of(self, item: Item) -> asyncio.Task[None] | None:
        """The search for what is not known yet of ``item``, under way or begun now; None where there is none."""
        key = self._artwork.key(item)
        if key is None or self._artwork.has_colour(key) or self._artwork.colour(item) is not None:
            return None
        if key not in self._searches:
            self._searches[key] = asyncio.create_task(self._search(key))
        return self._searches[key]

    async def _search(self, key: str) -> None:
        try:
            file = await self._artwork.get(key, MIN_WIDTH, self._artwork.fetch_timeout)
            if file is None:
                return
            colour = await asyncio.to_thread(self._look_at, file.body)
            self._artwork.set_color(key, colour)
            if colour is not None:
                self._broadcast.notify_appearance_changed()
        finally:
            del self._searches[key]
