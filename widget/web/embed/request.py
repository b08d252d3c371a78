"""One request for a page or a picture: options, words, snapshot, deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.samples.snapshots import make_snapshot
from widget.web.context import AppContext, get_context
from widget.web.embed.i18n import Translations, get_translations
from widget.web.embed.options import WidgetOptions
from widget.web.embed.view_model import ViewModel, build_view_model

# Proxies in front of READMEs wait a few seconds at most.
RENDER_DEADLINE_SECONDS = 2.8
"""From the request on: after a long wait for the source there is less time for artwork and color."""


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Options of a request and the view at ``now`` (s since the epoch); ``deadline`` is by the loop's clock."""

    services: AppContext
    options: WidgetOptions
    words: Translations
    snapshot: Snapshot
    now: float
    view: ViewModel
    deadline: float

    def remaining(self, longest: float) -> float:
        """Return the seconds left for one more wait, at most ``longest``."""
        # Not zero: artwork at hand takes a moment too.
        return max(0.1, min(longest, self.deadline - asyncio.get_running_loop().time()))


async def read_request(
    request: Request, adapt: Callable[[WidgetOptions], WidgetOptions] = lambda options: options
) -> RenderRequest:
    """Read ``request``: an unknown option means the default. ``adapt`` is for pages with a look of their own."""
    services = get_context(request)
    options = adapt(WidgetOptions.from_query(request.query_params))
    words = get_translations(options.lang, "" if options.lang else request.headers.get("accept-language", ""))
    deadline = asyncio.get_running_loop().time() + RENDER_DEADLINE_SECONDS
    snapshot = await _snapshot(services, options)
    now = services.clock.now()
    view = build_view_model(snapshot, options, words, now, services.labelled_source)
    return RenderRequest(services, options, words, snapshot, now, view, deadline)


async def artwork_color(services: AppContext, item: Item | None, seconds: float) -> str | None:
    """Return the color (``#rrggbb``) of the artwork of ``item`` after at most ``seconds``; None if it is unknown."""
    if item is None:
        return None
    if services.colors is not None:
        await services.colors.wait_for_color(item, seconds)
    return services.artwork.color(item)


async def _snapshot(services: AppContext, options: WidgetOptions) -> Snapshot:
    """Return the snapshot for ``options``; a sample wakes no poller and counts as no viewer."""
    if options.sample is not None:
        return make_snapshot(options.sample, services.clock.now())
    return await services.broadcast.fresh()
