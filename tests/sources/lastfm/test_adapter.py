"""The client against the simulated Last.fm, which shares no code with it."""

from dataclasses import replace

import httpx
import pytest
from starlette.responses import PlainTextResponse

from tests.support.fake_clock import FakeClock
from widget.http_client import LazyHttpClient, http_client, user_agent
from widget.model.errors import (
    Forbidden,
    InvalidCredentials,
    ProfilePrivate,
    RateLimited,
    SourceUnreachable,
    UnknownUser,
)
from widget.sources.base import FetchResult
from widget.sources.lastfm.adapter import LastfmAccount, LastfmClient, account_from
from widget.sources.simulators.lastfm import LastfmSimulator
from widget.sources.simulators.playlist import Playlist

ADDRESS = "https://ws.audioscrobbler.com/2.0/"


class Service:
    """The simulated service, a client and its account."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.simulator = LastfmSimulator(self.clock.now, playlist=Playlist(begun_at=self.clock.now()))
        self.account = LastfmAccount(self.simulator.user, self.simulator.key, ADDRESS)
        self.headers: list[httpx.Headers] = []
        http = http_client(httpx.ASGITransport(self.simulator.app))
        http.event_hooks["request"] = [self._noted]
        self.client = LastfmClient(LazyHttpClient(http), self.clock, 2)

    async def ask(self, **changes: str) -> FetchResult:
        account = replace(self.account, **changes)
        return await self.client.now_playing(account)

    async def _noted(self, request: httpx.Request) -> None:
        self.headers.append(request.headers)


async def test_one_request_returns_what_plays_and_what_was_played() -> None:
    service = Service()
    await service.clock.advance(30.0)
    result = await service.ask()
    piece, _ = service.simulator.playlist.at(service.clock.now())
    assert result.playback is not None
    assert result.playback.item is not None
    assert result.playback.item.title == piece.title
    assert len(result.history or ()) == 2
    assert len(service.simulator.requests) == 1


async def test_the_question_is_the_documented_one_and_says_who_asks() -> None:
    service = Service()
    await service.ask()
    assert service.simulator.requests == [
        {
            "method": "user.getRecentTracks",
            "user": service.account.user,
            "api_key": service.account.key,
            "format": "json",
            "limit": "2",
        }
    ]
    assert service.headers[0]["user-agent"] == user_agent()


async def test_a_wrong_key_and_an_unknown_user_are_distinguished() -> None:
    service = Service()
    with pytest.raises(InvalidCredentials, match="LASTFM_API_KEY"):
        await service.ask(key="f" * 32)
    with pytest.raises(UnknownUser, match="LASTFM_USER"):
        await service.ask(user="nobody.here")


@pytest.mark.parametrize("quiet", [None, 200, 400])
@pytest.mark.parametrize(
    ("number", "kind"), [(17, ProfilePrivate), (26, Forbidden), (29, RateLimited), (8, SourceUnreachable)]
)
async def test_every_refusal_has_its_meaning(quiet: int | None, number: int, kind: type[Exception]) -> None:
    service = Service()
    service.simulator.error, service.simulator.quiet = number, quiet
    with pytest.raises(kind):
        await service.ask()


async def test_an_error_page_is_an_outage() -> None:
    service = Service()
    service.simulator.answer = lambda: PlainTextResponse("<html>502</html>", 502)
    with pytest.raises(SourceUnreachable, match="502"):
        await service.ask()


def test_the_account_hides_its_key_and_knows_its_page() -> None:
    values = {"LASTFM_USER": "me & you", "LASTFM_API_KEY": "a-secret-key", "LASTFM_API_URL": ADDRESS}
    account = account_from(values)
    assert account == LastfmAccount("me & you", "a-secret-key", ADDRESS)
    assert "a-secret-key" not in repr(account)
    assert account.page == "https://www.last.fm/user/me%20%26%20you"
    assert account_from({**values, "LASTFM_API_KEY": ""}) is None
