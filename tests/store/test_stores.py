"""The contract of every store: SQLite in a file, and a real Postgres."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.postgres import Postgres
from widget.model.errors import ConfigurationError, StoreError
from widget.model.tokens import AccessToken, Account, Authorization, Credentials
from widget.store.base import Store, StoreTimeouts
from widget.store.factory import create_store
from widget.store.rows import RateLimitBlock

NOW = 1_795_000_000.0
TOKEN = Authorization(
    "AQ-one",
    ("user-read-currently-playing", "user-read-recently-played"),
    Account("nilas.listener", "Nilas 🎧"),
    NOW - 100.0,
    AccessToken("BQ-one", NOW + 3500.0),
    NOW - 100.0,
)
CREDENTIALS = Credentials("an-id", "a-secret")

Opener = Callable[[], Awaitable[Store]]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.database()


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Opener]:
    """Opens the same database as often as it is called, each time as another instance would."""
    stores: list[Store] = []

    async def another() -> Store:
        store = create_store(database_url)
        await store.open()
        stores.append(store)
        return store

    yield another
    for store in stores:
        await store.close()


@pytest.fixture
async def store(opened: Opener) -> Store:
    return await opened()


async def test_a_new_store_knows_nothing(store: Store) -> None:
    assert await store.authorization() is None
    assert await store.credentials() is None
    assert await store.seed_fingerprint() is None
    assert await store.rate_limit_block() is None
    assert await store.read_state() is None
    assert await store.calls_since(0.0) == []


async def test_an_authorization_comes_back_as_it_was_saved(store: Store, opened: Opener) -> None:
    await store.save_authorization(TOKEN, CREDENTIALS, "a-fingerprint")
    other = await opened()
    assert await other.authorization() == TOKEN
    assert await other.credentials() == CREDENTIALS
    assert await other.seed_fingerprint() == "a-fingerprint"


async def test_a_bare_token_comes_back_bare(store: Store) -> None:
    await store.save_authorization(Authorization("AQ-bare"), Credentials("an-id"), None)
    assert await store.authorization() == Authorization("AQ-bare")
    assert await store.credentials() == Credentials("an-id", None)


async def test_a_new_authorization_replaces_a_dead_one_and_keeps_what_it_does_not_name(store: Store) -> None:
    await store.save_authorization(TOKEN, CREDENTIALS, "a-fingerprint")
    await store.mark_needs_authorization("AQ-one")
    await store.save_authorization(Authorization("AQ-two", authorized_at=NOW), None, None)
    assert await store.authorization() == Authorization("AQ-two", authorized_at=NOW)
    assert await store.credentials() == CREDENTIALS
    assert await store.seed_fingerprint() == "a-fingerprint"


async def test_a_refresh_replaces_only_the_token_it_was_made_with(store: Store) -> None:
    await store.save_authorization(TOKEN, CREDENTIALS, None)
    assert not await store.save_refresh("AQ-another", Authorization("AQ-lost"))
    assert await store.authorization() == TOKEN
    assert await store.save_refresh("AQ-one", Authorization("AQ-rotated"))
    assert await store.authorization() == Authorization("AQ-rotated")


async def test_a_refresh_whose_token_was_lost_meanwhile_is_stored_with_all_that_belongs_to_it(store: Store) -> None:
    assert await store.save_refresh("AQ-one", TOKEN, CREDENTIALS, "a-fingerprint")
    assert await store.authorization() == TOKEN
    assert await store.credentials() == CREDENTIALS
    assert await store.seed_fingerprint() == "a-fingerprint"


async def test_a_dead_token_is_marked_and_kept_and_another_is_not_marked(store: Store) -> None:
    await store.save_authorization(TOKEN, CREDENTIALS, None)
    await store.mark_needs_authorization("AQ-another")
    assert await store.authorization() == TOKEN
    await store.mark_needs_authorization("AQ-one")
    stored = await store.authorization()
    assert stored is not None
    assert (stored.refresh_token, stored.needs_authorization, stored.access) == ("AQ-one", True, None)


async def test_forgetting_deletes_everything(store: Store) -> None:
    await store.save_authorization(TOKEN, CREDENTIALS, "a-fingerprint")
    await store.count_call(NOW, 10)
    await store.set_value("a-note", "a text")
    await store.claim_message("a-channel", "a-key", NOW)
    await store.forget()
    assert await store.authorization() is None
    assert await store.credentials() is None
    assert await store.seed_fingerprint() is None
    assert await store.get_value("a-note") is None
    assert await store.calls_since(0.0) == []
    assert await store.claim_message("a-channel", "a-key", NOW)


async def test_calls_are_counted_until_the_budget_is_spent_and_again_a_day_later(store: Store) -> None:
    assert [await store.count_call(NOW + second, 3) for second in (0, 30, 90, 100)] == [True, True, True, False]
    assert sum(spent for _, spent in await store.calls_since(NOW - 60)) == 3
    assert not await store.count_call(NOW + 86_000, 3)
    assert await store.count_call(NOW + 86_400 + 61, 3)


async def test_calls_from_a_clock_that_ran_ahead_are_not_counted_for_ever(store: Store) -> None:
    assert await store.count_call(NOW + 400 * 86_400, 1)
    assert await store.count_call(NOW, 1)


async def test_instances_that_spend_at_the_same_time_never_exceed_the_budget(store: Store, opened: Opener) -> None:
    others = [await opened() for _ in range(3)]
    spent = await asyncio.gather(*(one.count_call(NOW, 5) for one in (store, *others) for _ in range(4)))
    assert sum(spent) == 5


async def test_a_longer_ban_is_kept_and_a_ban_can_be_lifted(store: Store, opened: Opener) -> None:
    other = await opened()
    long = RateLimitBlock(NOW + 3600, "quota_exceeded", "wait")
    await store.set_rate_limit_block(long)
    await other.set_rate_limit_block(RateLimitBlock(NOW + 10, "rate_limited", "wait a little"))
    assert await other.rate_limit_block() == long
    await other.set_rate_limit_block(None)
    assert await store.rate_limit_block() is None


async def test_one_at_a_time_holds_the_refresh(store: Store, opened: Opener) -> None:
    other, order = await opened(), []

    async def hold(one: Store, name: str) -> None:
        async with one.refresh_lock():
            order.append(f"{name} begins")
            await asyncio.sleep(0.1)
            order.append(f"{name} ends")

    await asyncio.gather(hold(store, "first"), hold(other, "second"), hold(store, "third"))
    assert [step.split()[1] for step in order] == ["begins", "ends"] * 3


async def test_a_refresh_that_fails_frees_the_next(store: Store, opened: Opener) -> None:
    other = await opened()

    async def fail() -> None:
        async with store.refresh_lock():
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await fail()
    async with asyncio.timeout(5), other.refresh_lock():
        pass


async def test_one_instance_leads_until_it_resigns_or_closes(store: Store, opened: Opener) -> None:
    other = await opened()
    assert [await store.try_lead(), await store.try_lead(), await other.try_lead()] == [True, True, False]
    await store.resign()
    assert [await other.try_lead(), await store.try_lead()] == [True, False]
    await other.close()
    assert await store.try_lead()


async def test_what_the_leader_shares_reaches_the_others_at_once(store: Store, opened: Opener) -> None:
    other = await opened()
    await other.wait_for_state(0.05)
    waiting = asyncio.create_task(other.wait_for_state(5.0))
    await asyncio.sleep(0.1)
    await store.publish_state('{"title": "\\u0000 🪐"}')
    async with asyncio.timeout(1.0):
        await waiting
    assert await other.read_state() == '{"title": "\\u0000 🪐"}'


async def test_without_news_waiting_ends_in_time(store: Store) -> None:
    async with asyncio.timeout(2.0):
        await store.wait_for_state(0.1)


async def test_a_message_is_claimed_once_over_all_instances(store: Store, opened: Opener) -> None:
    others = [await opened() for _ in range(3)]
    claims = await asyncio.gather(*(one.claim_message("mail", "ends:30", NOW) for one in (store, *others)))
    assert sorted(claims) == [False, False, False, True]
    await store.finish_message("mail", "ends:30", True)
    assert await others[0].messages_sent("mail") == {"ends:30"}
    assert not await others[0].claim_message("mail", "ends:30", NOW + 10_000)
    assert await others[0].claim_message("push", "ends:30", NOW)


async def test_a_message_that_did_not_arrive_is_free_again_and_so_is_a_claim_that_came_to_nothing(store: Store) -> None:
    assert await store.claim_message("mail", "one", NOW)
    await store.finish_message("mail", "one", False)
    assert await store.claim_message("mail", "one", NOW + 1)
    assert not await store.claim_message("mail", "one", NOW + 2)
    assert await store.claim_message("mail", "one", NOW + 1000)
    assert await store.messages_sent("mail") == frozenset()


async def test_instances_that_start_together_make_one_schema(opened: Opener) -> None:
    stores = await asyncio.gather(*(opened() for _ in range(5)))
    await stores[0].set_value("a", "b")
    assert await stores[4].get_value("a") == "b"


async def test_opening_again_keeps_what_is_stored(store: Store, opened: Opener) -> None:
    await store.save_authorization(TOKEN, CREDENTIALS, None)
    await store.close()
    assert await (await opened()).authorization() == TOKEN


async def test_the_location_is_named_without_a_password(store: Store) -> None:
    assert "test" in store.location
    secret = create_store("postgresql://me:a-password@db.example.org/music")
    assert "a-password" not in secret.location + repr(secret)
    assert "db.example.org" in secret.location


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://me:a-password@127.0.0.1:1/none", StoreError),
        ("postgresql://me:a-password@[", ConfigurationError),
        ("sqlite:////nowhere/at.db", ConfigurationError),
    ],
)
async def test_a_database_that_cannot_be_used_is_reported_in_one_line_without_its_password(
    url: str, kind: type[Exception]
) -> None:
    store = create_store(url)
    with pytest.raises(kind) as caught:
        await store.open()
    await store.close()
    assert "a-password" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_room_for_the_next_token_is_proved_under_the_refresh_lock_alone(store: Store) -> None:
    await store.save_authorization(TOKEN, CREDENTIALS, None)
    async with store.refresh_lock():
        await store.reserve_space()
        assert await store.save_refresh("AQ-one", Authorization("AQ-rotated"))
    assert await store.authorization() == Authorization("AQ-rotated")
    assert await store.get_value("room") is None
    with pytest.raises(StoreError):
        await store.reserve_space()


async def test_a_refresh_lock_that_another_holds_is_waited_for_within_a_limit(store: Store, database_url: str) -> None:
    other = create_store(database_url, StoreTimeouts(refresh=0.3))
    await other.open()
    async with store.refresh_lock():
        for _ in range(2):
            with pytest.raises(StoreError, match="refresh lock"):
                async with other.refresh_lock():
                    pass
        assert await other.authorization() is None
    async with other.refresh_lock():
        pass
    await other.close()


async def test_a_caller_that_goes_away_tears_no_transaction_apart(store: Store) -> None:
    for number in range(20):
        asking = asyncio.create_task(store.set_value("a", str(number)))
        await asyncio.sleep(0)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
    await store.set_value("a", "at last")
    assert await store.get_value("a") == "at last"


async def test_an_access_token_that_spotify_refused_is_dropped_for_everybody(store: Store, opened: Opener) -> None:
    await store.save_authorization(TOKEN, CREDENTIALS, None)
    await store.discard_access_token("BQ-another")
    assert await store.authorization() == TOKEN
    await store.discard_access_token("BQ-one")
    assert await (await opened()).authorization() == replace(TOKEN, access=None)


async def test_the_account_of_a_token_can_be_learned_once(store: Store) -> None:
    await store.save_authorization(Authorization("AQ-one"), None, None)
    await store.save_account("AQ-another", Account("a-stranger"))
    assert await store.authorization() == Authorization("AQ-one")
    await store.save_account("AQ-one", Account("nilas.listener", None))
    await store.save_account("AQ-one", Account("a-stranger"))
    assert await store.authorization() == Authorization("AQ-one", account=Account("nilas.listener", None))


UNREADABLE_BANS = [
    "",
    "{",
    "null",
    "[]",
    "[" * 10_000,
    '{"until": "soon", "code": "rate_limited", "message": "wait"}',
    '{"until": NaN, "code": "rate_limited", "message": "wait"}',
    '{"until": 1e999, "code": "rate_limited", "message": "wait"}',
    '{"until": 1e6, "code": "no_code_of_ours", "message": "wait"}',
    '{"until": 1e6, "code": ["rate_limited"], "message": "wait"}',
    '{"until": 1e6, "code": "rate_limited"}',
]


async def test_a_ban_that_cannot_be_read_is_as_if_it_were_not_there(store: Store) -> None:
    for text in UNREADABLE_BANS:
        await store.set_value("ban", text)
        assert await store.rate_limit_block() is None
    ban = RateLimitBlock(NOW + 1, "rate_limited", "wait")
    await store.set_rate_limit_block(ban)
    assert await store.rate_limit_block() == ban


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreError, match="not open"):
        await store.authorization()


def test_another_scheme_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        create_store("mysql://somewhere/else")


async def test_what_one_source_reported_forbade_or_cost_does_not_concern_another(store: Store) -> None:
    await store.publish_state("of spotify")
    await store.publish_state("of lastfm", "lastfm")
    await store.set_rate_limit_block(RateLimitBlock(NOW + 60, "rate_limited", "Wait."), "lastfm")
    for _ in range(3):
        assert await store.count_call(NOW, 3, "lastfm")
    assert not await store.count_call(NOW, 3, "lastfm")
    assert await store.count_call(NOW, 1)
    assert (await store.read_state(), await store.read_state("lastfm"), await store.read_state("inlet")) == (
        "of spotify",
        "of lastfm",
        None,
    )
    assert await store.rate_limit_block() is None
    assert await store.rate_limit_block("lastfm") is not None
    assert [spent for _, spent in await store.calls_since(NOW - 60, "lastfm")] == [3]
    assert [spent for _, spent in await store.calls_since(NOW - 60)] == [1]
    assert await store.calls_since(NOW - 60, "listenbrainz") == []


async def test_notes_are_saved_together_and_with_an_authorization(store: Store) -> None:
    await store.set_values({"one": "1", "two": "2"})
    await store.save_authorization(Authorization("AQ-new"), None, None, {"two": "II"})
    assert (await store.get_value("one"), await store.get_value("two")) == ("1", "II")
    await store.forget()
    assert (await store.get_value("one"), await store.get_value("two")) == (None, None)
