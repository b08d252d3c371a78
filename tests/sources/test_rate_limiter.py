"""The gate: Spotify's bans and our own budget hold, whoever asks and after every restart."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.stage import Stage, spent, stage_in
from widget.model.errors import DailyLimitReached, QuotaExceeded, RateLimited, SourceUnreachable, Throttled
from widget.sources.rate_limiter import RateLimiter
from widget.store.rows import RateLimitBlock

DAY = 86_400.0


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage_in(tmp_path) as stage:
        yield stage


async def asked_to_wait(gate: RateLimiter, error: Throttled) -> None:
    """What a question does that is answered by ``error``."""
    with pytest.raises(type(error)):
        async with gate.respecting_429():
            raise error


async def test_it_is_open_until_spotify_says_otherwise(stage: Stage) -> None:
    await stage.gate().check()
    await stage.gate().acquire()
    assert await spent(stage.gate()) == 1


async def test_a_ban_holds_to_its_end_and_says_how_long_it_lasts(stage: Stage) -> None:
    await asked_to_wait(stage.gate(), QuotaExceeded("Spent.", retry_after=50_000.0))
    await stage.clock.advance(49_999.0)
    with pytest.raises(QuotaExceeded, match=r"Spent\.") as banned:
        await stage.gate().acquire()
    assert banned.value.retry_after == pytest.approx(1.0)
    assert await spent(stage.gate()) == 0
    await stage.clock.advance(1.0)
    await stage.gate().acquire()


async def test_a_paid_question_is_counted_whatever_comes_of_it_and_not_asked_where_none_is_left(stage: Stage) -> None:
    gate, asked = stage.gate(2), 0
    for answer in (SourceUnreachable("502"), None, None):
        with suppress(SourceUnreachable, DailyLimitReached):
            async with gate.slot():
                asked += 1
                if answer is not None:
                    raise answer
    assert (asked, await spent(gate)) == (2, 2)


async def test_a_paid_question_that_is_told_to_wait_closes_the_gate(stage: Stage) -> None:
    with pytest.raises(RateLimited):
        async with stage.gate().slot():
            raise RateLimited("Wait.", retry_after=60.0)
    with pytest.raises(RateLimited, match=r"Wait\."):
        await stage.gate().check()
    assert await spent(stage.gate()) == 1


async def test_an_outage_leaves_it_open(stage: Stage) -> None:
    with pytest.raises(SourceUnreachable):
        async with stage.gate().respecting_429():
            raise SourceUnreachable("502", retry_after=60.0)
    await stage.gate().check()


async def test_a_shorter_ban_does_not_end_a_longer_one(stage: Stage) -> None:
    await asked_to_wait(stage.gate(), QuotaExceeded("Long.", retry_after=1_000.0))
    await asked_to_wait(stage.gate(), RateLimited("Short.", retry_after=10.0))
    await stage.clock.advance(500.0)
    with pytest.raises(QuotaExceeded, match=r"Long\."):
        await stage.gate().check()


async def test_a_ban_written_under_a_wrong_clock_neither_holds_nor_hides_the_next_one(stage: Stage) -> None:
    await stage.store.set_rate_limit_block(
        RateLimitBlock(stage.clock.now() + 400 * DAY, "rate_limited", "From the future.")
    )
    await stage.gate().check()
    await asked_to_wait(stage.gate(), RateLimited("Now.", retry_after=30.0))
    with pytest.raises(RateLimited, match=r"Now\."):
        await stage.gate().check()


async def test_the_budget_is_never_exceeded_and_comes_back_within_a_day(stage: Stage) -> None:
    for _ in range(3):
        await stage.gate(3).acquire()
        await stage.clock.advance(600.0)
    with pytest.raises(DailyLimitReached, match="CALLS_PER_DAY") as refused:
        await stage.gate(3).acquire()
    assert refused.value.retry_after is not None
    await stage.clock.advance(refused.value.retry_after)
    await stage.gate(3).acquire()
    with pytest.raises(DailyLimitReached):
        await stage.gate(3).acquire()


async def test_a_smaller_budget_after_a_restart_counts_what_was_spent_before(stage: Stage) -> None:
    for _ in range(5):
        await stage.gate(10).acquire()
    with pytest.raises(DailyLimitReached):
        await stage.gate(4).acquire()
    assert await spent(stage.gate(4)) == 5


async def test_calls_of_a_clock_that_was_ahead_do_not_count(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.store.count_call(now + 200, 10)
    await stage.store.count_call(now + 7200, 10)
    assert await spent(stage.gate()) == 1
    await stage.clock.advance(7200)
    assert await spent(stage.gate()) == 2
