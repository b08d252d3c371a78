"""While nobody watches the token is refreshed once a day, and a revoked one is noticed."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.fake_clock import settle
from tests.support.rig import Rig, rig_in
from tests.support.scripted import TOKEN
from widget.sources.spotify.daily_refresh import DailyRefresh

DAY = 86_400


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path) as rig:
        yield rig


async def run_for(rig: Rig, days: float, *caretakers: DailyRefresh) -> None:
    tasks = [asyncio.create_task(caretaker.run()) for caretaker in caretakers]
    await settle()
    await rig.clock.advance(days * DAY)
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_of_several_instances_one_refreshes_and_once_a_day(rig: Rig) -> None:
    await rig.authorize(access_seconds=3600)
    await run_for(rig, 3.0, *(DailyRefresh(rig.token_manager(), rig.clock) for _ in range(3)))
    assert rig.refreshes == 3


async def test_a_token_that_died_with_nobody_watching_is_noticed(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.network.answer(TOKEN, "error_refresh_revoked")
    await rig.authorize(access_seconds=3600)
    with caplog.at_level(logging.WARNING):
        await run_for(rig, 2.0, DailyRefresh(rig.token_manager(), rig.clock))
    assert (await rig.stored()).needs_authorization
    assert (rig.refreshes, caplog.text.count("needs_authorization")) == (1, 1)


async def test_what_was_refreshed_by_a_clock_that_was_ahead_is_refreshed_again(rig: Rig) -> None:
    rig.clock.jump(400 * DAY)
    await rig.authorize(access_seconds=3600)
    rig.clock.jump(-400 * DAY)
    await DailyRefresh(rig.token_manager(), rig.clock).run_once()
    assert rig.refreshes == 1


async def test_without_a_token_or_a_database_it_waits_quietly(rig: Rig) -> None:
    caretaker = DailyRefresh(rig.token_manager(), rig.clock)
    await caretaker.run_once()
    await rig.store.close()
    await caretaker.run_once()
    assert rig.refreshes == 0
