"""The accounts service: requests, and the errors behind its responses."""

import base64
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.fake_clock import FakeClock
from tests.support.payloads import payload
from tests.support.scripted import TOKEN, Scripted
from widget.http_client import LazyHttpClient, http_client
from widget.model.errors import (
    InvalidCredentials,
    InvalidGrant,
    NeedsAuthorization,
    QuotaExceeded,
    RateLimited,
    SpotifyUnreachable,
)
from widget.model.tokens import AccessToken, Credentials
from widget.sources.spotify.accounts_api import (
    KNOWN_SCOPES,
    SCOPES,
    AccountsApi,
    TokenResponse,
    authorize_url,
    read_tokens,
)

ACCOUNTS = "https://accounts.spotify.example"
CONFIDENTIAL = Credentials("an-id", "a-secret")
PUBLIC = Credentials("an-id")
REDIRECT = "http://127.0.0.1:8888/callback"


def service(network: Scripted) -> AccountsApi:
    return AccountsApi(LazyHttpClient(http_client(network)), ACCOUNTS, FakeClock(1_000.0))


async def refresh(*answers: str | httpx.Response | Exception, credentials: Credentials = CONFIDENTIAL) -> TokenResponse:
    return await service(Scripted().answer(TOKEN, *answers)).refresh(credentials, "AQ-stored")


async def exchange(*answers: str | httpx.Response | Exception) -> TokenResponse:
    return await service(Scripted().answer(TOKEN, *answers)).exchange_code(
        CONFIDENTIAL, "a-code", REDIRECT, "a-verifier"
    )


def test_the_authorize_url_asks_for_consent_each_time_with_state_and_pkce() -> None:
    url = authorize_url(ACCOUNTS, "an-id", REDIRECT, SCOPES, "a-state", "a-challenge")
    assert url.startswith(f"{ACCOUNTS}/authorize?")
    assert "scope=user-read-currently-playing%20user-read-recently-played" in url
    assert parse_qs(urlsplit(url).query) == {
        "response_type": ["code"],
        "client_id": ["an-id"],
        "scope": ["user-read-currently-playing user-read-recently-played"],
        "redirect_uri": [REDIRECT],
        "state": ["a-state"],
        "code_challenge_method": ["S256"],
        "code_challenge": ["a-challenge"],
        "show_dialog": ["true"],
    }


def test_the_scopes_we_need_are_scopes_that_spotify_has() -> None:
    assert set(SCOPES) <= set(KNOWN_SCOPES)


async def test_a_confidential_client_sends_basic_and_its_id_nowhere_else() -> None:
    network = Scripted().answer(TOKEN, "token_refresh")
    await service(network).refresh(CONFIDENTIAL, "AQ-stored")
    (request,) = network.requests
    assert (request.method, str(request.url)) == ("POST", f"{ACCOUNTS}/api/token")
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"an-id:a-secret"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert network.forms() == [{"grant_type": "refresh_token", "refresh_token": "AQ-stored"}]


async def test_a_client_without_a_secret_sends_its_id_in_the_form_and_no_basic() -> None:
    network = Scripted().answer(TOKEN, "token_rotated")
    await service(network).refresh(PUBLIC, "AQ-stored")
    assert "authorization" not in network.requests[0].headers
    assert network.forms() == [{"grant_type": "refresh_token", "refresh_token": "AQ-stored", "client_id": "an-id"}]


@pytest.mark.parametrize(("credentials", "more"), [(CONFIDENTIAL, {}), (PUBLIC, {"client_id": "an-id"})])
async def test_a_code_is_exchanged_with_its_verifier(credentials: Credentials, more: dict[str, str]) -> None:
    network = Scripted().answer(TOKEN, "token_code")
    answer = await service(network).exchange_code(credentials, "a-code", REDIRECT, "a-verifier")
    form = {
        "grant_type": "authorization_code",
        "code": "a-code",
        "redirect_uri": REDIRECT,
        "code_verifier": "a-verifier",
    }
    assert network.forms() == [{**form, **more}]
    assert answer == TokenResponse(AccessToken("BQ-invented-access", 4_600.0), "AQ-invented-refresh", SCOPES)


async def test_a_refresh_that_rotates_gives_the_new_refresh_token() -> None:
    assert (await refresh("token_rotated")).refresh_token == "AQ-invented-rotated"


@pytest.mark.parametrize("sent", [None, "", "  ", 5, ["AQ"], "AQ-\ud800", "AQ\n", "AQ-é"])
async def test_a_refresh_token_that_is_none_leaves_the_stored_one(sent: object) -> None:
    assert (await refresh(payload("token_refresh", refresh_token=sent))).refresh_token is None


@pytest.mark.parametrize("sent", [None, "", 5, "BQ\n", "BQ-é", "BQ-\ud800"])
async def test_an_access_token_that_no_header_takes_is_an_outage(sent: object) -> None:
    with pytest.raises(SpotifyUnreachable, match="cannot be read"):
        await refresh(payload("token_refresh", access_token=sent))


@pytest.mark.parametrize("sent", [None, True, "3600", 0, -1, 1e9, 10**400])
def test_a_lifetime_that_cannot_be_means_an_hour(sent: object) -> None:
    assert read_tokens({"access_token": "BQ", "expires_in": sent}, 1_000.0).access.expires_at == 4_600.0


def test_scopes_are_none_where_spotify_does_not_name_them() -> None:
    assert read_tokens({"access_token": "BQ"}, 0.0).scopes is None
    assert read_tokens({"access_token": "BQ", "scope": "a b\ud800 c"}, 0.0).scopes == ("a", "c")


@pytest.mark.parametrize("error", ["error_refresh_revoked", "error_invalid_refresh_token"])
async def test_a_dead_refresh_token_needs_authorization(error: str) -> None:
    with pytest.raises(NeedsAuthorization, match="bootstrap"):
        await refresh(error)


@pytest.mark.parametrize("error", ["error_invalid_code", "error_redirect_mismatch"])
async def test_a_spent_or_foreign_code_is_refused(error: str) -> None:
    with pytest.raises(InvalidGrant):
        await exchange(error)


@pytest.mark.parametrize("error", ["error_invalid_client", "error_invalid_secret", "error_invalid_secret_as_request"])
async def test_wrong_credentials_are_distinguished_from_a_dead_token(error: str) -> None:
    with pytest.raises(InvalidCredentials, match="SPOTIFY_CLIENT_ID"):
        await refresh(error)
    with pytest.raises(InvalidCredentials):
        await exchange(error)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(503, json={"error": "invalid_grant"}),
        httpx.Response(400),
        httpx.Response(400, text="<html>"),
        httpx.Response(400, json=["invalid_grant"]),
        httpx.Response(400, json={"error": {"status": "invalid_grant"}}),
        httpx.Response(400, json={"error": "server_error"}),
        httpx.Response(302, headers={"location": "https://elsewhere.example"}),
        httpx.Response(200, text="not JSON"),
        httpx.Response(200, content=b"\xff"),
        httpx.ConnectError("no route"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
    ],
)
async def test_everything_else_is_an_outage_and_no_verdict_on_the_token(answer: httpx.Response | Exception) -> None:
    with pytest.raises(SpotifyUnreachable):
        await refresh(answer)


async def test_a_429_closes_the_gate_for_as_long_as_it_says() -> None:
    with pytest.raises(RateLimited) as rate:
        await refresh("error_429_rate")
    with pytest.raises(QuotaExceeded) as quota:
        await exchange("error_429_quota")
    assert (rate.value.retry_after, quota.value.retry_after) == (17.0, 50_400.0)


async def test_no_secret_stands_in_a_repr_or_an_error() -> None:
    answer = await refresh("token_rotated")
    with pytest.raises(SpotifyUnreachable) as outage:
        await refresh(httpx.Response(400, json={"error": "AQ-stored a-secret"}))
    current = f"{answer!r} {answer.access!r} {CONFIDENTIAL!r} {outage.value!r}"
    assert not [secret for secret in ("BQ-", "AQ-", "a-secret") if secret in current]
