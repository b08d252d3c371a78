"""With nobody watching the token is refreshed once a day, and a dead one is noticed."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.fake_clock import settle
from tests.support.scripted import TOKEN
from tests.support.stage import Stage, stage_in
from widget.sources.spotify.daily_refresh import DailyRefresh

DAY = 86_400


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage_in(tmp_path) as stage:
        yield stage


async def run_for(stage: Stage, days: float, *caretakers: DailyRefresh) -> None:
    tasks = [asyncio.create_task(caretaker.run()) for caretaker in caretakers]
    await settle()
    await stage.clock.advance(days * DAY)
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_of_several_instances_one_refreshes_and_once_a_day(stage: Stage) -> None:
    await stage.authorize(access_seconds=3600)
    await run_for(stage, 3.0, *(DailyRefresh(stage.access(), stage.clock) for _ in range(3)))
    assert stage.refreshes == 3


async def test_a_token_that_died_with_nobody_watching_is_noticed(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.network.answer(TOKEN, "error_refresh_revoked")
    await stage.authorize(access_seconds=3600)
    with caplog.at_level(logging.WARNING):
        await run_for(stage, 2.0, DailyRefresh(stage.access(), stage.clock))
    assert (await stage.stored()).needs_authorization
    assert (stage.refreshes, caplog.text.count("needs_authorization")) == (1, 1)


async def test_what_was_refreshed_by_a_clock_that_was_ahead_is_refreshed_again(stage: Stage) -> None:
    stage.clock.jump(400 * DAY)
    await stage.authorize(access_seconds=3600)
    stage.clock.jump(-400 * DAY)
    await DailyRefresh(stage.access(), stage.clock).run_once()
    assert stage.refreshes == 1


async def test_without_a_token_or_a_database_it_waits_quietly(stage: Stage) -> None:
    caretaker = DailyRefresh(stage.access(), stage.clock)
    await caretaker.run_once()
    await stage.store.close()
    await caretaker.run_once()
    assert stage.refreshes == 0
