"""Requests to a polled source: within the quota, and none that would be refused again."""

import pytest

from tests.support.fake_clock import FakeClock
from tests.support.rig import calls_made
from widget.model.errors import (
    DailyLimitReached,
    Forbidden,
    InvalidCredentials,
    NotConfigured,
    ProfilePrivate,
    RateLimited,
    SourceError,
    SourceUnreachable,
    UnknownUser,
)
from widget.model.playback import Item, Playback, PlayedItem
from widget.sources.base import FetchResult
from widget.sources.polling_adapter import REFUSED_RETRY_SECONDS, PollingAdapter
from widget.sources.rate_limiter import RateLimiter
from widget.store.sqlite import SqliteStore

ITEM = Item("track", None, None, None, "Copper Sky")


class Client:
    """Returns ``answer``, or raises it."""

    def __init__(self) -> None:
        self.answer: FetchResult | Exception = FetchResult(Playback("playing", 0.0, ITEM))
        self.requested: list[str] = []

    async def now_playing(self, account: str) -> FetchResult:
        self.requested.append(f"now {account}")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def recently_played(self, account: str) -> FetchResult:
        self.requested.append(f"played {account}")
        return FetchResult(None, (PlayedItem(ITEM, 1.0),))


class Rig:
    def __init__(self, store: SqliteStore) -> None:
        self.clock, self.client, self.account = FakeClock(), Client(), "me"
        self.limiter = RateLimiter(store, self.clock, 5)
        self.adapter = PollingAdapter(self.client, self.whom, self.limiter, self.clock, "Set a name.")

    async def whom(self) -> str | None:
        return self.account or None


@pytest.fixture
def rig(store: SqliteStore) -> Rig:
    return Rig(store)


async def test_without_a_name_nothing_is_requested(rig: Rig) -> None:
    rig.account = ""
    with pytest.raises(NotConfigured, match=r"Set a name\."):
        await rig.adapter.currently_playing()
    problem = await rig.adapter.known_problem()
    assert problem is not None
    assert problem.code == "not_configured"
    assert rig.client.requested == []
    rig.account = "new"
    await rig.adapter.currently_playing()
    assert rig.client.requested == ["now new"]


@pytest.mark.parametrize("kind", [InvalidCredentials, Forbidden, UnknownUser, ProfilePrivate])
async def test_a_refusal_is_not_retried_for_ten_minutes(rig: Rig, kind: type[SourceError]) -> None:
    rig.client.answer = kind("No.")
    with pytest.raises(kind) as first:
        await rig.adapter.currently_playing()
    assert first.value.retry_after == REFUSED_RETRY_SECONDS == 600
    await rig.clock.advance(599.0)
    with pytest.raises(kind) as again:
        await rig.adapter.currently_playing()
    problem = await rig.adapter.known_problem()
    assert problem is not None
    assert (problem.code, again.value.retry_after, len(rig.client.requested)) == (kind("").code, 1.0, 1)
    await rig.clock.advance(1.0)
    rig.client.answer = FetchResult(Playback("playing", 0.0, ITEM))
    assert (await rig.adapter.currently_playing()).item == ITEM
    assert await rig.adapter.known_problem() is None


async def test_another_account_is_polled_at_once(rig: Rig) -> None:
    rig.client.answer = UnknownUser("No.")
    with pytest.raises(UnknownUser):
        await rig.adapter.currently_playing()
    rig.account, rig.client.answer = "other", FetchResult(Playback("playing", 0.0, ITEM))
    assert (await rig.adapter.currently_playing()).item == ITEM


async def test_being_asked_to_wait_closes_the_gate(rig: Rig) -> None:
    rig.client.answer = RateLimited("Wait.", retry_after=60.0)
    for _ in range(3):
        with pytest.raises(RateLimited):
            await rig.adapter.currently_playing()
    assert len(rig.client.requested) == 1


async def test_an_outage_is_retried(rig: Rig) -> None:
    rig.client.answer = SourceUnreachable("502")
    for _ in range(2):
        with pytest.raises(SourceUnreachable):
            await rig.adapter.currently_playing()
    assert len(rig.client.requested) == 2


async def test_the_budget_holds_for_every_question(rig: Rig) -> None:
    for _ in range(5):
        await rig.adapter.recently_played()
    with pytest.raises(DailyLimitReached):
        await rig.adapter.currently_playing()
    assert (len(rig.client.requested), await calls_made(rig.adapter)) == (5, 5)


async def test_what_was_played_costs_nothing_if_the_response_had_it(rig: Rig) -> None:
    last = PlayedItem(ITEM, 5.0)
    rig.client.answer = FetchResult(Playback("idle", 0.0), (last,))
    await rig.adapter.currently_playing()
    assert await rig.adapter.recently_played() == (last,)
    assert rig.client.requested == ["now me"]
    rig.client.answer = FetchResult(Playback("idle", 0.0))
    await rig.adapter.currently_playing()
    await rig.adapter.recently_played()
    assert rig.client.requested[-1] == "played me"
