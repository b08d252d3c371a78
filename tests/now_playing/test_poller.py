"""The polling loop."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_source import ScriptedSource, SharedState
from tests.support.watching import SONG, Instance, plays, running, single_instance
from tests.support.web_harness import item
from widget.model.errors import DailyLimitReached, Forbidden, NotConfigured, RateLimited, SpotifyUnreachable, StoreError
from widget.model.hide_list import HideList
from widget.model.playback import Playback, PlayedItem
from widget.model.sources import LASTFM, LISTENBRAINZ, SPOTIFY, SourceInfo
from widget.now_playing.schedule import MAX_RESTING_INTERVAL_SECONDS, STATUS_WEIGHTS
from widget.now_playing.serialization import dump_state
from widget.now_playing.state import NowPlayingState


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_while_nobody_watches_nothing_is_polled(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), clock=clock)
    async with running(instance):
        await clock.advance(100)
        assert instance.client.polls == 0
        await instance.broadcaster.fresh()
        assert (instance.client.polls, instance.status) == (1, "playing")


async def test_however_many_watch_there_is_one_question_at_a_time(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), clock=clock)
    instance.client.hold = asyncio.Event()
    async with running(instance):
        viewers = [asyncio.create_task(instance.broadcaster.fresh()) for _ in range(50)]
        await settle()
        instance.client.hold.set()
        await asyncio.gather(*viewers)
        instance.client.hold = None
        await instance.watch(60)
        assert instance.client.max_concurrent_polls == 1


async def test_the_next_question_comes_just_after_the_end(clock: FakeClock) -> None:
    instance = single_instance(plays(clock, progress_ms=198_000), plays(clock, item("Next")), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        await instance.watch(2.4)
        assert instance.client.polls == 1
        await instance.watch(0.2)
        assert instance.client.polls == 2
        assert instance.title == "Next"


async def test_an_item_whose_end_passed_is_not_shown_as_playing(clock: FakeClock) -> None:
    instance = single_instance(plays(clock, progress_ms=198_000), SpotifyUnreachable("502"), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        await instance.watch(6)
        assert instance.status in ("idle", "unavailable")


async def test_after_the_last_viewer_it_dozes_and_wakes_with_a_question(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        await clock.advance(100)
        requested = instance.client.polls
        await clock.advance(1000)
        assert instance.client.polls == requested
        assert not instance.broadcaster.is_fresh
        await instance.broadcaster.fresh()
        assert instance.client.polls == requested + 1


@pytest.mark.parametrize("fault", [RuntimeError("a bug"), KeyError("x"), RecursionError()])
async def test_it_survives_every_error_and_nobody_waits_meanwhile(clock: FakeClock, fault: Exception) -> None:
    instance = single_instance(fault, plays(clock), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh(0.5)
        await instance.watch(30)
        assert instance.status == "playing"


async def test_a_failure_is_reported_by_its_problem_until_an_answer_comes(clock: FakeClock) -> None:
    instance = single_instance(Forbidden("No Premium."), Forbidden("No Premium."), plays(clock), clock=clock)
    async with running(instance):
        snapshot = await instance.broadcaster.fresh()
        assert snapshot.problem is not None
        assert snapshot.problem.code == "forbidden"
        assert instance.problem() == "forbidden"
        await instance.watch(4)
        assert instance.problem() is None
        assert instance.poller.last_success_at is not None
        assert instance.status == "playing"


async def test_a_gate_that_is_closed_says_until_when(clock: FakeClock) -> None:
    instance = single_instance(RateLimited("wait", retry_after=90.0), clock=clock)
    async with running(instance):
        snapshot = await instance.broadcaster.fresh()
        assert snapshot.problem is not None
        assert snapshot.problem.retry_at == pytest.approx(clock.now() + 90)


async def test_one_unreachable_moment_goes_unnoticed(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), SpotifyUnreachable("502"), plays(clock, progress_ms=6_000), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        for _ in range(20):
            await instance.watch(0.5)
            assert not instance.broadcaster.current.stale


async def test_idle_asks_first_what_was_played_last(clock: FakeClock) -> None:
    last = PlayedItem(item("Yesterday"), clock.now() - 100)
    instance = single_instance(Playback("idle", clock.now()), clock=clock, played=(last,))
    async with running(instance):
        assert (await instance.broadcaster.fresh()).last_played == last
        await instance.watch(290)
        assert instance.client.history_polls == 1
        await instance.watch(60)
        assert instance.client.history_polls == 2


async def test_what_was_played_may_stay_unknown(clock: FakeClock) -> None:
    instance = single_instance(Playback("idle", clock.now()), clock=clock, played=SpotifyUnreachable("502"))
    async with running(instance):
        snapshot = await instance.broadcaster.fresh()
        assert (snapshot.status, snapshot.last_played) == ("idle", None)


async def test_hidden_music_never_reaches_a_snapshot(clock: FakeClock) -> None:
    secret = item("Secret", explicit=True)
    source = ScriptedSource(plays(clock, secret), played=(PlayedItem(secret, clock.now()),))
    instance = Instance(source, SharedState(), clock, HideList(explicit=True))
    async with running(instance):
        snapshot = await instance.broadcaster.fresh()
        assert (snapshot.status, snapshot.item, snapshot.last_played) == ("idle", None, None)


async def test_a_store_that_is_away_stops_nothing(clock: FakeClock) -> None:
    shared = SharedState()
    instance = Instance(ScriptedSource(plays(clock), StoreError("the disk is full")), shared, clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        shared.error = StoreError("the disk is full")
        await instance.watch(20)
        assert instance.status == "playing"
        assert instance.broadcaster.current.stale
        shared.error = None
        instance.client.answers = [plays(clock, item("Back"))]
        await instance.watch(70)
        assert instance.title == "Back"


async def test_a_store_that_is_away_from_the_start_is_reported(clock: FakeClock) -> None:
    shared = SharedState()
    shared.error = StoreError("the disk is full")
    instance = Instance(ScriptedSource(StoreError("the disk is full")), shared, clock)
    async with running(instance):
        await clock.advance(6)
        snapshot = await instance.broadcaster.fresh(0.1)
        assert snapshot.status == "unavailable"


async def test_of_two_instances_one_polls_and_both_show(clock: FakeClock) -> None:
    shared = SharedState()
    first = Instance(ScriptedSource(plays(clock), plays(clock, item("Next"))), shared, clock)
    second = Instance(ScriptedSource(plays(clock)), shared, clock)
    async with running(first, second):
        await first.broadcaster.fresh()
        await second.broadcaster.fresh(0.5)
        assert second.title == SONG.title
        for instance in (first, second):
            instance.broadcaster.touch()
        await clock.advance(7)
        assert (first.title, second.title) == ("Next", "Next")
        assert second.client.polls == 0
        assert second.poller.last_success_at == first.poller.last_success_at


@pytest.mark.parametrize("source_info", [SPOTIFY, LASTFM, LISTENBRAINZ])
async def test_what_was_played_is_reported_to_the_others_at_once(clock: FakeClock, source_info: SourceInfo) -> None:
    played = [PlayedItem(item("Before"), clock.now() - 900)]
    shared, source = SharedState(), ScriptedSource(plays(clock), played=played)
    first = Instance(source, shared, clock, source=source_info, max_recent=3)
    second = Instance(ScriptedSource(plays(clock)), shared, clock, source=source_info, max_recent=3)
    async with running(first, second):
        await first.broadcaster.fresh()
        await second.broadcaster.fresh(0.5)
        await clock.advance(1)
        assert [last.item.title for last in second.broadcaster.current.recent] == ["Before"]
        shares = shared.publications
        await first.watch(40)
        assert shared.publications - shares < source.polls  # A list that is no news is not seen again.


async def test_a_list_that_comes_with_the_answer_is_shown_with_it(clock: FakeClock) -> None:
    source = ScriptedSource(plays(clock), played=[PlayedItem(item("Before"), clock.now() - 900)])
    instance = Instance(source, SharedState(), clock, source=LASTFM, max_recent=3)
    async with running(instance):
        next_picture = asyncio.create_task(instance.broadcaster.wait_for_change(instance.broadcaster.revision))
        await instance.watch(1)
        _, picture = await next_picture
        assert (picture.status, len(picture.recent)) == ("playing", 1)


async def test_when_the_one_that_polls_is_gone_another_takes_over(clock: FakeClock) -> None:
    shared = SharedState()
    first = Instance(ScriptedSource(plays(clock)), shared, clock)
    second = Instance(ScriptedSource(plays(clock, item("Taken over"))), shared, clock)
    async with running(second):
        async with running(first):
            await first.broadcaster.fresh()
            second.broadcaster.touch()
            await clock.advance(3)
        shared.leader = None
        second.broadcaster.touch()
        await clock.advance(3)
        assert second.title == "Taken over"


async def test_an_instance_that_nobody_watches_gives_up_the_lead(clock: FakeClock) -> None:
    shared = SharedState()
    first = Instance(ScriptedSource(plays(clock)), shared, clock)
    second = Instance(ScriptedSource(plays(clock)), shared, clock)
    async with running(first, second):
        await first.broadcaster.fresh()
        await clock.advance(70)
        assert shared.leader is None
        await second.broadcaster.fresh()
        assert second.client.polls == 1


async def test_an_instance_that_nobody_watches_learns_what_others_received(clock: FakeClock) -> None:
    shared = SharedState()
    first = Instance(ScriptedSource(NotConfigured("run it"), plays(clock)), shared, clock)
    second = Instance(ScriptedSource(NotConfigured("run it")), shared, clock)
    async with running(first, second):
        await second.broadcaster.fresh()
        await clock.advance(70)
        assert second.problem() == "not_configured"
        await first.broadcaster.fresh()
        await first.watch(5)
        await second.poller.refresh_from_cluster()
        assert second.problem() is None
        assert second.poller.last_success_at == first.poller.last_success_at


async def test_a_new_process_remembers_what_was_played(clock: FakeClock) -> None:
    shared = SharedState()
    before = Instance(ScriptedSource(plays(clock)), shared, clock)
    async with running(before):
        await before.broadcaster.fresh()
        await clock.advance(2)
    after = Instance(ScriptedSource(DailyLimitReached("spent")), shared, clock)
    shared.leader = None
    async with running(after):
        snapshot = await after.broadcaster.fresh()
        assert snapshot.status == "unavailable"
        assert snapshot.last_played is not None
        assert snapshot.last_played.item == SONG


SCARCE = 82.8
"""The pace, in s, that :func:`scarcely` makes a budget of 100,000 a day afford."""


def scarcely(clock: FakeClock) -> list[tuple[float, int]]:
    """Return calls that leave a scarce quota."""
    return [(clock.now() - 3600, 97_500)]


async def test_the_pace_binds_every_wake_and_nobody_waits_for_it(clock: FakeClock) -> None:
    instance = single_instance(plays(clock, item(duration_ms=7_200_000)), clock=clock)
    instance.client.calls = scarcely(clock)
    async with running(instance):
        for _ in range(40):
            assert (await instance.broadcaster.fresh(0.5)).status == "playing"
            assert instance.broadcaster.is_fresh
            await clock.advance(62)
    assert 20 <= instance.client.polls <= 40 * 62 / SCARCE / 0.9 + 4


async def test_after_a_long_pause_a_scarce_budget_affords_a_question_at_once(clock: FakeClock) -> None:
    instance = single_instance(
        plays(clock, item(duration_ms=7_200_000)), plays(clock, item("Later", duration_ms=7_200_000)), clock=clock
    )
    instance.client.calls = scarcely(clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        await clock.advance(60 + 9 * SCARCE)
        requested = instance.client.polls
        assert (await instance.broadcaster.fresh()).status == "playing"
        assert (instance.client.polls, instance.title) == (requested + 1, "Later")


async def test_a_clock_that_was_set_back_in_a_pause_costs_one_interval_not_the_time_it_lost(clock: FakeClock) -> None:
    instance = single_instance(plays(clock, item(duration_ms=7_200_000)), clock=clock)
    instance.client.calls = scarcely(clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        await clock.advance(60 + 9 * SCARCE)
        requested = instance.client.polls
        clock.jump(-7200)
        instance.client.calls = scarcely(clock)
        await instance.watch(SCARCE + 1)
        assert instance.client.polls == requested + 1


async def test_a_scarce_budget_binds_the_ends_of_items_too(clock: FakeClock) -> None:
    instance = single_instance(plays(clock, item(duration_ms=3_000)), clock=clock)
    instance.client.calls = scarcely(clock)

    async def always_at_its_beginning() -> Playback:
        instance.client.polls += 1
        return Playback("playing", clock.now(), item(f"Song {instance.client.polls}", duration_ms=3_000), 0)

    instance.client.currently_playing = always_at_its_beginning  # type: ignore[method-assign]
    async with running(instance):
        await instance.broadcaster.fresh()
        await instance.watch(1000)
    assert instance.client.polls <= 1000 / (STATUS_WEIGHTS["playing"] * SCARCE) + 5


async def test_at_most_three_polls_are_made_around_one_end_and_then_no_more_than_when_idle(
    clock: FakeClock,
) -> None:
    instance = single_instance(plays(clock, progress_ms=195_000), clock=clock)

    async def at_its_end() -> Playback:
        instance.client.polls += 1
        return Playback("playing", clock.now(), SONG, 195_000 if instance.client.polls == 1 else 200_000)

    instance.client.currently_playing = at_its_end  # type: ignore[method-assign]
    async with running(instance):
        await instance.broadcaster.fresh()
        await instance.watch(12)
        assert instance.client.polls == 4
        await instance.watch(600)
    assert instance.client.polls <= 4 + 300 / 10 + 310 / MAX_RESTING_INTERVAL_SECONDS + 1
    assert instance.status == "idle"


async def stored_state(clock: FakeClock, planned_in: float, title: str = "Shared") -> str:
    known = NowPlayingState().with_playback(plays(clock, item(title)), clock.now())
    return dump_state(replace(known, next_poll_at=clock.now() + planned_in))


@pytest.mark.parametrize(("overdue", "answered"), [(0.0, True), (2.9, True), (3.0, False), (20.0, False)])
async def test_what_another_shares_is_as_true_as_it_gets_until_its_plan_is_overdue(
    clock: FakeClock, overdue: float, answered: bool
) -> None:
    shared = SharedState()
    shared.leader, shared.text = "another", await stored_state(clock, -overdue)
    instance = Instance(ScriptedSource(plays(clock)), shared, clock)
    async with running(instance):
        snapshot = await instance.broadcaster.fresh(0.05)
        assert instance.broadcaster.is_fresh == answered
        assert snapshot.item is not None
        assert snapshot.item.title == "Shared"


async def test_catching_up_takes_what_is_newer_alone(clock: FakeClock) -> None:
    shared = SharedState()
    shared.leader = "another"
    instance = Instance(ScriptedSource(plays(clock)), shared, clock)
    older = await stored_state(clock, 5)
    await clock.advance(10)
    shared.text = await stored_state(clock, 5)
    await instance.poller.refresh_from_cluster()
    assert instance.poller.last_success_at == clock.now()
    shared.text = older
    await instance.poller.refresh_from_cluster()
    assert instance.poller.last_success_at == clock.now()


async def test_while_somebody_watches_the_loop_alone_catches_up(clock: FakeClock) -> None:
    shared = SharedState()
    shared.leader = "another"
    shared.text = await stored_state(clock, 5)
    instance = Instance(ScriptedSource(plays(clock)), shared, clock)
    instance.broadcaster.touch()
    await instance.poller.refresh_from_cluster()
    assert instance.poller.last_success_at is None


@pytest.mark.parametrize("short_ms", [100, 400, 1_000, 2_000, 5_000])
async def test_a_player_that_vanished_just_before_the_end_is_polled_three_times_and_then_seldom(
    clock: FakeClock, short_ms: int
) -> None:
    instance = single_instance(plays(clock), clock=clock)
    polled_at = []

    async def stands_still() -> Playback:
        polled_at.append(clock.now())
        return Playback("playing", clock.now(), SONG, 200_000 - short_ms)

    instance.client.currently_playing = stands_still  # type: ignore[method-assign]
    async with running(instance):
        await instance.broadcaster.fresh()
        await instance.watch(3600)
    gaps = [after - before for before, after in pairwise(polled_at)]
    assert sum(gap < 9 for gap in gaps) <= 3
    assert len(polled_at) <= 3600 / 9 + 4


@pytest.mark.parametrize("progress_ms", [0, 1_000, 20_000, None])
async def test_progress_that_never_moves_is_polled_ever_more_seldom(clock: FakeClock, progress_ms: int | None) -> None:
    instance = single_instance(plays(clock), clock=clock)
    polled_at = []

    async def stands_still() -> Playback:
        polled_at.append(clock.now())
        return Playback("playing", clock.now(), SONG, progress_ms)

    instance.client.currently_playing = stands_still  # type: ignore[method-assign]
    async with running(instance):
        await instance.broadcaster.fresh()
        await instance.watch(600)
    gaps = [after - before for before, after in pairwise(polled_at)]
    assert sum(gap < 9 for gap in gaps) <= 10
    assert len(polled_at) <= 600 / 9 + 10


async def test_a_short_item_that_repeats_is_polled_at_each_of_its_ends(clock: FakeClock) -> None:
    jingle = item("Jingle", duration_ms=10_000)
    instance = single_instance(plays(clock), clock=clock)
    begun = clock.now()

    async def again_and_again() -> Playback:
        return Playback("playing", clock.now(), jingle, round((clock.now() - begun) * 1000) % 10_000)

    instance.client.currently_playing = again_and_again  # type: ignore[method-assign]
    async with running(instance):
        await instance.broadcaster.fresh()
        for _ in range(200):
            await instance.watch(0.5)
            assert instance.status == "playing"
