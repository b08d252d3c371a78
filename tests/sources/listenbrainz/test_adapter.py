"""The client against the simulated ListenBrainz, which shares no code with it."""

import httpx
import pytest

from tests.support.fake_clock import FakeClock
from widget.http_client import LazyHttpClient, http_client
from widget.model.errors import InvalidCredentials, RateLimited, SourceUnreachable, UnknownUser
from widget.sources.listenbrainz.adapter import ListenbrainzAccount, ListenbrainzClient, account_from
from widget.sources.simulators.listenbrainz import ListenbrainzSimulator
from widget.sources.simulators.playlist import Playlist


class Service:
    """The simulated service, a client and its account."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.simulator = ListenbrainzSimulator(self.clock.now, playlist=Playlist(begun_at=self.clock.now()))
        self.account = ListenbrainzAccount(self.simulator.user)
        http = http_client(httpx.ASGITransport(self.simulator.app))
        self.client = ListenbrainzClient(LazyHttpClient(http), self.clock, 3)


async def test_what_plays_and_what_was_played_are_two_questions() -> None:
    service = Service()
    now, played = (
        await service.client.now_playing(service.account),
        await service.client.recently_played(service.account),
    )
    piece, _ = service.simulator.playlist.at(service.clock.now())
    assert now.playback is not None
    assert now.playback.item is not None
    assert (now.playback.item.title, now.history) == (piece.title, None)
    assert played.playback is None
    assert len(played.history or ()) == 3
    user = service.account.user
    assert service.simulator.requests == [f"/1/user/{user}/playing-now", f"/1/user/{user}/listens?count=3"]


async def test_no_token_is_sent_unless_one_is_set() -> None:
    service = Service()
    await service.client.now_playing(service.account)
    await service.client.now_playing(ListenbrainzAccount(service.simulator.user, token=service.simulator.token))
    assert service.simulator.tokens == [None, f"Token {service.simulator.token}"]


async def test_a_wrong_token_and_an_unknown_user_are_distinguished() -> None:
    service = Service()
    with pytest.raises(InvalidCredentials, match="LISTENBRAINZ_TOKEN"):
        await service.client.now_playing(ListenbrainzAccount(service.simulator.user, token="wrong"))
    with pytest.raises(UnknownUser, match="LISTENBRAINZ_USER"):
        await service.client.recently_played(ListenbrainzAccount("nobody here?"))


async def test_being_asked_to_wait_lasts_as_long_as_requested() -> None:
    service = Service()
    service.simulator.status = 429
    with pytest.raises(RateLimited) as raised:
        await service.client.now_playing(service.account)
    assert raised.value.retry_after == 7


async def test_a_server_that_is_down_is_an_outage() -> None:
    service = Service()
    service.simulator.status = 502
    with pytest.raises(SourceUnreachable, match="502"):
        await service.client.now_playing(service.account)


def test_the_account_hides_its_token() -> None:
    values = {"LISTENBRAINZ_USER": "me", "LISTENBRAINZ_URL": "https://listens.example/api"}
    account = account_from({**values, "LISTENBRAINZ_TOKEN": "a-secret-token"})
    assert account == ListenbrainzAccount("me", "https://listens.example/api", "a-secret-token")
    assert "a-secret-token" not in repr(account)
    assert account_from({**values, "LISTENBRAINZ_USER": ""}) is None


def test_a_server_of_one_s_own_has_no_page_of_the_user() -> None:
    assert ListenbrainzAccount("me / you").page == "https://listenbrainz.org/user/me%20%2F%20you/"
    assert ListenbrainzAccount("me", "https://listens.example").page is None
