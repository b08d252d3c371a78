"""What a face shows: what plays, or, where a sample is asked for, invented music in that state."""

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

RENDER_DEADLINE_SECONDS = 2.8
"""Who has waited for the source's answer waits less for artwork and colour."""


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What a visitor asked for, and what is to be shown at ``now`` (s since the epoch).

    ``answers_by``, by the loop's clock, is when the face has answered.
    """

    services: AppContext
    options: WidgetOptions
    words: Translations
    snapshot: Snapshot
    now: float
    view: ViewModel
    deadline: float

    def remaining(self, longest: float) -> float:
        """How many seconds something may be waited for: ``longest``, or what is left until the face has answered."""
        return max(0.1, min(longest, self.deadline - asyncio.get_running_loop().time()))


async def read_request(
    request: Request, adapt: Callable[[WidgetOptions], WidgetOptions] = lambda options: options
) -> RenderRequest:
    """Read ``request``: an unknown option means the default. ``adapt`` is for pages with a look of their own."""
    services = get_context(request)
    options = adapt(WidgetOptions.from_query(request.query_params))
    spoken = get_translations(options.lang, "" if options.lang else request.headers.get("accept-language", ""))
    answers_by = asyncio.get_running_loop().time() + RENDER_DEADLINE_SECONDS
    snapshot = await _shown(services, options)
    now = services.clock.now()
    view = build_view_model(snapshot, options, spoken, now, services.labelled_source)
    return RenderRequest(services, options, spoken, snapshot, now, view, answers_by)


async def artwork_color(services: AppContext, item: Item | None, seconds: float) -> str | None:
    """The colour (``#rrggbb``) of the artwork of ``item``, waited for ``seconds`` at most; None where it is unknown."""
    if item is None:
        return None
    if services.colours is not None:
        await services.colours.wait_for_color(item, seconds)
    return services.artwork.colour(item)


async def _shown(services: AppContext, options: WidgetOptions) -> Snapshot:
    """The snapshot for ``options``; a sample asks nobody and counts as nobody who watches."""
    if options.sample is not None:
        return make_snapshot(options.sample, services.clock.now())
    return await services.broadcast.fresh()
