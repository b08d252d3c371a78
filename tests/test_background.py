"""Background work whose result survives its cancelled caller."""

import asyncio
import gc

import pytest

from widget.background import ShieldedTasks


async def test_it_goes_on_where_the_one_who_waits_is_cancelled_and_the_end_waits_for_it() -> None:
    unfinished, may_end, ended = ShieldedTasks(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await may_end.wait()
        ended.set()

    waiting = asyncio.create_task(unfinished.run(work()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not ended.is_set()
    may_end.set()
    await unfinished.drain(10)
    assert ended.is_set()


async def test_it_gives_what_the_work_gives_or_raises() -> None:
    async def fails() -> None:
        raise LookupError("gone")

    async def gives() -> str:
        return "all"

    assert await ShieldedTasks().run(gives()) == "all"
    with pytest.raises(LookupError, match="gone"):
        await ShieldedTasks().run(fails())


async def test_what_takes_too_long_is_reported_and_goes_on() -> None:
    unfinished, may_end, ended = ShieldedTasks(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await may_end.wait()
        ended.set()

    with pytest.raises(TimeoutError):
        await unfinished.run(work(), 0.0)
    await unfinished.drain(0.0)
    assert not ended.is_set()
    may_end.set()
    await unfinished.drain(10)
    assert ended.is_set()


async def test_what_fails_when_nobody_waits_any_more_is_no_complaint_of_the_loop() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    unfinished, may_end = ShieldedTasks(), asyncio.Event()

    async def fails() -> None:
        await may_end.wait()
        raise LookupError("gone")

    waiting = asyncio.create_task(unfinished.run(fails()))
    await asyncio.sleep(0)
    waiting.cancel()
    may_end.set()
    await unfinished.drain(10)
    del unfinished, waiting
    await asyncio.sleep(0)
    gc.collect()
    assert complaints == []
