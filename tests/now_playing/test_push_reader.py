"""Reading a push source: by the poller, and by each request for ``/readyz``."""

import asyncio

from tests.support.fake_clock import FakeClock, settle
from tests.support.watching import plays
from tests.support.web_harness import item
from widget.model.hide_list import EMPTY_HIDE_LIST
from widget.model.playback import PlayedItem
from widget.model.sources import INLET
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.publisher import StatePublisher, StatusLogger
from widget.now_playing.push_reader import PushReader
from widget.now_playing.timeouts import Timeouts
from widget.sources.base import PushedState


class PushedSource:
    """A source that pushed ``states``, the last one for ever; the first answer is late."""

    def __init__(self, *states: PushedState) -> None:
        self.states = list(states)
        self.reads = 0
        self.responds = asyncio.Event()

    async def pushed_state(self) -> PushedState:
        self.reads += 1
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if self.reads == 1:
            await self.responds.wait()
        return state

    async def last_push_at(self) -> float | None:
        return None

    async def wait_for_push(self, seconds: float) -> None:
        """Nothing is pushed."""


def pushed(clock: FakeClock, title: str) -> PushedState:
    """Return the state in which the item ``title`` plays."""
    return PushedState(plays(clock, item(title)), PlayedItem(item(title), clock.now()), (), None, None)


async def test_of_two_reads_at_once_the_older_one_never_comes_last() -> None:
    clock = FakeClock()
    source, broadcaster = PushedSource(pushed(clock, "Old"), pushed(clock, "New")), Broadcaster(clock, INLET)
    publisher = StatePublisher(broadcaster, clock, EMPTY_HIDE_LIST, INLET, 0)
    reader = PushReader(source, publisher, StatusLogger(), Timeouts(clock), clock)
    reads = [asyncio.create_task(reader.read()) for _ in range(2)]
    await settle()
    source.responds.set()
    await asyncio.gather(*reads)
    shown = broadcaster.current.item
    assert shown is not None
    assert shown.title == "New"


async def test_the_end_of_a_pushed_play_lists_it_before_the_next_read() -> None:
    clock = FakeClock()
    source, broadcaster = PushedSource(pushed(clock, "Old")), Broadcaster(clock, INLET, 1)
    source.responds.set()
    publisher = StatePublisher(broadcaster, clock, EMPTY_HIDE_LIST, INLET, 1)
    await PushReader(source, publisher, StatusLogger(), Timeouts(clock), clock).read()
    assert source.reads == 1  # Parts that are read one after the other could be of different moments.
    await clock.advance(3600)
    assert [play.item.title for play in broadcaster.current.recent] == ["Old"]
