"""The poll that notices the end of an outage while nobody watches."""

import asyncio

import pytest

from tests.support.fake_clock import FakeClock
from tests.support.scripted_source import ScriptedSource, SharedState
from tests.support.watching import Instance, plays, running, single_instance
from widget.model.errors import SpotifyUnreachable


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def recheck_every_minute(instance: Instance, minutes: int) -> list[str | None]:
    problems = []
    for _ in range(minutes):
        await instance.poller.recheck()
        problems.append(instance.problem())
        await instance.clock.advance(60)
    return problems


async def test_an_outage_that_outlasts_the_last_viewer_ends_by_one_poll_in_five_minutes(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), SpotifyUnreachable("502"), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        await clock.advance(400)
        assert instance.problem() == "spotify_unreachable"
        polls = instance.client.polls
        assert set(await recheck_every_minute(instance, 20)) == {"spotify_unreachable"}
        assert 3 <= instance.client.polls - polls <= 4
        instance.client.answers = [plays(clock)]
        assert (await recheck_every_minute(instance, 7))[-1] is None
        polls = instance.client.polls
        await recheck_every_minute(instance, 20)
        assert instance.client.polls == polls


async def test_no_recheck_costs_a_poll_that_the_quota_does_not_allow(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), SpotifyUnreachable("502"), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        await clock.advance(400)
        polls, instance.client.calls = instance.client.polls, [(clock.now() - 3600, 99_999)]
        for _ in range(20):
            await instance.poller.recheck()
            await clock.advance(60)
        assert instance.client.polls - polls <= 2


async def test_a_recheck_that_hangs_keeps_nobody_waiting(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), SpotifyUnreachable("502"), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        await clock.advance(400)
        instance.client.hold = asyncio.Event()
        recheck = asyncio.create_task(instance.poller.recheck())
        await clock.advance(0.5)
        assert recheck.done()


async def test_one_instance_s_recheck_reaches_the_others(clock: FakeClock) -> None:
    shared = SharedState()
    first = Instance(ScriptedSource(plays(clock), SpotifyUnreachable("502")), shared, clock)
    second = Instance(ScriptedSource(SpotifyUnreachable("502")), shared, clock)
    async with running(first, second):
        await second.broadcaster.fresh()
        await clock.advance(100)
        await first.broadcaster.fresh()
        await clock.advance(400)
        first.client.answers = [plays(clock)]
        await first.poller.recheck()
        await second.poller.refresh_from_cluster()
        assert (first.problem(), second.problem()) == (None, None)
        assert shared.leader is None
