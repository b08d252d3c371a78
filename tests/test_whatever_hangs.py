"""Responses of the whole program, second by second, while something behind it hangs."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.fake_clock import FakeClock, settle
from tests.support.program import Program, program, simulated
from tests.support.unreliable_store import UnreliableStore, open_stream
from widget.sources.simulators.spotify_playlist import SimulatedPlayback, track

SHORT = (track("1", "One", ["Somebody"], "An Album", "tides", seconds=20.0, length=20.0, start=0.0),)
LONG = (track("1", "One", ["Somebody"], "An Album", "tides", seconds=3_600.0, length=3_600.0, start=0.0),)


class Told:
    """What ``/now-playing``, the events and ``/readyz`` gave at the end of a second."""

    def __init__(self, shown: httpx.Response, ready: httpx.Response, event: dict[str, Any]) -> None:
        self.shown = shown.json()
        self.code = shown.status_code
        self.ready = ready.status_code
        self.why = ready.json()["status"]
        self.event = event


async def ask(running: Program, path: str) -> httpx.Response:
    """Asks, and lets three seconds pass at most until the answer is there."""
    asking = asyncio.create_task(running.client.get(path))
    begun = running.clock.monotonic()
    await settle()
    while not asking.done():
        assert running.clock.monotonic() - begun < 3
        await running.clock.advance(0.25)
    return asking.result()


async def each_second(running: Program, events: list[dict[str, Any]], seconds: int) -> list[Told]:
    begun, told = running.clock.monotonic(), []
    for second in range(1, seconds + 1):
        await running.clock.advance(max(0.0, begun + second - running.clock.monotonic()))
        shown = await ask(running, "/now-playing")
        event = events[-1]
        told.append(Told(shown, await ask(running, "/readyz"), event))
    return told


@pytest.mark.parametrize("behind", ["spotify", "store"])
@pytest.mark.parametrize("scenes", [SHORT, LONG], ids=["short", "long"])
async def test_nothing_that_hangs_keeps_an_old_picture_or_a_green_light(
    tmp_path: Path, behind: str, scenes: tuple[SimulatedPlayback, ...]
) -> None:
    clock = FakeClock()
    simulator = simulated(clock, scenes)
    held: list[UnreliableStore] = []

    def wrapped(store: Any) -> Any:
        held.append(UnreliableStore(store))
        return held[0].as_store()

    async with program(tmp_path, clock=clock, simulator=simulator, wrap_store=wrapped) as running:
        await running.client.get("/now-playing")
        async with open_stream(running.app) as events:
            assert events[-1]["status"] == "playing"
            if behind == "store":
                held[0].hangs = True
            else:
                simulator.delay = 1e6
            told = await each_second(running, events, 60)
        held[0].hangs = False
    ends_after = 20 if scenes is SHORT else 3_600
    for second, one in enumerate(told, start=1):
        assert second <= ends_after + 3 or not one.shown["is_playing"]
        assert second <= ends_after + 4 or not one.event["is_playing"]
        assert one.shown["status"] == one.event["status"] or abs(second - ends_after - 3) <= 1
        assert second <= 30 or one.ready == 503
        assert second <= 45 or one.shown["stale"] or one.code == 503
    if behind == "store":
        assert told[-1].why == "store_unavailable"
