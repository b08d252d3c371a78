"""Seeds from the environment, and the choice of client ID and secret."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.rig import CREDENTIALS, Rig, rig_in
from tests.support.scripted import TOKEN
from widget.model.errors import NeedsAuthorization
from widget.model.tokens import AccessToken, Authorization, Credentials, SeedToken
from widget.sources.spotify.token_selection import effective_authorization, effective_credentials, seed_wins

SEED = SeedToken("AQ-seed", 1_794_000_000.0)
LATER = SeedToken("AQ-later", 1_794_500_000.0)
EARLIER = SeedToken("AQ-earlier", 1_793_000_000.0)
UNDATED = SeedToken("AQ-undated")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path) as rig:
        rig.network.answer(TOKEN, "token_rotated", "token_refresh")
        yield rig


def used(rig: Rig) -> list[str]:
    """Return the refresh tokens that were sent."""
    return [form["refresh_token"] for form in rig.network.forms()]


async def test_a_seed_is_used_where_nothing_is_stored(rig: Rig) -> None:
    await rig.token_manager(seed=SEED).token()
    stored = await rig.stored()
    assert used(rig) == ["AQ-seed"]
    assert (stored.refresh_token, stored.authorized_at) == ("AQ-invented-rotated", SEED.authorized_at)


async def test_after_a_restart_with_the_same_seed_its_rotation_wins(rig: Rig) -> None:
    await rig.token_manager(seed=SEED).token()
    await rig.clock.advance(3600)
    await rig.token_manager(seed=SEED).token()
    assert used(rig) == ["AQ-seed", "AQ-invented-rotated"]


@pytest.mark.parametrize("seed", [LATER, UNDATED])
async def test_a_seed_that_was_pasted_anew_wins(rig: Rig, seed: SeedToken) -> None:
    await rig.token_manager(seed=SEED).token()
    await rig.token_manager(seed=seed).token()
    assert used(rig) == ["AQ-seed", seed.refresh_token]


async def test_a_seed_that_is_older_than_what_is_stored_loses(rig: Rig) -> None:
    await rig.token_manager(seed=SEED).token()
    await rig.token_manager(seed=EARLIER).token()
    assert used(rig) == ["AQ-seed"]


async def test_a_new_seed_revives_an_account_whose_token_is_dead(rig: Rig) -> None:
    rig.network.answer(TOKEN, "error_refresh_revoked", "token_refresh")
    for _ in range(2):
        with pytest.raises(NeedsAuthorization):
            await rig.token_manager(seed=SEED).token()
    await rig.token_manager(seed=LATER).token()
    assert used(rig) == ["AQ-seed", "AQ-later"]
    assert not (await rig.stored()).needs_authorization


async def test_a_stored_authorization_beats_the_seed_that_it_replaced(rig: Rig) -> None:
    await rig.token_manager(seed=SEED).token()
    new = await rig.authorize("AQ-new", access_seconds=3600)
    assert await rig.token_manager(seed=SEED).token() == new.access


async def test_looking_at_the_token_that_counts_writes_nothing(rig: Rig) -> None:
    now = rig.clock.now()
    assert await effective_authorization(rig.store, None, now) is None
    assert await effective_authorization(rig.store, SEED, now) == Authorization(
        "AQ-seed", authorized_at=SEED.authorized_at
    )
    assert await rig.store.authorization() is None
    stored = await rig.authorize("AQ-new")
    assert await effective_authorization(rig.store, EARLIER, now) == stored


@pytest.mark.parametrize(
    ("seed", "token", "last", "expected"),
    [
        (None, None, None, False),
        (SEED, None, None, True),
        (SEED, None, SEED.fingerprint, True),
        (SEED, Authorization("AQ-x", authorized_at=1.0), SEED.fingerprint, False),
        (SEED, Authorization("AQ-x", authorized_at=1.0), LATER.fingerprint, True),
        (SEED, Authorization("AQ-x", authorized_at=SEED.authorized_at), None, True),
        (SEED, Authorization("AQ-x", authorized_at=1_795_000_000.0), None, False),
        (SEED, Authorization("AQ-x"), None, True),
        (UNDATED, Authorization("AQ-x", authorized_at=1.0), None, True),
        (SEED, Authorization("AQ-seed"), None, False),
    ],
)
def test_a_seed_counts_unless_it_was_used_or_is_the_older_one(
    seed: SeedToken | None, token: Authorization | None, last: str | None, expected: bool
) -> None:
    assert seed_wins(seed, token, last) is expected


def test_the_secret_from_the_database_counts_only_for_its_own_id() -> None:
    stored = Credentials("an-id", "stored")
    assert effective_credentials(None, stored) == stored
    assert effective_credentials(None, None) is None
    assert effective_credentials(Credentials("an-id"), stored) == stored
    assert effective_credentials(Credentials("an-id", "set"), stored) == Credentials("an-id", "set")
    assert effective_credentials(Credentials("other"), stored) == Credentials("other")


async def test_the_credentials_in_the_database_serve_a_server_that_has_none(rig: Rig) -> None:
    token = Authorization("AQ-stored", access=AccessToken("BQ-old", 0.0))
    await rig.store.save_authorization(token, CREDENTIALS, None)
    await rig.token_manager(credentials=None).token()
    (request,) = rig.network.requested(TOKEN)
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"an-id:a-secret"


@pytest.mark.parametrize(
    ("disk_is_ephemeral", "answer", "result"),
    [(True, "token_rotated", 1), (True, "token_refresh", 0), (False, "token_rotated", 0)],
)
async def test_a_seed_that_is_spent_on_a_disk_that_may_go_is_reported_once(
    rig: Rig, caplog: pytest.LogCaptureFixture, disk_is_ephemeral: bool, answer: str, result: int
) -> None:
    rig.network.answer(TOKEN, answer, "token_rotated")
    for _ in range(2 if result else 1):
        await rig.token_manager(seed=SEED, disk_is_ephemeral=disk_is_ephemeral).token()
        await rig.clock.advance(3600)
    assert caplog.text.count("SPOTIFY_REFRESH_TOKEN") == result


@pytest.mark.parametrize(
    ("disk_is_ephemeral", "answer", "expected"),
    [(True, "token_rotated", True), (True, "token_refresh", False), (False, "token_rotated", False)],
)
async def test_the_status_names_a_spent_seed_until_there_is_a_new_authorization(
    rig: Rig, disk_is_ephemeral: bool, answer: str, expected: bool
) -> None:
    rig.network.answer(TOKEN, answer)
    client = rig.client(seed=SEED, disk_is_ephemeral=disk_is_ephemeral)
    assert not (await client.authorization_status()).seed_is_spent
    await client.currently_playing()
    assert (await client.authorization_status()).seed_is_spent is expected
    await rig.store.save_authorization(Authorization("new", authorized_at=rig.clock.now()), None, SEED.fingerprint)
    assert not (await client.authorization_status()).seed_is_spent


async def test_dates_from_the_future_are_not_believed_and_are_kept_for_a_clock_that_was_behind(
    rig: Rig,
) -> None:
    now = rig.clock.now()
    wrong = Authorization("AQ-stored", authorized_at=now + 3600, last_refreshed_at=now + 3600)
    await rig.store.save_authorization(wrong, None, None)
    assert await effective_authorization(rig.store, None, now) == Authorization("AQ-stored")
    assert (await rig.client().authorization_status()).days_left is None
    assert (await effective_authorization(rig.store, SEED, now) or wrong).refresh_token == SEED.refresh_token
    token = await rig.token_manager().refresh_now(now)
    assert token.last_refreshed_at == now
    assert (await rig.stored()).authorized_at == now + 3600
    assert await effective_authorization(rig.store, None, now + 3600) == await rig.stored()


async def test_a_seed_s_own_date_may_be_ahead_as_its_variable_may(rig: Rig) -> None:
    seed = SeedToken("AQ-seed", rig.clock.now() + 3600)
    await rig.token_manager(seed=seed).token()
    assert (await rig.client(seed=seed).authorization_status()).days_left is not None
