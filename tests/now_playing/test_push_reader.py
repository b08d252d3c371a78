"""Reading a push source: by the poller, and by each request for ``/readyz``."""

import asyncio
from collections.abc import Sequence

from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_source import ScriptedSource
from tests.support.watching import plays
from tests.support.web_harness import item
from widget.model.hide_list import EMPTY_HIDE_LIST
from widget.model.playback import PlayedItem
from widget.model.sources import INLET
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.publisher import StatePublisher, StatusLogger
from widget.now_playing.push_reader import PushReader
from widget.now_playing.timeouts import Timeouts


class PushedSource(ScriptedSource):
    """A source whose first response about the plays is late."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(plays(clock, item("Old")), plays(clock, item("New")))
        self.responds = asyncio.Event()
        self.current: PlayedItem | None = None

    async def recently_played(self) -> Sequence[PlayedItem]:
        self.history_polls += 1
        if self.history_polls == 1:
            await self.responds.wait()
        return ()

    async def current_play(self) -> PlayedItem | None:
        return self.current

    async def last_push_at(self) -> float | None:
        return None

    async def last_change_at(self) -> float | None:
        return None

    async def wait_for_push(self, seconds: float) -> None:
        """Nothing is pushed."""


async def test_of_two_reads_at_once_the_older_one_never_comes_last() -> None:
    clock = FakeClock()
    source, broadcaster = PushedSource(clock), Broadcaster(clock, INLET)
    publisher = StatePublisher(broadcaster, clock, EMPTY_HIDE_LIST, INLET, 0)
    reader = PushReader(source, source, publisher, StatusLogger(), Timeouts(clock), clock)
    reads = [asyncio.create_task(reader.read()) for _ in range(2)]
    await settle()
    source.responds.set()
    await asyncio.gather(*reads)
    shown = broadcaster.current.item
    assert shown is not None
    assert shown.title == "New"


async def test_the_end_of_a_pushed_play_lists_it_before_the_next_read() -> None:
    clock = FakeClock()
    source, broadcaster = PushedSource(clock), Broadcaster(clock, INLET)
    source.responds.set()
    reader = PushReader(
        source,
        source,
        StatePublisher(broadcaster, clock, EMPTY_HIDE_LIST, INLET, 1),
        StatusLogger(),
        Timeouts(clock),
        clock,
    )
    source.current = PlayedItem(item("Old"), clock.now())
    await reader.read()
    await clock.advance(3600)
    assert [play.item.title for play in broadcaster.current.recent] == ["Old"]
