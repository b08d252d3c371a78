"""What a face shows: what plays, or, where a sample is asked for, invented music in that state."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request

from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.samples.snapshots import sample_snapshot
from widget.web.context import Services, services_of
from widget.web.embed.i18n import Words, words
from widget.web.embed.options import Options
from widget.web.embed.view_model import View, view_of

LONGEST_SECONDS = 2.8
"""Who has waited for the source's answer waits less for artwork and colour."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor asked for, and what is to be shown at ``now`` (s since the epoch).

    ``answers_by``, by the loop's clock, is when the face has answered.
    """

    services: Services
    options: Options
    spoken: Words
    snapshot: Snapshot
    now: float
    view: View
    answers_by: float

    def patience(self, longest: float) -> float:
        """How many seconds something may be waited for: ``longest``, or what is left until the face has answered."""
        return max(0.1, min(longest, self.answers_by - asyncio.get_running_loop().time()))


async def asked(request: Request) -> Asked:
    """Reads ``request``, of which every query is fine: what is unknown means the default."""
    services = services_of(request)
    options = Options.from_query(request.query_params)
    spoken = words(options.lang, "" if options.lang else request.headers.get("accept-language", ""))
    answers_by = asyncio.get_running_loop().time() + LONGEST_SECONDS
    snapshot = await _shown(services, options)
    now = services.clock.now()
    view = view_of(snapshot, options, spoken, now, services.source)
    return Asked(services, options, spoken, snapshot, now, view, answers_by)


async def colour_of_shown(services: Services, item: Item | None, seconds: float) -> str | None:
    """The colour (``#rrggbb``) of the artwork of ``item``, waited for ``seconds`` at most; None where it is unknown."""
    if item is None:
        return None
    if services.colours is not None:
        await services.colours.wait_for(item, seconds)
    return services.artwork.colour(item)


async def _shown(services: Services, options: Options) -> Snapshot:
    """The snapshot for ``options``; a sample asks nobody and counts as nobody who watches."""
    if options.sample is not None:
        return sample_snapshot(options.sample, services.clock.now())
    return await services.broadcast.fresh()
