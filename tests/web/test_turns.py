"""Expensive renders take turns, and cheap responses come in between."""

import asyncio

from tests.support.web_harness import WebHarness, playing
from widget.web.request_limits import FairQueue


async def test_each_turn_of_the_loop_lets_one_continue_first_come_first_served() -> None:
    turns, went = FairQueue(), list[object]()

    async def costly(name: int) -> None:
        await turns.wait_turn()
        went.append(name)

    async def cheap() -> None:
        went.append("cheap")

    drawn = [asyncio.create_task(costly(number)) for number in range(20)]
    for _ in range(3):
        await asyncio.sleep(0)
    await asyncio.create_task(cheap())
    assert went.index("cheap") < 5
    await asyncio.gather(*drawn)
    assert [name for name in went if name != "cheap"] == list(range(20))


async def test_healthz_answers_while_many_pictures_are_drawn(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    async with harness.client() as client:
        drawn = [asyncio.create_task(client.get(f"/now-playing.svg?accent={number:06x}")) for number in range(60)]
        for _ in range(5):
            await asyncio.sleep(0)
        assert (await client.get("/healthz")).status_code == 200
        assert sum(one.done() for one in drawn) < 30
        assert {answer.status_code for answer in await asyncio.gather(*drawn)} == {200}
