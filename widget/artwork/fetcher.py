"""Fetches one artwork within limits. Whatever its host answers, the outcome is an image or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from widget.http_client import read_limited
from widget.model.sources import ArtworkPolicy

if TYPE_CHECKING:
    import httpx

MAX_IMAGE_BYTES = 2 * 1024 * 1024
MAX_REDIRECTS = 3

_SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))


@dataclass(frozen=True, slots=True)
class ArtworkFile:
    """An image as it was fetched."""

    body: bytes = field(repr=False)
    media_type: str


class ArtworkNotFound(Exception):  # noqa: N818
    """The host answered that there is no such image (404)."""


async def fetch_artwork(
    http: Callable[[], httpx.AsyncClient], url: str, pictures: ArtworkPolicy, may_fetch: Callable[[str], bool]
) -> ArtworkFile | None:
    """The image at ``url``; None where that is none within the limits of ``pictures``. Raises :class:`Missing`."""
    try:
        async with asyncio.timeout(pictures.seconds):
            return await _follow(http(), url, pictures.follow_redirects, may_fetch)
    except ArtworkNotFound:
        raise
    except Exception:
        # A host can answer anything, and each layer of the client has errors of its own for it: all mean no image.
        return None


def is_allowed_url(url: str, pictures: ArtworkPolicy, extra_hosts: tuple[str, ...]) -> bool:
    """Whether ``url`` is one of the source's ``pictures``, or lies on one of ``extra_hosts``.

    An entry there is a host, with a port or not (plain http is for loopback then), or a whole origin.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host, place = (parts.hostname or "").lower(), parts.netloc.lower()
    if parts.username is not None or not host:
        return False
    if place in extra_hosts:
        return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if f"{parts.scheme}://{place}" in extra_hosts:
        return True
    is_listed = host in pictures.hosts or host.endswith(pictures.domains)
    return is_listed and parts.scheme == "https" and place in (host, f"{host}:443")


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


async def _follow(
    http: httpx.AsyncClient, url: str, roams: bool, may_fetch: Callable[[str], bool]
) -> ArtworkFile | None:
    for _ in range(1 + MAX_REDIRECTS):
        headers = {"Accept": "image/*", "Accept-Encoding": "identity"}
        response = await http.send(http.build_request("GET", url, headers=headers), stream=True, follow_redirects=False)
        try:
            if not response.is_redirect:
                return await _read(response)
        finally:
            await response.aclose()
        location = response.headers.get("location", "")
        target = urljoin(url, location)
        if not location or not may_fetch(target) or not (roams or urlsplit(target).netloc == urlsplit(url).netloc):
            return None
        url = target
    return None


async def _read(response: httpx.Response) -> ArtworkFile | None:
    """The image in ``response``. Raises :class:`Missing`, and as the reading of the body does."""
    if response.status_code == 404:
        raise ArtworkNotFound
    if response.status_code != 200:
        return None
    body = await read_limited(response, MAX_IMAGE_BYTES)
    media_type = raster_media_type(body.content[:16])
    return ArtworkFile(body.content, media_type) if body.is_complete and media_type is not None else None
