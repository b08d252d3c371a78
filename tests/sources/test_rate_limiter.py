"""Retry-After blocks and the daily limit hold for every caller and after every restart."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.support.fake_clock import FakeClock
from tests.support.rig import Rig, calls_made, rig_in
from widget.model.errors import (
    DailyLimitReached,
    QuotaExceeded,
    RateLimited,
    SourceUnreachable,
    StoreError,
    Throttled,
)
from widget.sources.rate_limiter import RateLimiter
from widget.store.base import StoreTimeouts
from widget.store.rows import RateLimitBlock
from widget.store.sqlite import SqliteStore

DAY = 86_400.0


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path) as rig:
        yield rig


async def asked_to_wait(limiter: RateLimiter, error: Throttled) -> None:
    """Return a request that raises ``error``."""
    with pytest.raises(type(error)):
        async with limiter.respecting_429():
            raise error


async def test_it_is_open_until_spotify_says_otherwise(rig: Rig) -> None:
    await rig.rate_limiter().check()
    await rig.rate_limiter().acquire()
    assert await calls_made(rig.rate_limiter()) == 1


async def test_a_ban_holds_to_its_end_and_says_how_long_it_lasts(rig: Rig) -> None:
    await asked_to_wait(rig.rate_limiter(), QuotaExceeded("Spent.", retry_after=50_000.0))
    await rig.clock.advance(49_999.0)
    with pytest.raises(QuotaExceeded, match=r"Spent\.") as banned:
        await rig.rate_limiter().acquire()
    assert banned.value.retry_after == pytest.approx(1.0)
    assert await calls_made(rig.rate_limiter()) == 0
    await rig.clock.advance(1.0)
    await rig.rate_limiter().acquire()


async def test_a_paid_question_is_counted_whatever_comes_of_it_and_not_asked_where_none_is_left(
    rig: Rig,
) -> None:
    limiter, requested = rig.rate_limiter(2), 0
    for answer in (SourceUnreachable("502"), None, None):
        with suppress(SourceUnreachable, DailyLimitReached):
            async with limiter.slot():
                requested += 1
                if answer is not None:
                    raise answer
    assert (requested, await calls_made(limiter)) == (2, 2)


async def test_a_paid_question_that_is_reported_to_wait_closes_the_gate(rig: Rig) -> None:
    with pytest.raises(RateLimited):
        async with rig.rate_limiter().slot():
            raise RateLimited("Wait.", retry_after=60.0)
    with pytest.raises(RateLimited, match=r"Wait\."):
        await rig.rate_limiter().check()
    assert await calls_made(rig.rate_limiter()) == 1


async def test_an_outage_leaves_it_open(rig: Rig) -> None:
    with pytest.raises(SourceUnreachable):
        async with rig.rate_limiter().respecting_429():
            raise SourceUnreachable("502", retry_after=60.0)
    await rig.rate_limiter().check()


async def test_a_shorter_ban_does_not_end_a_longer_one(rig: Rig) -> None:
    await asked_to_wait(rig.rate_limiter(), QuotaExceeded("Long.", retry_after=1_000.0))
    await asked_to_wait(rig.rate_limiter(), RateLimited("Short.", retry_after=10.0))
    await rig.clock.advance(500.0)
    with pytest.raises(QuotaExceeded, match=r"Long\."):
        await rig.rate_limiter().check()


async def test_a_block_that_the_database_does_not_take_holds_when_it_is_back(tmp_path: Path) -> None:
    store, clock = SqliteStore(tmp_path / "a.db", StoreTimeouts(lock=0.05)), FakeClock()
    await store.open()
    limiter = RateLimiter(store, clock, None)
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError):
            async with limiter.slot():
                raise RateLimited("Wait.", retry_after=60.0)
        with pytest.raises(StoreError):
            await limiter.acquire()
        other.execute("ROLLBACK")
    for each in (limiter, RateLimiter(store, clock, None)):
        with pytest.raises(RateLimited, match=r"Wait\."):
            await each.acquire()
    await clock.advance(60.0)
    await limiter.acquire()
    await store.close()


async def test_a_ban_written_under_a_wrong_clock_neither_holds_nor_hides_the_next_one(rig: Rig) -> None:
    await rig.store.set_rate_limit_block(
        RateLimitBlock(rig.clock.now() + 400 * DAY, "rate_limited", "From the future.")
    )
    await rig.rate_limiter().check()
    await asked_to_wait(rig.rate_limiter(), RateLimited("Now.", retry_after=30.0))
    with pytest.raises(RateLimited, match=r"Now\."):
        await rig.rate_limiter().check()


async def test_the_budget_is_never_exceeded_and_comes_back_within_a_day(rig: Rig) -> None:
    for _ in range(3):
        await rig.rate_limiter(3).acquire()
        await rig.clock.advance(600.0)
    with pytest.raises(DailyLimitReached, match="CALLS_PER_DAY") as refused:
        await rig.rate_limiter(3).acquire()
    assert refused.value.retry_after is not None
    await rig.clock.advance(refused.value.retry_after)
    await rig.rate_limiter(3).acquire()
    with pytest.raises(DailyLimitReached):
        await rig.rate_limiter(3).acquire()


async def test_a_smaller_budget_after_a_restart_counts_what_was_spent_before(rig: Rig) -> None:
    for _ in range(5):
        await rig.rate_limiter(10).acquire()
    with pytest.raises(DailyLimitReached):
        await rig.rate_limiter(4).acquire()
    assert await calls_made(rig.rate_limiter(4)) == 5


async def test_calls_of_a_clock_that_was_ahead_do_not_count(rig: Rig) -> None:
    now = rig.clock.now()
    await rig.store.count_call(now + 200, 10)
    await rig.store.count_call(now + 7200, 10)
    assert await calls_made(rig.rate_limiter()) == 1
    await rig.clock.advance(7200)
    assert await calls_made(rig.rate_limiter()) == 2
