"""What a face shows: what plays, or, where a sample is asked for, invented music in that state."""

from __future__ import annotations

from widget.faces.pictures.options import Options
from widget.faces.services import Services
from widget.samples.music import sample_snapshot
from widget.snapshot import Snapshot


async def shown(services: Services, options: Options) -> Snapshot:
    """The snapshot for ``options``; a sample asks nobody and counts as nobody who watches."""
    if options.sample is not None:
        return sample_snapshot(options.sample, services.clock.now())
    return await services.broadcast.fresh()
