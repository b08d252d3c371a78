"""The access token: the time of its refresh, and the result of each refusal."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.fake_clock import settle
from tests.support.payloads import payload
from tests.support.rig import CREDENTIALS, Rig, rig_in
from tests.support.scripted import TOKEN
from widget.model.errors import InvalidCredentials, NeedsAuthorization, NotConfigured, RateLimited, SpotifyUnreachable
from widget.model.tokens import Credentials


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path) as rig:
        yield rig


async def test_without_a_token_it_says_what_to_run_and_makes_no_request(rig: Rig) -> None:
    with pytest.raises(NotConfigured, match="python -m bootstrap"):
        await rig.token_manager().token()
    assert rig.refreshes == 0


async def test_without_a_client_id_it_says_what_to_set_and_makes_no_request(rig: Rig) -> None:
    await rig.authorize()
    with pytest.raises(NotConfigured, match="SPOTIFY_CLIENT_ID"):
        await rig.token_manager(credentials=None).token()
    assert rig.refreshes == 0


async def test_an_access_token_that_is_good_for_now_is_used_as_it_stands(rig: Rig) -> None:
    token = await rig.authorize(access_seconds=3600)
    await rig.clock.advance(3539)
    assert await rig.token_manager().token() == token.access
    assert rig.refreshes == 0


async def test_it_is_refreshed_a_minute_before_its_end(rig: Rig) -> None:
    await rig.authorize(access_seconds=3600)
    await rig.clock.advance(3540)
    assert (await rig.token_manager().token()).value == "BQ-invented-access-2"
    assert rig.refreshes == 1


async def test_a_short_lived_one_is_not_refreshed_for_every_question(rig: Rig) -> None:
    rig.network.answer(TOKEN, payload("token_refresh", expires_in=50))
    await rig.authorize()
    access = rig.token_manager()
    await access.token()
    await rig.clock.advance(44)
    await access.token()
    assert rig.refreshes == 1
    await rig.clock.advance(1)
    await access.token()
    assert rig.refreshes == 2


async def test_a_token_that_another_process_stored_counts_at_once(rig: Rig) -> None:
    access = rig.token_manager()
    with pytest.raises(NotConfigured):
        await access.token()
    token = await rig.authorize(access_seconds=3600)
    assert await access.token() == token.access


async def test_many_who_need_a_token_make_one_refresh(rig: Rig) -> None:
    await rig.authorize()
    rig.network.hold = asyncio.Event()
    first, second = rig.token_manager(), rig.token_manager()
    waiting = [asyncio.create_task(one.token()) for one in (first, second) for _ in range(20)]
    await settle()
    rig.network.hold.set()
    tokens = await asyncio.gather(*waiting)
    assert rig.refreshes == 1
    assert len(set(tokens)) == 1


async def test_a_refresh_keeps_the_account_the_date_and_the_refresh_token(rig: Rig) -> None:
    before = await rig.authorize()
    await rig.clock.advance(60)
    access = await rig.token_manager().token()
    after = await rig.stored()
    assert (after.refresh_token, after.account, after.authorized_at, after.scopes) == (
        before.refresh_token,
        before.account,
        before.authorized_at,
        before.scopes,
    )
    assert (after.access, after.last_refreshed_at) == (access, rig.clock.now())


async def test_a_rotated_refresh_token_replaces_the_stored_one(rig: Rig) -> None:
    rig.network.answer(TOKEN, "token_rotated", "token_refresh")
    await rig.authorize()
    access = rig.token_manager()
    await access.token()
    assert (await rig.stored()).refresh_token == "AQ-invented-rotated"
    await rig.clock.advance(3600)
    await access.token()
    assert [form["refresh_token"] for form in rig.network.forms()] == ["AQ-stored", "AQ-invented-rotated"]


@pytest.mark.parametrize("sent", [None, ""])
async def test_an_answer_without_a_refresh_token_does_not_wipe_the_stored_one(rig: Rig, sent: object) -> None:
    rig.network.answer(TOKEN, payload("token_refresh", refresh_token=sent))
    await rig.authorize()
    await rig.token_manager().token()
    assert (await rig.stored()).refresh_token == "AQ-stored"


async def test_a_dead_token_is_kept_marked_and_left_alone(rig: Rig) -> None:
    rig.network.answer(TOKEN, "error_refresh_revoked")
    await rig.authorize()
    access = rig.token_manager()
    for _ in range(3):
        with pytest.raises(NeedsAuthorization, match="no longer accepts"):
            await access.token()
        await rig.clock.advance(3600)
    with pytest.raises(NeedsAuthorization):
        await rig.token_manager().token()
    assert rig.refreshes == 1
    stored = await rig.stored()
    assert (stored.refresh_token, stored.needs_authorization) == ("AQ-stored", True)


async def test_a_new_authorization_replaces_a_dead_token_without_a_restart(rig: Rig) -> None:
    rig.network.answer(TOKEN, "error_refresh_revoked", "token_refresh")
    await rig.authorize()
    access = rig.token_manager()
    with pytest.raises(NeedsAuthorization):
        await access.token()
    token = await rig.authorize("AQ-new", access_seconds=3600)
    assert await access.token() == token.access


async def test_a_verdict_on_a_token_that_was_replaced_meanwhile_says_nothing_of_the_new_one(rig: Rig) -> None:
    rig.network.answer(TOKEN, "error_refresh_revoked", "token_refresh")
    await rig.authorize()
    rig.network.hold = asyncio.Event()
    asking = asyncio.create_task(rig.token_manager().token())
    await settle()
    await rig.authorize("AQ-new")
    rig.network.hold.set()
    assert (await asking).value == "BQ-invented-access-2"
    assert [form["refresh_token"] for form in rig.network.forms()] == ["AQ-stored", "AQ-new"]
    assert not (await rig.stored()).needs_authorization


async def test_the_answer_for_a_token_that_was_replaced_meanwhile_is_dropped(rig: Rig) -> None:
    rig.network.answer(TOKEN, "token_rotated")
    await rig.authorize()
    rig.network.hold = asyncio.Event()
    asking = asyncio.create_task(rig.token_manager().token())
    await settle()
    new = await rig.authorize("AQ-new", access_seconds=3600)
    rig.network.hold.set()
    assert await asking == new.access
    assert await rig.stored() == new


async def test_what_was_forgotten_meanwhile_stays_forgotten(rig: Rig) -> None:
    await rig.authorize()
    rig.network.hold = asyncio.Event()
    asking = asyncio.create_task(rig.token_manager().token())
    await settle()
    forgetting = asyncio.create_task(rig.store.forget())
    await settle()
    rig.network.hold.set()
    await asyncio.gather(asking, forgetting)
    assert await rig.store.authorization() is None
    with pytest.raises(NotConfigured):
        await rig.token_manager().token()


async def test_refused_credentials_are_not_tried_for_every_question_and_the_token_stays(rig: Rig) -> None:
    rig.network.answer(TOKEN, "error_invalid_secret", "token_refresh")
    await rig.authorize()
    access = rig.token_manager()
    for seconds in (0, 1, 298):
        await rig.clock.advance(seconds)
        with pytest.raises(InvalidCredentials):
            await access.token()
    assert rig.refreshes == 1
    assert not (await rig.stored()).needs_authorization
    await rig.clock.advance(1)
    await access.token()
    assert rig.refreshes == 2


async def test_other_credentials_or_another_token_are_tried_at_once(rig: Rig) -> None:
    rig.network.answer(TOKEN, "error_invalid_client")
    access = rig.token_manager(credentials=None)
    token = await rig.authorize()
    for step, credentials in enumerate([CREDENTIALS, CREDENTIALS, Credentials("an-id", "another")], start=1):
        await rig.store.save_authorization(token, credentials, None)
        with pytest.raises(InvalidCredentials) as refused:
            await access.token()
        assert refused.value.retry_after == pytest.approx(300.0)
        assert rig.refreshes == (1 if step < 3 else 2)
    await rig.authorize("AQ-new")
    with pytest.raises(InvalidCredentials):
        await access.token()
    assert rig.refreshes == 3


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), httpx.ReadTimeout("slow"), httpx.Response(200, text="{"), httpx.Response(400)]
)
async def test_an_outage_leaves_the_token_and_the_next_question_tries_again(
    rig: Rig, answer: httpx.Response | Exception
) -> None:
    rig.network.answer(TOKEN, answer, "token_refresh")
    before = await rig.authorize()
    access = rig.token_manager()
    with pytest.raises(SpotifyUnreachable):
        await access.token()
    assert await rig.stored() == before
    assert (await access.token()).value == "BQ-invented-access-2"


async def test_a_429_from_the_accounts_service_closes_the_gate_for_a_restarted_program_too(rig: Rig) -> None:
    rig.network.answer(TOKEN, "error_429_rate", "token_refresh")
    await rig.authorize()
    for _ in range(2):
        with pytest.raises(RateLimited):
            await rig.token_manager().token()
    await rig.clock.advance(16.9)
    with pytest.raises(RateLimited):
        await rig.token_manager().token()
    assert rig.refreshes == 1
    await rig.clock.advance(0.2)
    await rig.token_manager().token()
    assert rig.refreshes == 2


async def test_a_refused_access_token_is_refreshed_once_for_all_who_used_it(rig: Rig) -> None:
    token = await rig.authorize(access_seconds=3600)
    assert token.access is not None
    one, other = rig.token_manager(), rig.token_manager()
    first = await one.replace_rejected(token.access)
    assert first.value == "BQ-invented-access-2"
    assert await other.replace_rejected(token.access) == first
    assert rig.refreshes == 1


async def test_a_refused_access_token_is_refreshed_though_it_was_just_issued(rig: Rig) -> None:
    await rig.authorize()
    access = rig.token_manager()
    issued = await access.token()
    await rig.clock.advance(1)
    assert await access.replace_rejected(issued) != issued
    assert rig.refreshes == 2


async def test_the_owner_s_own_refresh_reuses_one_that_another_process_finished_meanwhile(rig: Rig) -> None:
    await rig.authorize()
    await rig.clock.advance(10)
    asked_at = rig.clock.now()
    await rig.token_manager().token()
    assert (await rig.token_manager().refresh_now(asked_at)).last_refreshed_at == asked_at
    assert rig.refreshes == 1
    await rig.token_manager().refresh_now(asked_at + 1)
    assert rig.refreshes == 2


async def test_the_owner_can_try_a_token_that_was_wrongly_declared_dead(rig: Rig) -> None:
    rig.network.answer(TOKEN, "error_refresh_revoked", "error_refresh_revoked", "token_refresh")
    await rig.authorize()
    access = rig.token_manager()
    with pytest.raises(NeedsAuthorization):
        await access.token()
    with pytest.raises(NeedsAuthorization):
        await access.refresh_now(rig.clock.now())
    assert (await rig.stored()).needs_authorization
    token = await access.refresh_now(rig.clock.now())
    assert not token.needs_authorization
    assert await access.token() == token.access
    assert rig.refreshes == 3


async def test_a_clock_that_jumps_ahead_costs_one_refresh_and_one_that_jumps_back_none(rig: Rig) -> None:
    await rig.authorize(access_seconds=3600)
    access = rig.token_manager()
    rig.clock.jump(86_400)
    await access.token()
    assert rig.refreshes == 1
    rig.clock.jump(-86_400)
    await access.token()
    assert rig.refreshes == 1
