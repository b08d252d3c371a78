"""The picture for READMEs at ``/now-playing.svg``: it loads and runs nothing, and is well-formed for any text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from math import ceil

from starlette.requests import Request
from starlette.responses import Response

from widget.artwork.cache import ArtworkCache
from widget.artwork.fetcher import ArtworkFile
from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.web.embed.options import Layout, WidgetOptions
from widget.web.embed.request import artwork_colors, read_request
from widget.web.embed.svg.components import SvgContext
from widget.web.embed.svg.renderer import render_svg
from widget.web.embed.view_model import ViewModel
from widget.web.responses import build_response, weak_etag

ARTWORK_WAIT_SECONDS = 1.0
STEP_MS = 2_000
"""A 304 starts the picture's own animation again, so it never confirms one that is off by more than this."""

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_SIDES: Mapping[Layout, int] = {"card": 112, "compact": 40, "list": 40, "cover": 292, "pill": 24}
_ROW_SIDE = 32
_WIDEST_ARTWORK = 300
"""Pixels; the next larger artwork, of 640, has too many bytes for a picture."""


async def svg_image(request: Request) -> Response:
    """Return the picture; always 200, whatever the source says."""
    view_request = await read_request(request)
    context, options, view = view_request.context, view_request.options, view_request.view
    seconds = view_request.remaining(ARTWORK_WAIT_SECONDS)
    files, colors = await asyncio.gather(
        _artwork_files(context.artwork, view, options, seconds), artwork_colors(context, view.item, seconds)
    )
    ends_in_ms = _milliseconds_left(view_request.snapshot, view_request.now)
    body = render_svg(SvgContext(view, options, view_request.translations, ends_in_ms), files, *colors)
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    if not options.lang:
        headers["Vary"] = "Accept-Language"
    return build_response(
        request,
        body,
        media_type="image/svg+xml; charset=utf-8",
        # GitHub's proxy revalidates at each view; a shared cache does so once a second at most.
        cache_control="no-cache, s-maxage=1",
        etag=weak_etag(
            # All that is drawn but the images, and how far the animations are.
            request.app.state.now_playing_cache.get(view_request.snapshot).revision,
            repr((colors, options, view_request.translations.tag, view.state, [row.ago for row in view.rows])),
            repr(_animation_step(view.progress_ms if ends_in_ms is None else ends_in_ms)),
            *(file.body for file in files.values()),
        ),
        headers=headers,
        compress=True,
    )


async def _artwork_files(
    artwork: ArtworkCache, view: ViewModel, options: WidgetOptions, seconds: float
) -> dict[Item, ArtworkFile]:
    """Return the smallest images that are large enough, as far as they are available now."""
    if "artwork" not in view.visible_parts:
        return {}
    sides = {row.item: _ROW_SIDE for row in view.rows}
    if view.item is not None:
        sides[view.item] = _SIDES[options.layout]
    keys = {item: key for item in sides if (key := artwork.key(item)) is not None}
    # Not times two as in the page: bytes are scarce here.
    widths = (min(_WIDEST_ARTWORK, ceil(sides[item] * options.scale)) for item in keys)
    fetches = (artwork.get(key, width, seconds) for key, width in zip(keys.values(), widths, strict=True))
    files = zip(keys, await asyncio.gather(*fetches), strict=True)
    return {item: file for item, file in files if file is not None}


def _milliseconds_left(snapshot: Snapshot, now: float) -> int | None:
    """Return the time until the picture becomes untrue by itself; None if it does not."""
    return None if snapshot.valid_until is None else max(0, round((snapshot.valid_until - now) * 1000))


def _animation_step(milliseconds: int | None) -> int | None:
    """Return the step of :data:`STEP_MS` for a progress or a time left; None if nothing moves."""
    return None if milliseconds is None else milliseconds // STEP_MS
