"""A rotated refresh token is the only valid one: it reaches the disk first, whatever fails."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.support.fake_clock import settle
from tests.support.payloads import payload
from tests.support.rig import FragileStore, Rig, rig_in
from tests.support.scripted import TOKEN
from widget.model.errors import StoreError
from widget.model.tokens import Authorization, Credentials, SeedToken
from widget.sources.spotify.token_manager import TokenManager
from widget.store.base import StoreTimeouts
from widget.store.sqlite import SqliteStore

ROTATED = "AQ-invented-rotated"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path) as rig:
        rig.network.answer(TOKEN, "token_rotated", "token_refresh")
        await rig.authorize()
        yield rig


def waits(access: TokenManager) -> bool:
    return access.has_unsaved_token


async def test_the_rotated_token_is_on_disk_when_the_access_token_is_given_out(rig: Rig, tmp_path: Path) -> None:
    access = await rig.token_manager().token()
    another_connection = FragileStore(tmp_path / "now-playing.db")
    await another_connection.open()
    stored = await another_connection.authorization()
    await another_connection.close()
    assert stored is not None
    assert (stored.refresh_token, stored.access) == (ROTATED, access)


async def test_the_rotated_token_is_stored_though_its_caller_was_cancelled(rig: Rig) -> None:
    rig.network.hold = asyncio.Event()
    access = rig.token_manager()
    asking = asyncio.create_task(access.token())
    await settle()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await rig.stored()).refresh_token == "AQ-stored"
    rig.network.hold.set()
    await access.close()
    assert (await rig.stored()).refresh_token == ROTATED
    assert rig.refreshes == 1


async def test_the_one_that_waits_behind_a_cancelled_caller_uses_its_refresh(rig: Rig) -> None:
    rig.network.hold = asyncio.Event()
    access = rig.token_manager()
    first, second = asyncio.create_task(access.token()), asyncio.create_task(access.token())
    await settle()
    first.cancel()
    await settle()
    rig.network.hold.set()
    assert (await second).value == "BQ-invented-access-3"
    assert rig.refreshes == 1


async def test_a_caller_cancelled_by_a_time_out_loses_nothing(rig: Rig) -> None:
    rig.network.hold = asyncio.Event()
    access = rig.token_manager()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await access.token()
    rig.network.hold.set()
    assert (await access.token()).value == "BQ-invented-access-3"
    assert rig.refreshes == 1


async def test_a_refresh_that_fails_when_its_caller_is_gone_says_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.network.answer(TOKEN, httpx.Response(503))
    rig.network.hold = asyncio.Event()
    access = rig.token_manager()
    asking = asyncio.create_task(access.token())
    await settle()
    asking.cancel()
    rig.network.hold.set()
    with caplog.at_level(logging.DEBUG):
        await access.close()
        await settle()
    assert [record for record in caplog.records if record.name == "asyncio" and record.levelno > logging.INFO] == []
    assert (await rig.stored()).refresh_token == "AQ-stored"


async def test_closing_with_nothing_under_way_returns_at_once(rig: Rig) -> None:
    access = rig.token_manager()
    await access.token()
    await access.close()
    assert rig.refreshes == 1


async def test_while_the_disk_takes_nothing_the_access_token_is_not_used_and_nothing_is_lost(rig: Rig) -> None:
    rig.store.failures = 2
    access = rig.token_manager()
    for _ in range(2):
        with pytest.raises(StoreError):
            await access.token()
    assert (await rig.stored()).refresh_token == "AQ-stored"
    assert (await access.token()).value == "BQ-invented-access-3"
    assert (await rig.stored()).refresh_token == ROTATED
    assert rig.refreshes == 1


async def test_closing_tries_the_disk_once_more(rig: Rig) -> None:
    rig.store.failures = 1
    access = rig.token_manager()
    with pytest.raises(StoreError):
        await access.token()
    await access.close()
    assert (await rig.stored()).refresh_token == ROTATED


async def test_closing_survives_a_disk_that_takes_nothing(rig: Rig) -> None:
    rig.store.failures = 9
    access = rig.token_manager()
    with pytest.raises(StoreError):
        await access.token()
    await access.close()
    assert (await rig.stored()).refresh_token == "AQ-stored"


def taken_away(path: Path) -> None:
    path.unlink()


def taken_away_with_all_beside_it(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def emptied_by_another(path: Path) -> None:
    (path.parent / "other").touch()
    (path.parent / "other").replace(path)


@pytest.mark.parametrize("lost", [taken_away, taken_away_with_all_beside_it, emptied_by_another])
async def test_a_database_that_is_lost_while_spotify_answers_holds_the_new_token_afterwards(
    rig: Rig, tmp_path: Path, lost: Callable[[Path], None]
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        lost(tmp_path / "now-playing.db")
        return payload("token_rotated")

    seed = SeedToken("AQ-seed", rig.clock.now())
    rig.network.answer(TOKEN, answer, "token_refresh")
    await rig.token_manager(seed=seed).token()
    again = rig.token_manager(credentials=None, seed=seed)
    assert (await rig.stored()).refresh_token == ROTATED
    await rig.clock.advance(3600)
    await again.token()
    assert [form["refresh_token"] for form in rig.network.forms()] == ["AQ-seed", ROTATED]


async def test_a_database_that_another_authorization_replaces_while_spotify_answers_keeps_that_one(
    rig: Rig, tmp_path: Path
) -> None:
    other = SqliteStore(tmp_path / "other.db")
    await other.open()
    await other.save_authorization(Authorization("AQ-of-the-other"), None, None)
    await other.close()

    def answer(request: httpx.Request) -> httpx.Response:
        (tmp_path / "other.db").replace(tmp_path / "now-playing.db")
        return payload("token_rotated")

    rig.network.answer(TOKEN, answer, "token_refresh")
    await rig.token_manager().token()
    assert [form["refresh_token"] for form in rig.network.forms()] == ["AQ-stored", "AQ-of-the-other"]
    assert (await rig.stored()).refresh_token == "AQ-of-the-other"


async def test_an_unsaved_rotation_outlives_another_process_that_took_the_old_token_for_dead(rig: Rig) -> None:
    rig.store.failures = 1
    access = rig.token_manager()
    with pytest.raises(StoreError):
        await access.token()
    await rig.store.mark_needs_authorization("AQ-stored")
    assert (await access.token()).value == "BQ-invented-access-3"
    stored = await rig.stored()
    assert (stored.refresh_token, stored.needs_authorization) == (ROTATED, False)


async def test_while_a_rotation_is_unsaved_nobody_else_refreshes_and_it_is_tried_every_second(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rig.store.failures = 3
    access = rig.token_manager()
    with pytest.raises(StoreError):
        await access.token()
    assert waits(access)
    while "kept in a file beside it" not in caplog.text:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    elsewhere = SqliteStore(tmp_path / "now-playing.db", StoreTimeouts(refresh=0.1))
    await elsewhere.open()
    other = rig.token_manager(store=elsewhere)
    with pytest.raises(StoreError, match="refresh lock"):
        await other.token()
    await rig.clock.advance(1.0)
    assert waits(access)
    await rig.clock.advance(2.0)
    assert not waits(access)
    assert "is saved" in caplog.text
    assert (await other.token()).value == "BQ-invented-access-3"
    assert (await rig.stored()).refresh_token == ROTATED
    assert rig.refreshes == 1
    assert not list(tmp_path.glob("*.unsaved"))
    await elsewhere.close()


async def test_a_program_that_ends_while_the_disk_takes_nothing_leaves_the_token_to_the_next(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rig.store.failures = 1000
    access = rig.token_manager()
    with pytest.raises(StoreError):
        await access.token()
    await access.close()
    assert rig.store.kept_for_next_start == 1  # Two at once would write the same file.
    assert "for the next start" in caplog.text
    assert "AQ-" not in caplog.text
    next_program = SqliteStore(tmp_path / "now-playing.db")
    await next_program.open()
    stored = await next_program.authorization()
    await next_program.close()
    assert stored is not None
    assert stored.refresh_token == ROTATED


async def test_a_program_that_ends_while_the_database_hangs_keeps_the_token_before_it_waits(
    rig: Rig, tmp_path: Path
) -> None:
    responds = asyncio.Event()

    class HangingStore(FragileStore):
        async def save_refresh(
            self,
            used_refresh_token: str,
            token: Authorization,
            credentials: Credentials | None = None,
            seed_fingerprint: str | None = None,
        ) -> bool:
            await responds.wait()
            return await super().save_refresh(used_refresh_token, token, credentials, seed_fingerprint)

    store = HangingStore(tmp_path / "now-playing.db")
    await store.open()
    access = rig.token_manager(store=store)
    asking = asyncio.create_task(access.token())
    while not waits(access):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    ending = asyncio.create_task(access.close())
    async with asyncio.timeout(10):
        while not list(tmp_path.glob("*.unsaved")):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not ending.done()
    responds.set()
    await ending
    assert (await asking).value == "BQ-invented-access-3"
    assert (await rig.stored()).refresh_token == ROTATED
    assert not list(tmp_path.glob("*.unsaved"))
    await store.close()


async def test_where_there_is_no_room_for_the_answer_no_refresh_is_asked(rig: Rig) -> None:
    rig.store.has_room = False
    access = rig.token_manager()
    for _ in range(3):
        with pytest.raises(StoreError):
            await access.token()
    assert (rig.refreshes, access.has_unsaved_token) == (0, False)
    rig.store.has_room = True
    await access.token()
    assert (rig.refreshes, (await rig.stored()).refresh_token) == (1, ROTATED)


async def test_a_database_that_is_locked_when_the_answer_comes_gets_the_token_as_soon_as_it_is_free(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / "real.db", StoreTimeouts(lock=0.1))
    await store.open()
    async with rig_in(tmp_path) as rig:
        rig.network.answer(TOKEN, "token_rotated")
        await store.save_authorization(Authorization("AQ-stored"), None, None)
        rig.network.hold = asyncio.Event()
        access = rig.token_manager(store=store)
        asking = asyncio.create_task(access.token())
        while rig.refreshes == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        with closing(sqlite3.connect(tmp_path / "real.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            rig.network.hold.set()
            with pytest.raises(StoreError, match="locked"):
                await asking
            await rig.clock.advance(3.0)
            assert waits(access)
            other.execute("ROLLBACK")
        await rig.clock.advance(1.0)
        assert not waits(access)
        stored = await store.authorization()
        assert stored is not None
        assert stored.refresh_token == ROTATED
    await store.close()


async def test_an_unsaved_rotation_does_not_overwrite_a_new_authorization(rig: Rig) -> None:
    rig.store.failures = 1
    access = rig.token_manager()
    with pytest.raises(StoreError):
        await access.token()
    new = await rig.authorize("AQ-new", access_seconds=3600)
    assert await access.token() == new.access
    assert await rig.stored() == new


async def test_an_answer_full_of_text_that_no_database_takes_still_rotates(rig: Rig) -> None:
    rig.network.answer(TOKEN, payload("token_rotated", scope="user-read-currently-playing \ud800 \x00"))
    await rig.token_manager().token()
    stored = await rig.stored()
    assert (stored.refresh_token, stored.scopes) == (ROTATED, ("user-read-currently-playing",))


def test_a_program_that_ends_in_the_middle_of_a_refresh_leaves_what_is_stored(tmp_path: Path) -> None:
    async def begin_to_refresh() -> None:
        async with rig_in(tmp_path) as rig:
            await rig.authorize()
            rig.network.hold = asyncio.Event()
            asking = asyncio.create_task(rig.token_manager().token())
            await settle()
            asking.cancel()

    async def go_on() -> str:
        async with rig_in(tmp_path) as rig:
            await rig.token_manager().token()
            return (await rig.stored()).refresh_token

    asyncio.run(begin_to_refresh())
    assert asyncio.run(go_on()) == "AQ-stored"
