"""Fetches one artwork within limits.

Whatever its host responds, the outcome is an image or nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from widget.artwork.dominant_color import MAX_IMAGE_BYTES
from widget.http_client import read_limited
from widget.model.parsers import is_listed_url
from widget.model.sources import ArtworkPolicy

if TYPE_CHECKING:
    import httpx

# The Cover Art Archive needs two.
MAX_REDIRECTS = 3

# By the bytes, not the header: a host may label SVG or HTML as an image.
_SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))


@dataclass(frozen=True, slots=True)
class ArtworkFile:
    """An image as it was fetched."""

    body: bytes = field(repr=False)
    media_type: str


class ArtworkNotFound(Exception):  # noqa: N818
    """The host has no such image (404)."""


async def fetch_artwork(
    http: Callable[[], httpx.AsyncClient], url: str, policy: ArtworkPolicy, may_fetch: Callable[[str], bool]
) -> ArtworkFile | None:
    """Return the image at ``url``; None if there is none within the limits of ``policy``.

    Raises ArtworkNotFound.
    """
    try:
        async with asyncio.timeout(policy.seconds):
            return await _follow(http(), url, policy.follow_redirects, may_fetch)
    except ArtworkNotFound:
        raise
    except Exception:
        # Hosts answer anything, and each layer of the client raises its own errors: all mean no image.
        return None


def is_allowed_url(url: str, policy: ArtworkPolicy, extra_hosts: tuple[str, ...]) -> bool:
    """Return whether ``policy`` or ``extra_hosts`` allow ``url``.

    An extra host may have a port (plain http is for loopback only), or is a whole origin.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host, netloc = (parts.hostname or "").lower(), parts.netloc.lower()
    if parts.username is not None or not host:
        return False
    if is_listed_url(url, extra_hosts) or f"{parts.scheme}://{netloc}" in extra_hosts:
        return True
    # No other port on a listed host: its services are not meant.
    is_listed = host in policy.hosts or host.endswith(policy.domains)
    return is_listed and parts.scheme == "https" and netloc in (host, f"{host}:443")


def raster_media_type(body: bytes) -> str | None:
    """Return the media type of a raster image by its signature; None for anything else."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for signature, media_type in _SIGNATURES if body.startswith(signature)), None)


async def _follow(
    http: httpx.AsyncClient, url: str, may_leave_host: bool, may_fetch: Callable[[str], bool]
) -> ArtworkFile | None:
    for _ in range(1 + MAX_REDIRECTS):
        # Images are compressed already; another coding would only hide their size.
        headers = {"Accept": "image/*", "Accept-Encoding": "identity"}
        response = await http.send(http.build_request("GET", url, headers=headers), stream=True, follow_redirects=False)
        try:
            if not response.is_redirect:
                return await _read(response)
        finally:
            await response.aclose()
        location = response.headers.get("location", "")
        # Each hop is checked like the first: a redirect could lead into the private network.
        target = urljoin(url, location)
        if (
            not location
            or not may_fetch(target)
            or not (may_leave_host or urlsplit(target).netloc == urlsplit(url).netloc)
        ):
            return None
        url = target
    return None


async def _read(response: httpx.Response) -> ArtworkFile | None:
    """Return the image in ``response``. Raises ArtworkNotFound, and as :func:`read_limited`."""
    if response.status_code == 404:
        raise ArtworkNotFound
    if response.status_code != 200:
        return None
    body = await read_limited(response, MAX_IMAGE_BYTES)
    media_type = raster_media_type(body.content[:16])
    return ArtworkFile(body.content, media_type) if body.is_complete and media_type is not None else None
