"""The loop that asks, judges and publishes."""

import asyncio
from dataclasses import replace

import pytest

from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_source import Notice, ScriptedSource
from tests.support.showing import item
from tests.support.watching import SONG, Stage, one, plays, running
from widget.model.errors import DailyLimitReached, Forbidden, NotConfigured, RateLimited, SpotifyUnreachable, StoreError
from widget.model.hide_list import HideList
from widget.model.playback import Playback, PlayedItem
from widget.model.sources import LASTFM, LISTENBRAINZ, SPOTIFY, SourceInfo
from widget.now_playing.schedule import IDLE_INTERVAL, STATUS_WEIGHTS
from widget.now_playing.serialization import dump_state
from widget.now_playing.state import NowPlayingState


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_while_nobody_watches_nothing_is_asked(clock: FakeClock) -> None:
    stage = one(plays(clock), clock=clock)
    async with running(stage):
        await clock.advance(100)
        assert stage.source.asked == 0
        await stage.broadcast.fresh()
        assert (stage.source.asked, stage.status) == (1, "playing")


async def test_however_many_watch_there_is_one_question_at_a_time(clock: FakeClock) -> None:
    stage = one(plays(clock), clock=clock)
    stage.source.hold = asyncio.Event()
    async with running(stage):
        viewers = [asyncio.create_task(stage.broadcast.fresh()) for _ in range(50)]
        await settle()
        stage.source.hold.set()
        await asyncio.gather(*viewers)
        stage.source.hold = None
        await stage.watched_for(60)
        assert stage.source.most_at_once == 1


async def test_the_next_question_comes_just_after_the_end(clock: FakeClock) -> None:
    stage = one(plays(clock, progress_ms=198_000), plays(clock, item("Next")), clock=clock)
    async with running(stage):
        await stage.broadcast.fresh()
        await stage.watched_for(2.4)
        assert stage.source.asked == 1
        await stage.watched_for(0.2)
        assert stage.source.asked == 2
        assert stage.title == "Next"


async def test_an_item_whose_end_passed_is_not_shown_as_playing(clock: FakeClock) -> None:
    stage = one(plays(clock, progress_ms=198_000), SpotifyUnreachable("502"), clock=clock)
    async with running(stage):
        await stage.broadcast.fresh()
        await stage.watched_for(6)
        assert stage.status in ("idle", "unavailable")


async def test_after_the_last_viewer_it_dozes_and_wakes_with_a_question(clock: FakeClock) -> None:
    stage = one(plays(clock), clock=clock)
    async with running(stage):
        await stage.broadcast.fresh()
        await clock.advance(100)
        asked = stage.source.asked
        await clock.advance(1000)
        assert stage.source.asked == asked
        assert not stage.broadcast.is_fresh
        await stage.broadcast.fresh()
        assert stage.source.asked == asked + 1


@pytest.mark.parametrize("fault", [RuntimeError("a bug"), KeyError("x"), RecursionError()])
async def test_it_survives_every_error_and_nobody_waits_meanwhile(clock: FakeClock, fault: Exception) -> None:
    stage = one(fault, plays(clock), clock=clock)
    async with running(stage):
        await stage.broadcast.fresh(0.5)
        await stage.watched_for(30)
        assert stage.status == "playing"


async def test_a_failure_is_told_by_its_problem_until_an_answer_comes(clock: FakeClock) -> None:
    stage = one(Forbidden("No Premium."), Forbidden("No Premium."), plays(clock), clock=clock)
    async with running(stage):
        snapshot = await stage.broadcast.fresh()
        assert snapshot.problem is not None
        assert snapshot.problem.code == "forbidden"
        assert stage.problem() == "forbidden"
        await stage.watched_for(4)
        assert stage.problem() is None
        assert stage.watcher.last_success_at is not None
        assert stage.status == "playing"


async def test_a_gate_that_is_closed_says_until_when(clock: FakeClock) -> None:
    stage = one(RateLimited("wait", retry_after=90.0), clock=clock)
    async with running(stage):
        snapshot = await stage.broadcast.fresh()
        assert snapshot.problem is not None
        assert snapshot.problem.retry_at == pytest.approx(clock.now() + 90)


async def test_one_unreachable_moment_goes_unnoticed(clock: FakeClock) -> None:
    stage = one(plays(clock), SpotifyUnreachable("502"), plays(clock, progress_ms=6_000), clock=clock)
    async with running(stage):
        await stage.broadcast.fresh()
        for _ in range(20):
            await stage.watched_for(0.5)
            assert not stage.broadcast.current.stale


async def test_idle_asks_first_what_was_played_last(clock: FakeClock) -> None:
    last = PlayedItem(item("Yesterday"), clock.now() - 100)
    stage = one(Playback("idle", clock.now()), clock=clock, played=(last,))
    async with running(stage):
        assert (await stage.broadcast.fresh()).last_played == last
        await stage.watched_for(290)
        assert stage.source.asked_what_was_played == 1
        await stage.watched_for(60)
        assert stage.source.asked_what_was_played == 2


async def test_what_was_played_may_stay_unknown(clock: FakeClock) -> None:
    stage = one(Playback("idle", clock.now()), clock=clock, played=SpotifyUnreachable("502"))
    async with running(stage):
        snapshot = await stage.broadcast.fresh()
        assert (snapshot.status, snapshot.last_played) == ("idle", None)


async def test_hidden_music_never_reaches_a_snapshot(clock: FakeClock) -> None:
    secret = item("Secret", explicit=True)
    source = ScriptedSource(plays(clock, secret), played=(PlayedItem(secret, clock.now()),))
    stage = Stage(source, Notice(), clock, HideList(explicit=True))
    async with running(stage):
        snapshot = await stage.broadcast.fresh()
        assert (snapshot.status, snapshot.item, snapshot.last_played) == ("idle", None, None)


async def test_a_store_that_is_away_stops_nothing(clock: FakeClock) -> None:
    notice = Notice()
    stage = Stage(ScriptedSource(plays(clock), StoreError("the disk is full")), notice, clock)
    async with running(stage):
        await stage.broadcast.fresh()
        notice.broken = StoreError("the disk is full")
        await stage.watched_for(20)
        assert stage.status == "playing"
        assert stage.broadcast.current.stale
        notice.broken = None
        stage.source.answers = [plays(clock, item("Back"))]
        await stage.watched_for(70)
        assert stage.title == "Back"


async def test_a_store_that_is_away_from_the_start_is_told(clock: FakeClock) -> None:
    notice = Notice()
    notice.broken = StoreError("the disk is full")
    stage = Stage(ScriptedSource(StoreError("the disk is full")), notice, clock)
    async with running(stage):
        await clock.advance(6)
        snapshot = await stage.broadcast.fresh(0.1)
        assert snapshot.status == "unavailable"


async def test_of_two_instances_one_asks_and_both_show(clock: FakeClock) -> None:
    notice = Notice()
    first = Stage(ScriptedSource(plays(clock), plays(clock, item("Next"))), notice, clock)
    second = Stage(ScriptedSource(plays(clock)), notice, clock)
    async with running(first, second):
        await first.broadcast.fresh()
        await second.broadcast.fresh(0.5)
        assert second.title == SONG.title
        for stage in (first, second):
            stage.broadcast.touch()
        await clock.advance(7)
        assert (first.title, second.title) == ("Next", "Next")
        assert second.source.asked == 0
        assert second.watcher.last_success_at == first.watcher.last_success_at


@pytest.mark.parametrize("row", [SPOTIFY, LASTFM, LISTENBRAINZ])
async def test_what_was_played_is_told_to_the_others_at_once(clock: FakeClock, row: SourceInfo) -> None:
    played = [PlayedItem(item("Before"), clock.now() - 900)]
    notice, source = Notice(), ScriptedSource(plays(clock), played=played)
    first = Stage(source, notice, clock, row=row, recent=3)
    second = Stage(ScriptedSource(plays(clock)), notice, clock, row=row, recent=3)
    async with running(first, second):
        await first.broadcast.fresh()
        await second.broadcast.fresh(0.5)
        await clock.advance(1)
        assert [last.item.title for last in second.broadcast.current.recent] == ["Before"]
        shares = notice.shares
        await first.watched_for(40)
        assert notice.shares - shares < source.asked  # A list that is no news is not told again.


async def test_a_list_that_comes_with_the_answer_is_shown_with_it(clock: FakeClock) -> None:
    source = ScriptedSource(plays(clock), played=[PlayedItem(item("Before"), clock.now() - 900)])
    stage = Stage(source, Notice(), clock, row=LASTFM, recent=3)
    async with running(stage):
        next_picture = asyncio.create_task(stage.broadcast.wait_for_change(stage.broadcast.revision))
        await stage.watched_for(1)
        _, picture = await next_picture
        assert (picture.status, len(picture.recent)) == ("playing", 1)


async def test_when_the_one_that_asks_is_gone_another_takes_over(clock: FakeClock) -> None:
    notice = Notice()
    first = Stage(ScriptedSource(plays(clock)), notice, clock)
    second = Stage(ScriptedSource(plays(clock, item("Taken over"))), notice, clock)
    async with running(second):
        async with running(first):
            await first.broadcast.fresh()
            second.broadcast.touch()
            await clock.advance(3)
        notice.leader = None
        second.broadcast.touch()
        await clock.advance(3)
        assert second.title == "Taken over"


async def test_an_instance_that_nobody_watches_gives_up_the_lead(clock: FakeClock) -> None:
    notice = Notice()
    first = Stage(ScriptedSource(plays(clock)), notice, clock)
    second = Stage(ScriptedSource(plays(clock)), notice, clock)
    async with running(first, second):
        await first.broadcast.fresh()
        await clock.advance(70)
        assert notice.leader is None
        await second.broadcast.fresh()
        assert second.source.asked == 1


async def test_an_instance_that_nobody_watches_learns_what_others_heard(clock: FakeClock) -> None:
    notice = Notice()
    first = Stage(ScriptedSource(NotConfigured("run it"), plays(clock)), notice, clock)
    second = Stage(ScriptedSource(NotConfigured("run it")), notice, clock)
    async with running(first, second):
        await second.broadcast.fresh()
        await clock.advance(70)
        assert second.problem() == "not_configured"
        await first.broadcast.fresh()
        await first.watched_for(5)
        await second.watcher.refresh_from_cluster()
        assert second.problem() is None
        assert second.watcher.last_success_at == first.watcher.last_success_at


async def test_a_new_process_remembers_what_was_played(clock: FakeClock) -> None:
    notice = Notice()
    before = Stage(ScriptedSource(plays(clock)), notice, clock)
    async with running(before):
        await before.broadcast.fresh()
        await clock.advance(2)
    after = Stage(ScriptedSource(DailyLimitReached("spent")), notice, clock)
    notice.leader = None
    async with running(after):
        snapshot = await after.broadcast.fresh()
        assert snapshot.status == "unavailable"
        assert snapshot.last_played is not None
        assert snapshot.last_played.item == SONG


SCARCE = 82.8
"""The pace, in s, that :func:`scarcely` makes a budget of 100,000 a day afford."""


def scarcely(clock: FakeClock) -> list[tuple[float, int]]:
    """The calls of a day of which half as much again must last for half a day."""
    return [(clock.now() - 3600, 97_500)]


async def test_the_pace_binds_every_wake_and_nobody_waits_for_it(clock: FakeClock) -> None:
    stage = one(plays(clock, item(duration_ms=7_200_000)), clock=clock)
    stage.source.calls = scarcely(clock)
    async with running(stage):
        for _ in range(40):
            assert (await stage.broadcast.fresh(0.5)).status == "playing"
            assert stage.broadcast.is_fresh
            await clock.advance(62)
    assert 20 <= stage.source.asked <= 40 * 62 / SCARCE / 0.9 + 4


async def test_after_a_long_pause_a_scarce_budget_affords_a_question_at_once(clock: FakeClock) -> None:
    stage = one(
        plays(clock, item(duration_ms=7_200_000)), plays(clock, item("Later", duration_ms=7_200_000)), clock=clock
    )
    stage.source.calls = scarcely(clock)
    async with running(stage):
        await stage.broadcast.fresh()
        await clock.advance(60 + 9 * SCARCE)
        asked = stage.source.asked
        assert (await stage.broadcast.fresh()).status == "playing"
        assert (stage.source.asked, stage.title) == (asked + 1, "Later")


async def test_a_scarce_budget_binds_the_ends_of_items_too(clock: FakeClock) -> None:
    stage = one(plays(clock, item(duration_ms=3_000)), clock=clock)
    stage.source.calls = scarcely(clock)

    async def always_at_its_beginning() -> Playback:
        stage.source.asked += 1
        return Playback("playing", clock.now(), item(f"Song {stage.source.asked}", duration_ms=3_000), 0)

    stage.source.currently_playing = always_at_its_beginning  # type: ignore[method-assign]
    async with running(stage):
        await stage.broadcast.fresh()
        await stage.watched_for(1000)
    assert stage.source.asked <= 1000 / (STATUS_WEIGHTS["playing"] * SCARCE) + 5


async def test_at_most_three_questions_are_asked_about_one_end_and_then_no_more_than_when_idle(
    clock: FakeClock,
) -> None:
    stage = one(plays(clock, progress_ms=195_000), clock=clock)

    async def at_its_end() -> Playback:
        stage.source.asked += 1
        return Playback("playing", clock.now(), SONG, 195_000 if stage.source.asked == 1 else 200_000)

    stage.source.currently_playing = at_its_end  # type: ignore[method-assign]
    async with running(stage):
        await stage.broadcast.fresh()
        await stage.watched_for(12)
        assert stage.source.asked == 4
        await stage.watched_for(600)
    assert stage.source.asked <= 4 + 300 / 10 + 310 / IDLE_INTERVAL + 1
    assert stage.status == "idle"


async def shared(clock: FakeClock, planned_in: float, title: str = "Shared") -> str:
    known = NowPlayingState().with_playback(plays(clock, item(title)), clock.now())
    return dump_state(replace(known, next_poll_at=clock.now() + planned_in))


@pytest.mark.parametrize(("overdue", "answered"), [(0.0, True), (2.9, True), (3.0, False), (20.0, False)])
async def test_what_another_shares_is_as_true_as_it_gets_until_its_plan_is_overdue(
    clock: FakeClock, overdue: float, answered: bool
) -> None:
    notice = Notice()
    notice.leader, notice.text = "another", await shared(clock, -overdue)
    stage = Stage(ScriptedSource(plays(clock)), notice, clock)
    async with running(stage):
        snapshot = await stage.broadcast.fresh(0.05)
        assert stage.broadcast.is_fresh == answered
        assert snapshot.item is not None
        assert snapshot.item.title == "Shared"


async def test_catching_up_takes_what_is_newer_alone(clock: FakeClock) -> None:
    notice = Notice()
    notice.leader = "another"
    stage = Stage(ScriptedSource(plays(clock)), notice, clock)
    older = await shared(clock, 5)
    await clock.advance(10)
    notice.text = await shared(clock, 5)
    await stage.watcher.refresh_from_cluster()
    assert stage.watcher.last_success_at == clock.now()
    notice.text = older
    await stage.watcher.refresh_from_cluster()
    assert stage.watcher.last_success_at == clock.now()


async def test_while_somebody_watches_the_loop_alone_catches_up(clock: FakeClock) -> None:
    notice = Notice()
    notice.leader = "another"
    notice.text = await shared(clock, 5)
    stage = Stage(ScriptedSource(plays(clock)), notice, clock)
    stage.broadcast.touch()
    await stage.watcher.refresh_from_cluster()
    assert stage.watcher.last_success_at is None
