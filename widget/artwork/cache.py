"""Artwork by key, fetched once from the source's hosts; unknown keys are refused."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from widget.artwork.dominant_color import ArtworkColors
from widget.artwork.fetcher import ArtworkFile, ArtworkNotFound, fetch_artwork, is_allowed_url, raster_media_type
from widget.artwork.thumbnails import THUMBNAIL_WIDTHS, make_thumbnails
from widget.clock import Clock
from widget.http_client import MAX_CONNECTIONS
from widget.model.playback import PRIVATE_ARTWORK_SCHEME, Artwork, Item
from widget.model.sources import SPOTIFY, ArtworkPolicy
from widget.samples.artwork import SCHEME, load_image, sample_color

if TYPE_CHECKING:
    import httpx

# Nobody waits longer for artwork; the placeholder is shown meanwhile.
FETCH_WAIT_SECONDS = 1.0
# A host that is down must not get a request per visitor.
NEGATIVE_CACHE_SECONDS = 60.0
# Slow covers of a long list must leave connections to the source, for a poll and a token.
MAX_CONCURRENT_FETCHES = MAX_CONNECTIONS - 2
# Far more than a state and its list need; keys come from the source, not from visitors.
MAX_KEYS = 256
MAX_CACHE_BYTES = 16 * 1024 * 1024
DEFAULT_WIDTH = 300
UNKNOWN_ORIGIN = "https://this-server.invalid"
"""Stands for our own address until a request provides it; ``.invalid`` never resolves (RFC 2606, section 2)."""

LoadArtwork = Callable[[str], Awaitable[bytes | None]]
"""Returns the image at a private address; None if there is none now."""


class ArtworkCache:
    """Fetches each artwork once, keeps the latest in memory and remembers failures."""

    def __init__(
        self,
        http: Callable[[], httpx.AsyncClient],
        extra_hosts: tuple[str, ...],
        clock: Clock,
        policy: ArtworkPolicy = SPOTIFY.artwork_policy,
        *,
        public_base: str | None = None,
        public_url: str | None = None,
        load_private: LoadArtwork | None = None,
    ) -> None:
        self._http = http
        self._policy = policy
        self._extra_hosts = extra_hosts
        self._clock = clock
        self._public_base = public_base
        self._public_url = public_url
        self._load_private = load_private
        self._colors: dict[str, ArtworkColors | None] = {}
        self._known: OrderedDict[str, tuple[Artwork, ...]] = OrderedDict()
        self._files: OrderedDict[str, ArtworkFile] = OrderedDict()
        self._not_before: dict[str, float] = {}  # monotonic
        self._fetches: dict[str, asyncio.Task[ArtworkFile | None]] = {}
        self._fetch_slots = asyncio.Semaphore(MAX_CONCURRENT_FETCHES)

    @property
    def fetch_timeout(self) -> float:
        """Seconds that one fetch may take in all."""
        return self._policy.seconds

    def path(self, item: Item) -> str | None:
        """Return ``/artwork/KEY`` for ``item``; None if it has no artwork that may be fetched."""
        key = self.key(item)
        return None if key is None else f"/artwork/{key}"

    def public_artwork(self, item: Item) -> tuple[Artwork, ...]:
        """Return the artwork of ``item`` with the addresses to publish.

        These are its own, or below ``public_base`` if that is set. Private artwork is below our own address, or
        UNKNOWN_ORIGIN until a request provides it. The drawings of samples have no address, only a path.
        """
        is_private = any(one.url.startswith(PRIVATE_ARTWORK_SCHEME) for one in item.artwork)
        base = self._public_base or ((self._public_url or UNKNOWN_ORIGIN) if is_private else None)
        path = None if base is None else self.path(item)
        if path is None:
            return tuple(one for one in item.artwork if not one.url.startswith((SCHEME, PRIVATE_ARTWORK_SCHEME)))
        return tuple(
            replace(one, url=f"{base}{path}" + (f"?w={one.width}" if one.width else "")) for one in item.artwork
        )

    def key(self, item: Item) -> str | None:
        """Return the key of the artwork of ``item``; None if it has none that may be fetched."""
        artwork = tuple(one for one in item.artwork if self._may_fetch(one.url))
        return self._register(artwork) if artwork else None

    def color(self, item: Item) -> str | None:
        """Return the main color (``#rrggbb``) of the artwork of ``item``; None if it is unknown."""
        if item.artwork and item.artwork[0].url.startswith(SCHEME):
            return sample_color(item.artwork[0].url)
        colors = self._colors_of(item)
        return None if colors is None else colors.main

    def accent_color(self, item: Item) -> str | None:
        """Return the vivid accent (``#rrggbb``) of a gray artwork; None if it is unknown."""
        colors = self._colors_of(item)
        return None if colors is None else colors.accent

    def has_colors(self, key: str) -> bool:
        """Return whether the colors of ``key`` were searched, with or without a result."""
        return key in self._colors

    def set_colors(self, key: str, colors: ArtworkColors | None) -> None:
        """Store the ``colors`` of the artwork of ``key`` as long as the key is known."""
        if key in self._known:
            self._colors[key] = colors

    def has_key(self, key: str) -> bool:
        """Return whether ``key`` was made here."""
        return key in self._known

    async def get(
        self,
        key: str,
        width: int | None = None,
        timeout: float = FETCH_WAIT_SECONDS,  # noqa: ASYNC109
    ) -> ArtworkFile | None:
        """Return the smallest image of ``key`` at least ``width`` pixels wide, else the widest.

        Without a ``width`` it is the image for DEFAULT_WIDTH, never one of our thumbnails. None if it cannot be fetched
        within ``timeout`` seconds.
        """
        artwork = pick_size(self._known.get(key, ()), DEFAULT_WIDTH if width is None else width)
        if artwork is None or self._has_failed(artwork.url):
            return None
        url = artwork.url
        if url.startswith(SCHEME):
            return _sample_file(url)
        if url in self._files:
            return self._kept(url, width)
        task = self._fetches.get(url)
        if task is None:
            task = self._fetches[url] = asyncio.create_task(self._fetch(url))
        try:
            # Shielded: it goes on for the next visitor, and fills the cache.
            file = await asyncio.wait_for(asyncio.shield(task), timeout)
        except TimeoutError:
            return None
        return self._kept(url, width) if url in self._files else file

    async def close(self) -> None:
        """Cancel the fetches under way."""
        tasks = list(self._fetches.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _colors_of(self, item: Item) -> ArtworkColors | None:
        key = self.key(item)
        return None if key is None else self._colors.get(key)

    def _register(self, artwork: tuple[Artwork, ...]) -> str:
        key = hashlib.blake2b(
            "\n".join(one.url for one in artwork).encode("utf-8", "replace"), digest_size=16
        ).hexdigest()
        self._known[key] = artwork
        self._known.move_to_end(key)
        while len(self._known) > MAX_KEYS:
            evicted, _ = self._known.popitem(last=False)
            self._colors.pop(evicted, None)
        return key

    def _has_failed(self, url: str) -> bool:
        now = self._clock.monotonic()
        self._not_before = {url: until for url, until in self._not_before.items() if now < until}
        return url in self._not_before

    async def _fetch(self, url: str) -> ArtworkFile | None:
        file, pause = None, NEGATIVE_CACHE_SECONDS
        try:
            async with self._fetch_slots:
                if url.startswith(PRIVATE_ARTWORK_SCHEME):
                    file = await self._load(url)
                else:
                    file = await fetch_artwork(self._http, url, self._policy, self._may_fetch)
        except ArtworkNotFound:
            # The Cover Art Archive gets a cover for an old release rarely, so a 404 is remembered for longer.
            pause = self._policy.missing_seconds
        finally:
            self._fetches.pop(url, None)
        if file is None:
            self._not_before[url] = self._clock.monotonic() + pause
        else:
            self._keep(url, file)
        return file

    def _kept(self, url: str, width: int | None) -> ArtworkFile:
        """Return the image at ``url``, or a thumbnail at least ``width`` pixels wide."""
        name = url if width is None else _thumbnail_name(url, width)
        name = name if name in self._files else url
        self._files.move_to_end(name)
        return self._files[name]

    async def _load(self, url: str) -> ArtworkFile | None:
        """Return the image at the private ``url``; None if the source's adapter cannot load it now."""
        if self._load_private is None:
            return None
        try:
            async with asyncio.timeout(self._policy.seconds):
                body = await self._load_private(url)
        except Exception:
            return None  # The adapter's servers can fail in any way; the faces then have a placeholder.
        media_type = None if body is None else raster_media_type(body[:16])
        if body is None or media_type is None:
            return None
        for side, small in (await asyncio.to_thread(make_thumbnails, body)).items():
            self._keep(_thumbnail_name(url, side), ArtworkFile(small, "image/jpeg"))
        return ArtworkFile(body, media_type)

    def _keep(self, url: str, file: ArtworkFile) -> None:
        self._files[url] = file
        # By bytes, not by number: sizes differ a hundredfold.
        while sum(len(kept.body) for kept in self._files.values()) > MAX_CACHE_BYTES:
            self._files.popitem(last=False)

    def _may_fetch(self, url: str) -> bool:
        if url.startswith(PRIVATE_ARTWORK_SCHEME):
            return self._load_private is not None
        if url.startswith(SCHEME):
            return _sample_file(url) is not None
        return is_allowed_url(url, self._policy, self._extra_hosts)


def _thumbnail_name(url: str, width: int) -> str:
    """Return the name of the smallest thumbnail at least ``width`` pixels wide, else ``url``."""
    return next((f"{url}#{side}" for side in THUMBNAIL_WIDTHS if side >= width), url)


def pick_size(artwork: tuple[Artwork, ...], width: int) -> Artwork | None:
    """Return the smallest of ``artwork`` at least ``width`` pixels wide, else the widest.

    ``artwork`` is sorted, widest first.
    """
    wide_enough = [one for one in artwork if one.width is not None and one.width >= width]
    if wide_enough:
        return min(wide_enough, key=lambda one: one.width or 0)
    return artwork[0] if artwork else None


def _sample_file(url: str) -> ArtworkFile | None:
    body = load_image(url.removeprefix(SCHEME))
    return None if body is None else ArtworkFile(body, "image/jpeg")
