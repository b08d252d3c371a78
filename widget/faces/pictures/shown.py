"""What a face shows: what plays, or, where a sample is asked for, invented music in that state."""

from __future__ import annotations

import asyncio

from widget.faces.pictures.options import Options
from widget.faces.services import Services
from widget.playback import Item
from widget.samples.music import sample_snapshot
from widget.snapshot import Snapshot

LONGEST_SECONDS = 2.8
"""Who has waited for the source's answer waits less for artwork and colour."""


def answers_by() -> float:
    """When a face that is asked for now has answered, by the loop's clock."""
    return asyncio.get_running_loop().time() + LONGEST_SECONDS


def patience(answers_by: float, longest: float) -> float:
    """How many seconds something may be waited for: ``longest``, or what is left until ``answers_by``."""
    return max(0.1, min(longest, answers_by - asyncio.get_running_loop().time()))


async def colour_of_shown(services: Services, item: Item | None, seconds: float) -> str | None:
    """The colour (``#rrggbb``) of the artwork of ``item``, waited for ``seconds`` at most; None where it is unknown."""
    if item is None:
        return None
    if services.colours is not None:
        await services.colours.wait_for(item, seconds)
    return services.artwork.colour(item)


async def shown(services: Services, options: Options) -> Snapshot:
    """The snapshot for ``options``; a sample asks nobody and counts as nobody who watches."""
    if options.sample is not None:
        return sample_snapshot(options.sample, services.clock.now())
    return await services.broadcast.fresh()
