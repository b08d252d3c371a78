"""The artwork of what plays, fetched once from the source's hosts. Not an open proxy: a key is one that we made."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from widget.artwork.fetcher import ArtworkFile, ArtworkNotFound, fetch_artwork, is_allowed_url, raster_media_type
from widget.artwork.thumbnails import THUMBNAIL_WIDTHS, make_thumbnails
from widget.clock import Clock
from widget.model.playback import PRIVATE_ARTWORK_SCHEME, Artwork, Item
from widget.model.sources import SPOTIFY, ArtworkPolicy
from widget.samples.artwork import SCHEME, load_image
from widget.samples.artwork import sample_color as drawn_colour

if TYPE_CHECKING:
    import httpx

FETCH_WAIT_SECONDS = 1.0
NEGATIVE_CACHE_SECONDS = 60.0
MAX_KEYS = 256
MAX_CACHE_BYTES = 16 * 1024 * 1024
DEFAULT_WIDTH = 300
UNKNOWN_ORIGIN = "https://this-server.invalid"
"""Stands for our own address until a request says what it is; ``.invalid`` never resolves (RFC 2606, section 2)."""

LoadArtwork = Callable[[str], Awaitable[bytes | None]]
"""Returns the image at a private address; None if there is none now."""


class ArtworkCache:
    """Fetches each artwork once, keeps the latest in memory, and remembers failures for a while."""

    def __init__(
        self,
        http: Callable[[], httpx.AsyncClient],
        extra_hosts: tuple[str, ...],
        clock: Clock,
        pictures: ArtworkPolicy = SPOTIFY.artwork_policy,
        *,
        told_under: str | None = None,
        public_url: str | None = None,
        load_private: LoadArtwork | None = None,
    ) -> None:
        self._http = http
        self._pictures = pictures
        self._extra_hosts = extra_hosts
        self._clock = clock
        self._told_under = told_under
        self._public_url = public_url
        self._load_private = load_private
        self._colours: dict[str, str | None] = {}
        self._known: OrderedDict[str, tuple[Artwork, ...]] = OrderedDict()
        self._files: OrderedDict[str, ArtworkFile] = OrderedDict()
        self._not_before: dict[str, float] = {}  # monotonic
        self._fetches: dict[str, asyncio.Task[ArtworkFile | None]] = {}

    @property
    def fetch_timeout(self) -> float:
        """How long a fetch may take in all."""
        return self._pictures.seconds

    def path(self, item: Item) -> str | None:
        """``/artwork/KEY`` for the artwork of ``item``; None where there is none that we may fetch."""
        key = self.key(item)
        return None if key is None else f"/artwork/{key}"

    def public_artwork(self, item: Item) -> tuple[Artwork, ...]:
        """The artwork of ``item`` as JSON tells it: at its own addresses, or where we give it, under ``told_under``.

        What is private has the address that we give it at, below UNKNOWN_ORIGIN if only a request knows our own. Our
        own drawings have no address but the path.
        """
        is_private = any(one.url.startswith(PRIVATE_ARTWORK_SCHEME) for one in item.artwork)
        base = self._told_under or ((self._public_url or UNKNOWN_ORIGIN) if is_private else None)
        path = None if base is None else self.path(item)
        if path is None:
            return tuple(one for one in item.artwork if not one.url.startswith((SCHEME, PRIVATE_ARTWORK_SCHEME)))
        return tuple(
            replace(one, url=f"{base}{path}" + (f"?w={one.width}" if one.width else "")) for one in item.artwork
        )

    def key(self, item: Item) -> str | None:
        """The key of the artwork of ``item``; None where there is none that we may fetch."""
        artwork = tuple(one for one in item.artwork if self._may_fetch(one.url))
        return self._register(artwork) if artwork else None

    def colour(self, item: Item) -> str | None:
        """The main colour (``#rrggbb``) of the artwork of ``item``; None where it has none or it is not found yet."""
        if item.artwork and item.artwork[0].url.startswith(SCHEME):
            return drawn_colour(item.artwork[0].url)
        key = self.key(item)
        return None if key is None else self._colours.get(key)

    def accent_color(self, item: Item) -> str | None:
        """Return the vivid accent (``#rrggbb``) of a gray artwork; None if it has none or it is not known yet."""
        return None

    def has_colour(self, key: str) -> bool:
        """Whether the artwork of ``key`` was looked at for its colour, found or not."""
        return key in self._colours

    def set_color(self, key: str, colour: str | None) -> None:
        """Keeps the ``colour`` of the artwork of ``key`` as long as the key is known."""
        if key in self._known:
            self._colours[key] = colour

    def has_key(self, key: str) -> bool:
        """Whether ``key`` is one that we made."""
        return key in self._known

    async def get(self, key: str, width: int | None = None, patience: float = FETCH_WAIT_SECONDS) -> ArtworkFile | None:
        """The smallest image of a known ``key`` at least ``width`` pixels wide, else the widest.

        Without a ``width`` it is one for DEFAULT_WIDTH, and never a thumbnail of ours.

        None where it cannot be had within ``patience`` seconds.
        """
        artwork = pick_size(self._known.get(key, ()), DEFAULT_WIDTH if width is None else width)
        if artwork is None or self._has_failed(artwork.url):
            return None
        url = artwork.url
        if url.startswith(SCHEME):
            return _drawn(url)
        if url in self._files:
            return self._kept(url, width)
        task = self._fetches.get(url)
        if task is None:
            task = self._fetches[url] = asyncio.create_task(self._fetch(url))
        try:
            file = await asyncio.wait_for(asyncio.shield(task), patience)
        except TimeoutError:
            return None
        return self._kept(url, width) if url in self._files else file

    async def close(self) -> None:
        """Ends the fetches under way."""
        tasks = list(self._fetches.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _register(self, artwork: tuple[Artwork, ...]) -> str:
        key = hashlib.blake2b(
            "\n".join(one.url for one in artwork).encode("utf-8", "replace"), digest_size=16
        ).hexdigest()
        self._known[key] = artwork
        self._known.move_to_end(key)
        while len(self._known) > MAX_KEYS:
            forgotten, _ = self._known.popitem(last=False)
            self._colours.pop(forgotten, None)
        return key

    def _has_failed(self, url: str) -> bool:
        now = self._clock.monotonic()
        self._not_before = {url: until for url, until in self._not_before.items() if now < until}
        return url in self._not_before

    async def _fetch(self, url: str) -> ArtworkFile | None:
        file, pause = None, NEGATIVE_CACHE_SECONDS
        try:
            if url.startswith(PRIVATE_ARTWORK_SCHEME):
                file = await self._load(url)
            else:
                file = await fetch_artwork(self._http, url, self._pictures, self._may_fetch)
        except ArtworkNotFound:
            pause = self._pictures.missing_seconds
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
            async with asyncio.timeout(self._pictures.seconds):
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
        while sum(len(kept.body) for kept in self._files.values()) > MAX_CACHE_BYTES:
            self._files.popitem(last=False)

    def _may_fetch(self, url: str) -> bool:
        if url.startswith(PRIVATE_ARTWORK_SCHEME):
            return self._load_private is not None
        return (
            _drawn(url) is not None
            if url.startswith(SCHEME)
            else is_allowed_url(url, self._pictures, self._extra_hosts)
        )


def _thumbnail_name(url: str, width: int) -> str:
    """Return the name of the smallest thumbnail at least ``width`` pixels wide; the ``url`` itself if none is."""
    return next((f"{url}#{side}" for side in THUMBNAIL_WIDTHS if side >= width), url)


def pick_size(artwork: tuple[Artwork, ...], width: int) -> Artwork | None:
    """The smallest of ``artwork`` (widest first) that is at least ``width`` pixels wide, else the widest."""
    wide_enough = [one for one in artwork if one.width is not None and one.width >= width]
    if wide_enough:
        return min(wide_enough, key=lambda one: one.width or 0)
    return artwork[0] if artwork else None


def _drawn(url: str) -> ArtworkFile | None:
    body = load_image(url.removeprefix(SCHEME))
    return None if body is None else ArtworkFile(body, "image/jpeg")
