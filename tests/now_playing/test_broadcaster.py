"""The current snapshot, waiting readers, and viewers."""

import asyncio
from dataclasses import replace

from tests.support.fake_clock import FakeClock, settle
from tests.support.watching import open_stream
from tests.support.web_harness import FixedSnapshot, item, playing
from widget.model.playback import Playback
from widget.model.snapshot import NOT_POLLED_YET
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.state import NowPlayingState


async def test_readers_wait_for_what_looks_different() -> None:
    clock = FakeClock()
    broadcast = Broadcaster(clock)
    first = playing(clock.now())
    broadcast.publish(FixedSnapshot(first))
    waiting = asyncio.create_task(broadcast.wait_for_change(broadcast.revision))
    broadcast.publish(FixedSnapshot(replace(first, updated_at=clock.now() + 5)))
    await settle()
    assert not waiting.done()
    broadcast.publish(FixedSnapshot(playing(clock.now(), item("Another"))))
    revision, snapshot = await waiting
    assert (revision, snapshot) == (2, broadcast.current)


async def test_what_is_shown_ends_by_the_clock_though_nobody_publishes() -> None:
    clock = FakeClock()
    broadcast = Broadcaster(clock)
    ticking = asyncio.create_task(broadcast.run())
    broadcast.publish(
        NowPlayingState().with_playback(Playback("playing", clock.now(), item(duration_ms=10_000), 0), clock.now())
    )
    statuses, revision = broadcast.current, broadcast.revision
    with open_stream(broadcast):
        waiting = asyncio.create_task(broadcast.wait_for_change(revision))
        await clock.advance(12.9)
        assert broadcast.current is statuses
        assert not waiting.done()
        await clock.advance(0.2)
        assert (await waiting)[1].status == "idle"
    ticking.cancel()


async def test_reading_alone_shows_what_the_clock_says_when_nothing_ticks() -> None:
    clock = FakeClock()
    broadcast = Broadcaster(clock)
    broadcast.publish(
        NowPlayingState().with_playback(Playback("playing", clock.now(), item(duration_ms=10_000), 0), clock.now())
    )
    revision = broadcast.revision
    statuses = []
    for seconds in (13, -8):
        clock.jump(seconds)
        statuses.append(broadcast.current.status)
    assert statuses == ["idle", "playing"]
    assert broadcast.revision == revision + 2


async def test_a_clock_that_is_set_is_noticed_within_a_second() -> None:
    clock = FakeClock()
    broadcast = Broadcaster(clock)
    ticking = asyncio.create_task(broadcast.run())
    broadcast.publish(
        NowPlayingState().with_playback(Playback("playing", clock.now(), item(duration_ms=100_000), 0), clock.now())
    )
    with open_stream(broadcast):
        waiting = asyncio.create_task(broadcast.wait_for_change(broadcast.revision))
        await clock.advance(5)
        clock.jump(100)
        await clock.advance(1)
        assert (await waiting)[1].status == "idle"
    ticking.cancel()


async def test_a_slow_reader_gets_the_latest_and_no_backlog() -> None:
    clock = FakeClock()
    broadcast = Broadcaster(clock)
    for title in ("One", "Two", "Three"):
        broadcast.publish(FixedSnapshot(playing(clock.now(), item(title))))
    _, snapshot = await broadcast.wait_for_change(0)
    assert snapshot.item is not None
    assert snapshot.item.title == "Three"


async def test_a_fresh_answer_is_given_at_once_and_a_stale_one_is_waited_for() -> None:
    clock = FakeClock()
    broadcast = Broadcaster(clock)
    waiting = asyncio.create_task(broadcast.fresh(5.0))
    await settle()
    assert not waiting.done()
    broadcast.publish(FixedSnapshot(playing(clock.now())))
    broadcast.mark_fresh()
    assert (await waiting).status == "playing"
    assert broadcast.is_fresh
    assert (await broadcast.fresh(0.0)).status == "playing"
    broadcast.mark_idle()
    assert not broadcast.is_fresh


async def test_nobody_waits_for_longer_than_their_patience() -> None:
    assert (await Broadcaster(FakeClock()).fresh(0.01)).problem == NOT_POLLED_YET


async def test_it_is_watched_for_a_minute_after_a_request_and_while_a_stream_is_open() -> None:
    clock = FakeClock()
    broadcast = Broadcaster(clock)
    watched = [broadcast.has_viewers]
    broadcast.touch()
    for seconds in (59, 2):
        await clock.advance(seconds)
        watched.append(broadcast.has_viewers)
    with open_stream(broadcast), open_stream(broadcast):
        assert broadcast.streams == 2
        await clock.advance(1000)
        watched.append(broadcast.has_viewers)
    await clock.advance(61)
    watched.append(broadcast.has_viewers)
    assert watched == [False, True, False, True, False]


async def test_the_poller_is_woken_by_a_request_or_a_stream() -> None:
    clock = FakeClock()
    broadcast = Broadcaster(clock)
    for wake in (broadcast.touch, broadcast.add_stream):
        waiting = asyncio.create_task(broadcast.wait_for_viewer())
        await settle()
        assert not waiting.done()
        wake()
        async with asyncio.timeout(1):
            await waiting
        await clock.advance(61)


async def test_when_the_program_ends_everybody_may_go() -> None:
    broadcast = Broadcaster(FakeClock())
    waiting = [asyncio.create_task(broadcast.wait_for_change(0)) for _ in range(5)]
    await settle()
    broadcast.close()
    async with asyncio.timeout(1):
        await asyncio.gather(*waiting)
    assert broadcast.closed
