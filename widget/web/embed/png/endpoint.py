"""``/now-playing.png``: a raster picture for chats, forums and mail, where no SVG is shown."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from widget.web.context import get_cache
from widget.web.embed.request import RenderRequest, artwork_color, read_request
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
    """Draws each picture once, off the event loop, and keeps the newest :data:`MAX_CACHED_PICTURES`."""

    def __init__(self) -> None:
        self._renders: OrderedDict[str, asyncio.Task[bytes | None]] = OrderedDict()
        self._slots = asyncio.Semaphore(MAX_RENDERS)
        self._waiting = 0
        self._has_logged = False

    async def get(self, etag: str, draw: Callable[[], bytes]) -> bytes | None:
        """Return the picture of ``etag``, drawn once for everybody who asks meanwhile; None if it can't be drawn."""
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
        return await asyncio.shield(task)

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
    """Answer 200 and an image, whatever the source says."""
    wish = await read_request(request)
    size = parse_size(request.query_params.get("size"))
    seconds = wish.remaining(ARTWORK_WAIT_SECONDS)
    artwork, art = await asyncio.gather(
        _artwork(wish, size, seconds), artwork_color(wish.services, wish.view.item, seconds)
    )
    hue = None if wish.view.item is None else wish.services.artwork.accent_color(wish.view.item)
    etag = _etag(wish, art, hue, artwork, size)

    def draw() -> bytes:
        from widget.web.embed.png.renderer import render_png  # Not at the start: fonts and Unicode tables.

        return render_png(wish.view, wish.options, art, hue, artwork, size)

    pictures = get_cache(request, "pictures", PngCache)
    body = await pictures.get(etag, draw)
    return build_response(
        request,
        body or fallback_image(size),
        media_type="image/png",
        # The fallback must not stay in a chat's cache.
        cache_control=CACHE_CONTROL if body else "no-store",
        etag=etag if body else None,
        headers={} if wish.options.lang else {"Vary": "Accept-Language"},
    )


def parse_size(value: str | None) -> PngSize:
    """Return the size that ``value`` names; ``share`` for anything unknown."""
    return cast("PngSize", value) if value in get_args(PngSize) else "share"


@lru_cache(maxsize=2)
def fallback_image(size: PngSize) -> bytes:
    """Return the picture for platforms without Pillow: three bars on a dark ground."""
    return (Path(__file__).parent / f"fallback-{size}.png").read_bytes()


async def _artwork(wish: RenderRequest, size: PngSize, seconds: float) -> bytes | None:
    """Return the smallest image that is large enough; None if it can't be had now."""
    item = wish.view.item
    key = None if item is None or "artwork" not in wish.view.visible_parts else wish.services.artwork.key(item)
    if key is None:
        return None
    file = await wish.services.artwork.get(key, PNG_ARTWORK_WIDTHS[size], seconds)
    return None if file is None else file.body


def _etag(wish: RenderRequest, art: str | None, hue: str | None, artwork: bytes | None, size: PngSize) -> str:
    """Return the ETag of the drawing, which shows no progress."""
    view, options = wish.view, wish.options
    look = (size, options.theme, options.background, options.accent, options.without, wish.words.tag)
    words = (view.state, view.label, view.headline, view.byline, view.explicit, view.source.label, art, hue)
    return weak_etag(repr((look, words)), artwork or b"")
