"""The snapshot and the health, second by second, while something hangs or fails."""

import asyncio
import logging

import pytest

from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_source import ScriptedSource, SharedState
from tests.support.watching import SONG, Instance, plays, running, single_instance
from tests.support.web_harness import item
from widget.model.errors import SpotifyUnreachable, StoreError
from widget.model.playback import Playback, PlayedItem


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def hang(instance: Instance) -> None:
    instance.client.hold = asyncio.Event()


async def each_second(instance: Instance, seconds: int) -> list[tuple[str, bool, str | None]]:
    """Return the status, whether it is stale, and the problem, at the end of each second."""
    seen = []
    for _ in range(seconds):
        instance.broadcaster.touch()
        await instance.clock.advance(1)
        seen.append((instance.status, instance.broadcaster.current.stale, instance.problem()))
    return seen


async def test_a_question_that_hangs_keeps_no_item_beyond_its_end(clock: FakeClock) -> None:
    instance = single_instance(plays(clock, progress_ms=192_000), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        hang(instance)
        seen = await each_second(instance, 60)
    # The item ends after 8 s, and 3 s later at the latest it is not shown as playing.
    assert [status for status, _, _ in seen[:10]] == ["playing"] * 10
    assert "playing" not in [status for status, _, _ in seen[10:]]
    # The question was planned half a second after the end: 15 s later nobody says that all is well.
    assert [code for _, _, code in seen[:23]] == [None] * 23
    assert all(code is not None for _, _, code in seen[23:])


async def test_a_question_that_hangs_makes_a_long_item_stale_and_then_unavailable(clock: FakeClock) -> None:
    instance = single_instance(plays(clock, item(duration_ms=3_600_000)), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        hang(instance)
        seen = await each_second(instance, 330)
    stale_from = [stale for _, stale, _ in seen].index(True)
    assert 5 <= stale_from <= 30
    assert seen[290][0] == "playing"
    assert [status for status, _, _ in seen[301:]] == ["unavailable"] * 29
    assert seen[-1][2] == "internal_error"


async def test_who_comes_while_the_first_question_hangs_is_answered_all_the_same(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), clock=clock)
    hang(instance)
    async with running(instance):
        waiting = asyncio.create_task(instance.broadcaster.fresh(0.05))
        await settle()
        assert instance.client.polls == 1
        assert (await waiting).status == "unavailable"


async def test_when_what_hung_answers_again_all_is_well_at_once(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        hang(instance)
        await each_second(instance, 60)
        instance.client.hold = None
        instance.client.answers = [plays(clock, item("Back"))]
        await each_second(instance, 62)
        assert (instance.title, instance.broadcaster.current.stale, instance.problem()) == ("Back", False, None)


async def test_a_store_that_hangs_makes_it_stale_within_45_seconds_and_is_named(clock: FakeClock) -> None:
    shared = SharedState()
    instance = Instance(ScriptedSource(plays(clock, item(duration_ms=3_600_000))), shared, clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        shared.hangs = True
        seen = await each_second(instance, 330)
        assert seen[44][1]
        assert seen[44][2] == "store_unavailable"
        assert seen[-1][0] == "unavailable"
        shared.hangs = False
        await each_second(instance, 30)
        assert (instance.status, instance.broadcaster.current.stale, instance.problem()) == ("playing", False, None)


async def test_a_follower_whose_leader_is_silent_goes_stale_and_then_unavailable(clock: FakeClock) -> None:
    shared = SharedState()
    leader = Instance(ScriptedSource(plays(clock, item(duration_ms=3_600_000))), shared, clock)
    follower = Instance(ScriptedSource(plays(clock)), shared, clock)
    async with running(follower):
        async with running(leader):
            await leader.broadcaster.fresh()
            await follower.broadcaster.fresh(0.5)
            shared.leader = "suspended: it holds the lead, and says nothing"
        seen = await each_second(follower, 330)
    assert follower.client.polls == 0
    assert [stale for _, stale, _ in seen[:15]] == [False] * 15
    assert seen[44][1:] == (True, "internal_error")
    assert [status for status, _, _ in seen[301:]] == ["unavailable"] * 29


async def test_a_follower_shows_no_item_beyond_its_end_whatever_is_silent(clock: FakeClock) -> None:
    shared = SharedState()
    leader = Instance(ScriptedSource(plays(clock, progress_ms=190_000)), shared, clock)
    follower = Instance(ScriptedSource(plays(clock)), shared, clock)
    async with running(follower):
        async with running(leader):
            await leader.broadcaster.fresh()
            await follower.broadcaster.fresh(0.5)
            shared.leader = "suspended"
        shared.hangs = True
        seen = await each_second(follower, 60)
    assert [status for status, _, _ in seen[:12]] == ["playing"] * 12
    assert "playing" not in [status for status, _, _ in seen[12:]]
    assert seen[44][2] == "store_unavailable"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (PermissionError(13, "Permission denied", "/data/now-playing.db.refresh.lock"), "internal_error"),
        (OSError(95, "Operation not supported"), "internal_error"),
        (ImportError("no socksio"), "internal_error"),
        (RuntimeError("a bug"), "internal_error"),
        (StoreError("the disk is full"), "store_unavailable"),
    ],
)
async def test_whatever_a_question_raises_it_counts_as_not_answered(
    clock: FakeClock, fault: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    instance = single_instance(plays(clock, item(duration_ms=3_600_000)), fault, clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        seen = await each_second(instance, 330)
    assert seen[8][1:] == (True, code)
    assert seen[-1] == ("unavailable", False, code)
    problem = instance.broadcaster.current.problem
    assert problem is not None
    assert "data" not in problem.message.replace("database", "")
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert lines[0].startswith(f"{code}: ")


async def test_the_log_names_the_file_that_cannot_be_used_and_says_when_it_is_over(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fault = PermissionError(13, "Permission denied", "/data/now-playing.db.refresh.lock")
    instance = single_instance(fault, plays(clock), clock=clock)
    async with running(instance):
        await each_second(instance, 10)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("widget")]
    assert lines == [
        "internal_error: PermissionError: Permission denied: /data/now-playing.db.refresh.lock",
        "polling works again",
    ]


@pytest.mark.parametrize("fault", [OSError(5, "Input/output error"), KeyError("x"), StoreError("gone")])
async def test_whatever_the_store_raises_beside_a_question_counts_too(clock: FakeClock, fault: Exception) -> None:
    shared = SharedState()
    instance = Instance(ScriptedSource(plays(clock, item(duration_ms=3_600_000))), shared, clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        shared.error = fault
        seen = await each_second(instance, 30)
        assert seen[5][1]
        assert seen[-1][2] == ("store_unavailable" if isinstance(fault, StoreError) else "internal_error")
        shared.error = None
        seen = await each_second(instance, 10)
        assert seen[-1] == ("playing", False, None)


async def test_it_ends_within_two_seconds_whatever_hangs(clock: FakeClock) -> None:
    shared = SharedState()
    instance = Instance(ScriptedSource(plays(clock)), shared, clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        hang(instance)
        await each_second(instance, 6)
        shared.hangs = True
        begun = clock.monotonic()
    assert clock.monotonic() - begun < 2


async def test_a_poller_that_never_wakes_is_reported(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), clock=clock)
    instance.broadcaster.touch()
    codes = []
    for _ in range(20):
        await clock.advance(1)
        codes.append(instance.problem())
    assert codes[:14] == [None] * 14
    assert codes[14:] == ["internal_error"] * 6


async def test_the_second_failure_in_a_row_makes_it_stale_and_the_code_is_that_of_the_last(clock: FakeClock) -> None:
    instance = single_instance(plays(clock), SpotifyUnreachable("502"), StoreError("full"), clock=clock)
    async with running(instance):
        await instance.broadcaster.fresh()
        seen = await each_second(instance, 9)
    codes = [code for _, _, code in seen]
    assert "spotify_unreachable" in codes
    assert codes[-1] == "store_unavailable"
    assert not any(stale for _, stale, code in seen if code == "spotify_unreachable")
    assert seen[-1][1]


async def test_plays_that_lie_in_the_future_are_not_believed(clock: FakeClock) -> None:
    ahead, last = PlayedItem(item("Ahead"), clock.now() + 3_600), PlayedItem(SONG, clock.now() - 60)
    instance = single_instance(Playback("idle", clock.now()), clock=clock, played=(ahead, last))
    async with running(instance):
        assert (await instance.broadcaster.fresh()).last_played == last
