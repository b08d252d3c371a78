"""The artwork of what plays, fetched once from Spotify's image hosts. Not an open proxy: a key is one that we made."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from widget.clock import Clock
from widget.playback import Artwork, Item

if TYPE_CHECKING:
    import httpx

LARGEST_BYTES = 2 * 1024 * 1024
FETCH_SECONDS = 5.0
PATIENCE_SECONDS = 1.0
FAILURE_SECONDS = 60.0
MOST_KEYS = 256
MOST_CACHED_BYTES = 16 * 1024 * 1024
MOST_REDIRECTS = 3
DEFAULT_WIDTH = 300

_SPOTIFY_HOSTS = ("i.scdn.co",)
_SPOTIFY_DOMAINS = (".scdn.co", ".spotifycdn.com")
_SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))


@dataclass(frozen=True, slots=True)
class ArtworkFile:
    """An image as it was fetched."""

    body: bytes = field(repr=False)
    media_type: str


class ArtworkCache:
    """Fetches each artwork once, keeps the latest in memory, and remembers failures for a minute."""

    def __init__(self, http: Callable[[], httpx.AsyncClient], extra_hosts: tuple[str, ...], clock: Clock) -> None:
        self._http = http
        self._extra_hosts = extra_hosts
        self._clock = clock
        self._known: OrderedDict[str, tuple[Artwork, ...]] = OrderedDict()
        self._files: OrderedDict[str, ArtworkFile] = OrderedDict()
        self._failed_at: dict[str, float] = {}
        self._fetches: dict[str, asyncio.Task[ArtworkFile | None]] = {}

    def path(self, item: Item) -> str | None:
        """``/artwork/KEY`` for the artwork of ``item``; None where there is none that we may fetch."""
        key = self.key(item)
        return None if key is None else f"/artwork/{key}"

    def key(self, item: Item) -> str | None:
        """The key of the artwork of ``item``; None where there is none that we may fetch."""
        artwork = tuple(one for one in item.artwork if self._may_fetch(one.url))
        return self._register(artwork) if artwork else None

    def knows(self, key: str) -> bool:
        """Whether ``key`` is one that we made."""
        return key in self._known

    async def file(
        self, key: str, width: int = DEFAULT_WIDTH, patience: float = PATIENCE_SECONDS
    ) -> ArtworkFile | None:
        """The smallest image of a known ``key`` at least ``width`` pixels wide, else the widest.

        None where it cannot be had within ``patience`` seconds.
        """
        artwork = choose(self._known.get(key, ()), width)
        if artwork is None or self._has_failed(artwork.url):
            return None
        url = artwork.url
        if url in self._files:
            self._files.move_to_end(url)
            return self._files[url]
        task = self._fetches.get(url)
        if task is None:
            task = self._fetches[url] = asyncio.create_task(self._fetch(url))
        try:
            return await asyncio.wait_for(asyncio.shield(task), patience)
        except TimeoutError:
            return None

    async def close(self) -> None:
        """Ends the fetches under way."""
        tasks = list(self._fetches.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _register(self, artwork: tuple[Artwork, ...]) -> str:
        key = hashlib.blake2b("\n".join(one.url for one in artwork).encode(), digest_size=16).hexdigest()
        self._known[key] = artwork
        self._known.move_to_end(key)
        while len(self._known) > MOST_KEYS:
            self._known.popitem(last=False)
        return key

    def _has_failed(self, url: str) -> bool:
        now = self._clock.monotonic()
        self._failed_at = {url: at for url, at in self._failed_at.items() if now - at < FAILURE_SECONDS}
        return url in self._failed_at

    async def _fetch(self, url: str) -> ArtworkFile | None:
        import httpx

        try:
            async with asyncio.timeout(FETCH_SECONDS):
                file = await self._get(url)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError):
            file = None
        finally:
            self._fetches.pop(url, None)
        if file is None:
            self._failed_at[url] = self._clock.monotonic()
        else:
            self._keep(url, file)
        return file

    async def _get(self, url: str) -> ArtworkFile | None:
        for _ in range(MOST_REDIRECTS):
            request = self._http().build_request("GET", url, headers={"Accept": "image/*"})
            response = await self._http().send(request, stream=True)
            try:
                if not response.is_redirect:
                    return await _read(response)
            finally:
                await response.aclose()
            target = urljoin(url, response.headers["location"])
            if urlsplit(target).netloc != urlsplit(url).netloc or not self._may_fetch(target):
                return None
            url = target
        return None

    def _keep(self, url: str, file: ArtworkFile) -> None:
        self._files[url] = file
        while sum(len(kept.body) for kept in self._files.values()) > MOST_CACHED_BYTES:
            self._files.popitem(last=False)

    def _may_fetch(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        host = (parts.hostname or "").lower()
        if parts.username is not None or not host:
            return False
        if parts.netloc.lower() in self._extra_hosts:
            return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
        is_spotify = host in _SPOTIFY_HOSTS or host.endswith(_SPOTIFY_DOMAINS)
        return is_spotify and parts.scheme == "https" and parts.netloc.lower() in (host, f"{host}:443")


def choose(artwork: tuple[Artwork, ...], width: int) -> Artwork | None:
    """The smallest of ``artwork`` (widest first) that is at least ``width`` pixels wide, else the widest."""
    wide_enough = [one for one in artwork if one.width is not None and one.width >= width]
    if wide_enough:
        return min(wide_enough, key=lambda one: one.width or 0)
    return artwork[0] if artwork else None


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def raster_media_type(body: bytes) -> str | None:
    """The media type of a raster image by its signature; None for anything else."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for signature, media_type in _SIGNATURES if body.startswith(signature)), None)


async def _read(response: httpx.Response) -> ArtworkFile | None:
    if response.status_code != 200:
        return None
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST_BYTES:
            return None
    media_type = raster_media_type(bytes(body))
    return None if media_type is None else ArtworkFile(bytes(body), media_type)
