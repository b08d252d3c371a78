"""``/now-playing.png``: a raster picture for chats, forums and mail, where no SVG is shown."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from widget.web.context import get_cache
from widget.web.embed.request import RenderColors, ViewRequest, artwork_colors, read_request
from widget.web.embed.sizes import PNG_ARTWORK_WIDTHS, PngSize
from widget.web.responses import build_response, weak_etag

ARTWORK_WAIT_SECONDS = 1.0
MAX_RENDERS = 2
"""Pictures drawn at a time; each keeps a core busy for some 80 ms."""

MAX_WAITING = 24
"""Pictures that wait to be drawn: a visitor can ask for endlessly many looks."""

MAX_CACHED_PICTURES = 16
CACHE_CONTROL = "no-cache, s-maxage=1"

logger = logging.getLogger(__name__)


class PngCache:
    """Draws each picture once, off the event loop, and keeps the latest ones used."""

    def __init__(self) -> None:
        self._renders: OrderedDict[str, asyncio.Task[bytes | None]] = OrderedDict()
        self._slots = asyncio.Semaphore(MAX_RENDERS)
        self._waiting = 0
        self._has_logged = False

    async def get(self, etag: str, draw: Callable[[], bytes]) -> bytes | None:
        """Return the picture of ``etag``, drawn once for all its requests; None if that fails."""
        task = self._renders.get(etag)
        if task is None:
            # Refused before a task exists: a stranger's requests must not pile up.
            if self._waiting >= MAX_WAITING:
                return None
            task = self._renders[etag] = asyncio.create_task(self._render(draw))
            while len(self._renders) > MAX_CACHED_PICTURES:
                self._renders.popitem(last=False)
        else:
            self._renders.move_to_end(etag)
        # Others may wait for the same picture when this visitor leaves.
        picture = await asyncio.shield(task)
        if picture is None and self._renders.get(etag) is task:
            del self._renders[etag]  # The fault may pass.
        return picture

    async def _render(self, draw: Callable[[], bytes]) -> bytes | None:
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(draw)
        except ImportError:
            self._log_once("Pillow is not installed: /now-playing.png shows a fixed picture")
        except Exception as error:
            # An image must come in any case: its embedder can't show anything else.
            self._log_once(f"/now-playing.png could not be drawn: {type(error).__name__}")
        finally:
            self._waiting -= 1
        return None

    def _log_once(self, text: str) -> None:
        if not self._has_logged:
            self._has_logged = True
            logger.warning("%s", text)


async def png_image(request: Request) -> Response:
    """Return 200 and an image, whatever the source says."""
    view_request = await read_request(request)
    view, options = view_request.view, view_request.options
    size = parse_size(request.query_params.get("size"))
    seconds = view_request.remaining(ARTWORK_WAIT_SECONDS)
    artwork, colors = await asyncio.gather(
        _artwork(view_request, size, seconds), artwork_colors(view_request.context, view.item, seconds)
    )
    etag = _etag(view_request, colors, artwork, size)

    def draw() -> bytes:
        from widget.web.embed.png.renderer import render_png  # Not at the start: fonts and Unicode tables.

        return render_png(view, options, *colors, artwork, size)

    pictures = get_cache(request, "pictures", PngCache)
    body = await pictures.get(etag, draw)
    return build_response(
        request,
        body or fallback_image(size),
        media_type="image/png",
        # The fallback must not stay in a chat's cache.
        cache_control=CACHE_CONTROL if body else "no-store",
        etag=etag if body else None,
        headers={} if options.lang else {"Vary": "Accept-Language"},
    )


def parse_size(value: str | None) -> PngSize:
    """Return the size that ``value`` names; ``share`` for anything unknown."""
    return cast("PngSize", value) if value in get_args(PngSize) else "share"


@lru_cache(maxsize=2)
def fallback_image(size: PngSize) -> bytes:
    """Return the picture for platforms without Pillow: three bars on a dark ground."""
    return (Path(__file__).parent / f"fallback-{size}.png").read_bytes()


async def _artwork(view_request: ViewRequest, size: PngSize, seconds: float) -> bytes | None:
    """Return the smallest image that is large enough; None if it can't be had now."""
    view, cache = view_request.view, view_request.context.artwork
    key = None if view.item is None or "artwork" not in view.visible_parts else cache.key(view.item)
    if key is None:
        return None
    file = await cache.get(key, PNG_ARTWORK_WIDTHS[size], seconds)
    return None if file is None else file.body


def _etag(view_request: ViewRequest, colors: RenderColors, artwork: bytes | None, size: PngSize) -> str:
    """Return the ETag of the drawing, which shows no progress."""
    view = view_request.view
    # All options, so that one added later is not forgotten here.
    look = (size, replace(view_request.options, lang=None, sample=None), view_request.translations.tag, colors)
    words = (view.state, view.label, view.headline, view.byline, view.explicit, view.source.label)
    return weak_etag(repr((look, words)), artwork or b"")
