"""``/now-playing.svg``: a picture for READMEs. It loads nothing, runs nothing, and is well-formed for any text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from math import ceil

from starlette.requests import Request
from starlette.responses import Response

from widget.faces.feeds.now_playing import NowPlayingBytes
from widget.faces.http import respond, weak_etag
from widget.faces.pictures.artwork_cache import ArtworkCache
from widget.faces.pictures.artwork_fetch import ArtworkFile
from widget.faces.pictures.options import Layout, Options
from widget.faces.pictures.shown import shown
from widget.faces.pictures.svg_parts import Scene
from widget.faces.pictures.svg_render import render
from widget.faces.pictures.view import View, view_of
from widget.faces.pictures.words import words
from widget.faces.services import Services, services_of
from widget.playback import Item

ARTWORK_PATIENCE_SECONDS = 1.0
LONGEST_SECONDS = 2.8
"""Who has waited for Spotify's answer waits less for the artwork."""

PROGRESS_STEP_MS = 15_000
CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_SIDES: Mapping[Layout, int] = {"card": 112, "compact": 40, "list": 40, "cover": 292}
_ROW_SIDE = 32
_WIDEST_ARTWORK = 300
"""The next one, of 640 pixels, is too many bytes for a picture."""


async def picture(request: Request) -> Response:
    """The picture; always 200, whatever the source says."""
    services = services_of(request)
    options = Options.from_query(request.query_params)
    spoken = words(options.lang, "" if options.lang else request.headers.get("accept-language", ""))
    answers_by = asyncio.get_running_loop().time() + LONGEST_SECONDS
    snapshot = await shown(services, options)
    now = services.clock.now()
    view = view_of(snapshot, options, spoken, now, services.source)
    files, _ = await asyncio.gather(
        _artworks(services.artwork, view, options, answers_by), _colour(services, view, answers_by)
    )
    ends_in_ms = None if snapshot.valid_until is None else max(0, round((snapshot.valid_until - now) * 1000))
    art = None if view.item is None else services.artwork.colour(view.item)
    body = render(Scene(view, options, spoken, ends_in_ms), files, art)
    told: NowPlayingBytes = request.app.state.now_playing_cache.of(snapshot)
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    if not options.lang:
        headers["Vary"] = "Accept-Language"
    return respond(
        request,
        body,
        media_type="image/svg+xml; charset=utf-8",
        cache_control="no-cache, s-maxage=1",
        etag=_etag(told.etag, art, view, options, spoken.tag, files),
        headers=headers,
        compress=True,
    )


async def _artworks(artwork: ArtworkCache, view: View, options: Options, answers_by: float) -> dict[Item, ArtworkFile]:
    """The smallest images that are large enough, those that can be had now."""
    wanted = {row.item: _ROW_SIDE for row in view.rows}
    if view.item is not None:
        wanted[view.item] = _SIDES[options.layout]
    if "artwork" not in view.shown:
        wanted = {}
    keys = {item: key for item in wanted if (key := artwork.key(item)) is not None}
    widths = (min(_WIDEST_ARTWORK, ceil(wanted[item] * options.scale)) for item in keys)
    patience = _patience(answers_by)
    fetches = (artwork.file(key, width, patience) for key, width in zip(keys.values(), widths, strict=True))
    files = zip(keys, await asyncio.gather(*fetches), strict=True)
    return {item: file for item, file in files if file is not None}


async def _colour(services: Services, view: View, answers_by: float) -> None:
    """Waits for the artwork's colour: whoever looks at a picture in a README asks once."""
    if services.colours is not None and view.item is not None:
        await services.colours.wait_for(view.item, _patience(answers_by))


def _patience(answers_by: float) -> float:
    return max(0.1, min(ARTWORK_PATIENCE_SECONDS, answers_by - asyncio.get_running_loop().time()))


def _etag(told: str, art: str | None, view: View, options: Options, tag: str, files: Mapping[Item, ArtworkFile]) -> str:
    """For what is ``told`` (the JSON's ETag), where the progress stands, and how it is drawn."""
    step = None if view.progress_ms is None else view.progress_ms // PROGRESS_STEP_MS
    ago = tuple(row.ago for row in view.rows)
    return weak_etag(told, repr((art, view.state, step, ago, options, tag)), *(file.body for file in files.values()))
