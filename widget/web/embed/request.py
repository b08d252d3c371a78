"""One request for a page or a picture: options, translations, snapshot, deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from starlette.requests import Request

from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.web.api.flat import requested_snapshot
from widget.web.context import AppContext, get_context
from widget.web.embed.i18n import Translations, get_translations
from widget.web.embed.options import WidgetOptions
from widget.web.embed.view_model import ViewModel, build_view_model

# Proxies in front of READMEs wait a few seconds at most.
RENDER_DEADLINE_SECONDS = 2.8
"""From the request on: after a long wait for the source there is less time for artwork and color."""


class RenderColors(NamedTuple):
    """The artwork's color, and the accent of a gray one, as ``#rrggbb``; None if unknown."""

    art: str | None
    hue: str | None


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """The options of a request, and the view at ``now`` (s since the epoch).

    ``deadline`` is in seconds of the event loop's clock.
    """

    context: AppContext
    options: WidgetOptions
    translations: Translations
    snapshot: Snapshot
    now: float
    view: ViewModel
    deadline: float

    def remaining(self, max_seconds: float) -> float:
        """Return the seconds left for one more wait, at most ``max_seconds``."""
        # Not zero: cached artwork takes a moment too.
        return max(0.1, min(max_seconds, self.deadline - asyncio.get_running_loop().time()))


async def read_request(
    request: Request, adapt: Callable[[WidgetOptions], WidgetOptions] = lambda options: options
) -> ViewRequest:
    """Return the view for ``request``; ``adapt`` changes the options for pages with a fixed look."""
    context = get_context(request)
    options = adapt(WidgetOptions.from_query(request.query_params))
    translations = get_translations(options.lang, "" if options.lang else request.headers.get("accept-language", ""))
    deadline = asyncio.get_running_loop().time() + RENDER_DEADLINE_SECONDS
    snapshot = await requested_snapshot(request, context)
    now = context.clock.now()
    view = build_view_model(snapshot, options, translations, now, context.labelled_source)
    return ViewRequest(context, options, translations, snapshot, now, view, deadline)


async def artwork_colors(context: AppContext, item: Item | None, seconds: float) -> RenderColors:
    """Return the colors of the artwork of ``item`` after at most ``seconds``."""
    if item is None:
        return RenderColors(None, None)
    if context.colors is not None:
        await context.colors.wait_for_color(item, seconds)
    return RenderColors(context.artwork.color(item), context.artwork.accent_color(item))
