"""The client of Spotify: authorized, within the quota, without requests that would be refused again."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.fake_clock import settle
from tests.support.payloads import payload
from tests.support.rig import Rig, calls_made, rig_in
from tests.support.scripted import ME, NOW, RECENT, TOKEN
from widget.model.errors import (
    AccessTokenRefused,
    DailyLimitReached,
    Forbidden,
    InvalidCredentials,
    NeedsAuthorization,
    NotConfigured,
    QuotaExceeded,
    RateLimited,
    RefreshFailed,
    ScopeMissing,
    SourceError,
    SpotifyUnreachable,
    StoreError,
)
from widget.model.tokens import SeedToken


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path) as rig:
        yield rig


def calls(rig: Rig) -> int:
    """Return the number of Web API calls."""
    return len(rig.network.requests) - rig.refreshes


async def test_a_question_is_one_call_and_is_counted(rig: Rig) -> None:
    await rig.authorize(access_seconds=3600)
    client = rig.client()
    assert (await client.currently_playing()).status == "playing"
    assert (await client.recently_played())[0].item.title == "Lanterns at Low Tide"
    assert (calls(rig), rig.refreshes, await calls_made(client)) == (2, 0, 2)


async def test_token_requests_are_not_counted(rig: Rig) -> None:
    await rig.authorize()
    client = rig.client()
    await client.currently_playing()
    assert (rig.refreshes, await calls_made(client)) == (1, 1)


async def test_without_a_token_or_an_id_asking_is_free(rig: Rig) -> None:
    with pytest.raises(NotConfigured):
        await rig.client().currently_playing()
    await rig.authorize()
    with pytest.raises(NotConfigured):
        await rig.client(credentials=None).currently_playing()
    assert rig.network.requests == []
    assert await calls_made(rig.client()) == 0


async def test_a_dead_token_costs_one_refresh_and_a_new_one_works_at_once(rig: Rig) -> None:
    rig.network.answer(TOKEN, "error_refresh_revoked")
    await rig.authorize()
    client = rig.client()
    for _ in range(5):
        with pytest.raises(NeedsAuthorization):
            await client.currently_playing()
    assert (rig.refreshes, calls(rig)) == (1, 0)
    assert (await client.authorization_status()).state == "needs_authorization"
    await rig.authorize("AQ-new", access_seconds=3600)
    assert (await client.currently_playing()).status == "playing"


async def test_a_401_refreshes_once_and_asks_once_more(rig: Rig) -> None:
    rig.network.answer(NOW, "error_401_expired", "track")
    await rig.authorize(access_seconds=3600)
    client = rig.client()
    assert (await client.currently_playing()).status == "playing"
    assert (rig.refreshes, calls(rig), await calls_made(client)) == (1, 2, 2)
    bearers = [request.headers["authorization"] for request in rig.network.requested(NOW)]
    assert bearers == ["Bearer BQ-of-AQ-stored", "Bearer BQ-invented-access-2"]


async def test_a_second_401_ends_the_question(rig: Rig) -> None:
    rig.network.answer(NOW, "error_401_expired")
    await rig.authorize(access_seconds=3600)
    with pytest.raises(AccessTokenRefused):
        await rig.client().currently_playing()
    assert (rig.refreshes, calls(rig)) == (1, 2)


async def test_401s_for_fresh_tokens_make_a_pause_of_ten_seconds_in_which_nobody_is_asked(rig: Rig) -> None:
    rig.network.answer(NOW, "error_401_expired")
    await rig.authorize(access_seconds=3600)
    client = rig.client()
    for _ in range(9):
        with pytest.raises(AccessTokenRefused):
            await client.currently_playing()
        await rig.clock.advance(1.1)
    assert (rig.refreshes, calls(rig)) == (1, 2)
    await rig.clock.advance(1.0)
    rig.network.answer(NOW, "track")
    assert (await client.currently_playing()).status == "playing"
    assert (rig.refreshes, calls(rig)) == (2, 3)


async def test_no_access_token_is_asked_with_again_once_it_was_refused(rig: Rig) -> None:
    numbers = itertools.count()
    rig.network.answer(TOKEN, lambda request: payload("token_refresh", access_token=f"BQ-{next(numbers)}"))
    rig.network.answer(NOW, "error_401_expired")
    await rig.authorize(access_seconds=3600)
    for _ in range(4):
        for client in (rig.client(), rig.client()):
            with pytest.raises(AccessTokenRefused):
                await client.currently_playing()
        await rig.clock.advance(11)
    bearers = [request.headers["authorization"] for request in rig.network.requested(NOW)]
    assert len(bearers) == len(set(bearers))


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.Response(500), RefreshFailed),
        ("error_invalid_client", InvalidCredentials),
        ("error_refresh_revoked", NeedsAuthorization),
    ],
)
async def test_a_refused_access_token_whose_refresh_fails_has_the_refresh_s_code_and_is_gone(
    rig: Rig, failure: str | httpx.Response, kind: type[SourceError]
) -> None:
    rig.network.answer(NOW, "error_401_expired", "track").answer(TOKEN, failure)
    await rig.authorize(access_seconds=3600)
    client = rig.client()
    for _ in range(5):
        with pytest.raises(kind) as refused:
            await client.currently_playing()
        assert type(refused.value) is kind
        await rig.clock.advance(1.0)
    assert len(rig.network.requested(NOW)) == 1
    assert (await rig.stored()).access is None
    if kind is RefreshFailed:
        rig.network.answer(TOKEN, "token_refresh")
        assert (await client.currently_playing()).status == "playing"


async def test_refused_credentials_stay_a_known_problem_until_a_refresh_works(rig: Rig) -> None:
    rig.network.answer(TOKEN, "error_invalid_client", "token_refresh")
    await rig.authorize()
    client = rig.client()
    with pytest.raises(InvalidCredentials):
        await client.currently_playing()
    for _ in range(3):
        problem = await client.known_problem()
        assert problem is not None
        assert problem.code == "bad_credentials"
        await rig.clock.advance(200.0)
    await client.currently_playing()
    assert await client.known_problem() is None


async def test_a_token_that_waits_for_the_database_is_a_problem_until_it_is_saved(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.store.failures = 2
    await rig.authorize()
    client = rig.client()
    with pytest.raises(StoreError):
        await client.currently_playing()
    problem = await client.known_problem()
    assert problem is not None
    assert (problem.code, "Do not stop" in problem.message) == ("store_unavailable", True)
    while "kept in a file" not in caplog.text:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    kept = await client.known_problem()
    assert kept is not None
    assert (kept.code, "Do not stop" in kept.message) == ("store_unavailable", False)
    await rig.clock.advance(2.0)
    assert await client.known_problem() is None


async def test_a_seed_s_token_learns_its_account_at_its_first_use_and_the_answer_does_not_wait(
    rig: Rig,
) -> None:
    seed = SeedToken("AQ-seed", rig.clock.now())
    rig.network.answer(ME, httpx.Response(503), "me")
    client = rig.client(seed=seed)
    assert (await client.currently_playing()).status == "playing"
    await settle()
    assert (await rig.stored()).account is None
    await client.currently_playing()
    await settle()
    assert len(rig.network.requested(ME)) == 1
    await rig.clock.advance(601)
    for _ in range(3):
        await client.currently_playing()
        await settle()
    assert len(rig.network.requested(ME)) == 2
    account = (await rig.stored()).account
    assert account is not None
    assert account.id
    await client.close()


@pytest.mark.parametrize("error", ["error_403_premium", "error_403_not_listed", "error_403_scope", "error_401_scope"])
async def test_a_refusal_is_remembered_for_ten_minutes(rig: Rig, error: str) -> None:
    rig.network.answer(NOW, error, "track")
    await rig.authorize(access_seconds=3600)
    client = rig.client()
    for _ in range(600):
        with pytest.raises(Forbidden) as refused:
            await client.currently_playing()
        assert refused.value.retry_after == pytest.approx(600.0)
        rig.clock.jump(1.0)
    assert refused.value.code == "forbidden"
    assert (calls(rig), rig.refreshes) == (1, 0)
    await rig.clock.advance(600.0)
    assert (await client.currently_playing()).status == "playing"
    assert calls(rig) == 2


async def test_a_refusal_ends_with_a_new_authorization(rig: Rig) -> None:
    rig.network.answer(NOW, "error_403_scope", "track")
    await rig.authorize(access_seconds=3600)
    client = rig.client()
    for _ in range(2):
        with pytest.raises(ScopeMissing):
            await client.currently_playing()
    await rig.clock.advance(5)
    await rig.authorize("AQ-new", access_seconds=3600)
    assert (await client.currently_playing()).status == "playing"


async def test_a_refusal_outlives_a_rotation(rig: Rig) -> None:
    rig.network.answer(NOW, "error_403_premium").answer(TOKEN, "token_rotated")
    await rig.authorize(access_seconds=3600)
    client = rig.client()
    for _ in range(2):
        with pytest.raises(Forbidden, match="Premium"):
            await client.currently_playing()
        await rig.token_manager().refresh_now(rig.clock.now() + 1)
    assert calls(rig) == 1


@pytest.mark.parametrize(("error", "kind", "seconds"), [
    ("error_429_rate", RateLimited, 17.0),
    ("error_429_quota", QuotaExceeded, 50_400.0),
])  # fmt: skip
async def test_a_429_closes_the_gate_for_every_request_and_over_a_restart(
    rig: Rig, error: str, kind: type[RateLimited | QuotaExceeded], seconds: float
) -> None:
    rig.network.answer(NOW, error, "track")
    await rig.authorize(access_seconds=10 * 86_400.0)
    client = rig.client()
    for one in (client, client, rig.client()):
        with pytest.raises(kind):
            await one.currently_playing()
    with pytest.raises(kind):
        await rig.client().recently_played()
    with pytest.raises(kind):
        await rig.token_manager().refresh_now(rig.clock.now() + 1)
    await rig.clock.advance(seconds - 1)
    with pytest.raises(kind) as banned:
        await client.currently_playing()
    assert banned.value.retry_after == pytest.approx(1.0)
    assert len(rig.network.requests) == 1
    await rig.clock.advance(1.0)
    assert (await client.currently_playing()).status == "playing"


async def test_a_spent_budget_makes_no_call_and_says_when_it_comes_back(rig: Rig) -> None:
    await rig.authorize(access_seconds=3600)
    for _ in range(2):
        await rig.client(calls_per_day=2).currently_playing()
    with pytest.raises(DailyLimitReached) as spent:
        await rig.client(calls_per_day=2).currently_playing()
    assert calls(rig) == 2
    assert spent.value.retry_after is not None
    assert 86_340 <= spent.value.retry_after <= 86_460


async def test_the_retry_after_a_401_is_paid_for_too(rig: Rig) -> None:
    rig.network.answer(NOW, "error_401_expired", "track")
    await rig.authorize(access_seconds=3600)
    with pytest.raises(DailyLimitReached):
        await rig.client(calls_per_day=1).currently_playing()
    assert calls(rig) == 1


async def test_an_outage_is_counted_and_not_repeated_by_itself(rig: Rig) -> None:
    rig.network.answer(NOW, httpx.ReadTimeout("slow"), httpx.Response(502), "track")
    await rig.authorize(access_seconds=3600)
    client = rig.client()
    for _ in range(2):
        with pytest.raises(SpotifyUnreachable):
            await client.currently_playing()
    assert (await client.currently_playing()).status == "playing"
    assert await calls_made(client) == 3


@pytest.mark.parametrize("error", ["error_403_scope", "error_401_scope"])
async def test_a_missing_scope_switches_off_recently_played_alone(rig: Rig, error: str) -> None:
    rig.network.answer(RECENT, error)
    await rig.authorize(access_seconds=3600)
    client = rig.client()
    for _ in range(3):
        assert await client.recently_played() == ()
    assert (await client.currently_playing()).status == "playing"
    assert (len(rig.network.requested(RECENT)), rig.refreshes) == (1, 0)
    rig.network.answer(RECENT, "recently_played")
    await rig.clock.advance(5)
    await rig.authorize("AQ-new", access_seconds=3600)
    assert len(await client.recently_played()) == 2


async def test_a_scope_that_was_not_granted_is_not_tried(rig: Rig) -> None:
    await rig.authorize(access_seconds=3600, scopes=("user-read-currently-playing",))
    assert await rig.client().recently_played() == ()
    assert rig.network.requests == []


async def test_the_health_of_the_token_needs_no_call(rig: Rig) -> None:
    client = rig.client()
    assert (await client.authorization_status()).state == "missing"
    await rig.authorize()
    assert (await client.authorization_status()).state == "ok"
    await rig.clock.advance(160 * 86_400)
    assert (await client.authorization_status()).state == "expires_soon"
    assert rig.network.requests == []
    await client.close()
