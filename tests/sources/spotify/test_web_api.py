"""The Web API: requests, and the errors behind its refusals."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fake_clock import FakeClock
from tests.support.scripted import ME, NOW, RECENT, Answer, Scripted
from widget.http_client import LazyHttpClient, http_client
from widget.model.errors import (
    AccessTokenRefused,
    Forbidden,
    QuotaExceeded,
    RateLimited,
    ScopeMissing,
    SourceError,
    SpotifyUnreachable,
)
from widget.model.playback import Playback
from widget.model.tokens import AccessToken
from widget.sources.spotify.web_api import WebApi

API = "https://api.spotify.example/v1"
ACCESS = AccessToken("BQ-access", 9e9)
QUESTIONS: list[tuple[str, Callable[[WebApi], Awaitable[Any]]]] = [
    (NOW, lambda api: api.currently_playing(ACCESS)),
    (RECENT, lambda api: api.recently_played(ACCESS)),
    (ME, lambda api: api.me(ACCESS)),
]
SMALL_JSON = st.recursive(st.none() | st.text(max_size=5), st.lists)
every_question = pytest.mark.parametrize(("path", "ask"), QUESTIONS, ids=["now", "recent", "me"])


def web_api(network: Scripted, clock: FakeClock | None = None) -> WebApi:
    return WebApi(LazyHttpClient(http_client(network)), API, clock or FakeClock())


async def now_playing(answer: Answer) -> Playback:
    return await web_api(Scripted().answer(NOW, answer)).currently_playing(ACCESS)


async def test_what_plays_is_asked_with_episodes_and_without_a_market() -> None:
    network = Scripted().answer(NOW, "track")
    playback = await web_api(network).currently_playing(ACCESS)
    assert playback.status == "playing"
    (request,) = network.requests
    assert (request.method, request.url.path, dict(request.url.params)) == (
        "GET",
        NOW,
        {"additional_types": "track,episode"},
    )
    assert request.headers["authorization"] == "Bearer BQ-access"


async def test_recently_played_and_me_are_one_request_each() -> None:
    network = Scripted().answer(RECENT, "recently_played").answer(ME, "me")
    api = web_api(network)
    assert [last.item.title for last in await api.recently_played(ACCESS)] == [
        "Lanterns at Low Tide",
        "Morning Freight",
    ]
    assert (await api.me(ACCESS)).id == "nilas.listener"
    assert [request.url.path for request in network.requests] == [RECENT, ME]


async def test_the_progress_was_true_half_way_through_the_round_trip() -> None:
    clock = FakeClock(1_000.0)
    network = Scripted().answer(NOW, "track")
    network.hold = asyncio.Event()
    asking = asyncio.create_task(web_api(network, clock).currently_playing(ACCESS))
    await clock.advance(3.0)
    network.hold.set()
    playback = await asking
    assert playback.observed_at == 1_001.5


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_any_empty_good_answer_is_idle_but_uncertain(status: int) -> None:
    playback = await now_playing(httpx.Response(status))
    assert (playback.status, playback.is_authoritative) == ("idle", False)


async def test_a_local_file_that_spotify_cannot_name_is_an_unknown_item_and_no_outage() -> None:
    playback = await now_playing("error_400_invalid_id")
    assert (playback.status, playback.is_authoritative) == ("idle", False)


@every_question
async def test_an_expired_access_token_is_refused(path: str, ask: Callable[[WebApi], Awaitable[Any]]) -> None:
    with pytest.raises(AccessTokenRefused):
        await ask(web_api(Scripted().answer(path, "error_401_expired")))


@every_question
@pytest.mark.parametrize("error", ["error_401_scope", "error_403_scope"])
async def test_a_missing_scope_is_no_reason_to_refresh(
    path: str, ask: Callable[[WebApi], Awaitable[Any]], error: str
) -> None:
    with pytest.raises(ScopeMissing, match="Run python -m bootstrap again"):
        await ask(web_api(Scripted().answer(path, error)))


@every_question
async def test_a_403_in_plain_text_distinguishes_premium_from_the_user_list(
    path: str, ask: Callable[[WebApi], Awaitable[Any]]
) -> None:
    with pytest.raises(Forbidden, match="active Premium"):
        await ask(web_api(Scripted().answer(path, "error_403_premium")))
    with pytest.raises(Forbidden, match="app's users"):
        await ask(web_api(Scripted().answer(path, "error_403_not_listed")))


@pytest.mark.parametrize("content", ["", "<html>", '{"error": {"message": 5}}', '{"error": "no"}', "[]"])
async def test_a_403_of_any_shape_is_forbidden(content: str) -> None:
    with pytest.raises(Forbidden) as forbidden:
        await now_playing(httpx.Response(403, text=content))
    assert type(forbidden.value) is Forbidden


@every_question
async def test_a_429_says_for_how_long(path: str, ask: Callable[[WebApi], Awaitable[Any]]) -> None:
    network = Scripted().answer(path, "error_429_rate", "error_429_quota", httpx.Response(429))
    api = web_api(network)
    with pytest.raises(RateLimited) as rate:
        await ask(api)
    with pytest.raises(QuotaExceeded) as quota:
        await ask(api)
    with pytest.raises(RateLimited) as silent:
        await ask(api)
    assert [rate.value.retry_after, quota.value.retry_after, silent.value.retry_after] == [17.0, 50_400.0, 60.0]


@every_question
@pytest.mark.parametrize(
    "answer",
    [
        "error_404",
        "error_502",
        httpx.Response(500),
        httpx.Response(504, text="upstream"),
        httpx.Response(301),
        httpx.Response(200, text="<html>"),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("no route"),
        httpx.DecodingError("gzip"),
    ],
)
async def test_everything_else_is_an_outage(
    path: str, ask: Callable[[WebApi], Awaitable[Any]], answer: str | httpx.Response | Exception
) -> None:
    with pytest.raises(SpotifyUnreachable):
        await ask(web_api(Scripted().answer(path, answer)))


@every_question
@settings(max_examples=60, deadline=None)
@given(
    status=st.integers(200, 599),
    content=st.binary(max_size=30) | SMALL_JSON.map(json.dumps).map(str.encode),
    retry_after=st.none() | st.text(st.characters(codec="latin-1", categories=["L", "N", "P"]), max_size=8),
)
async def test_no_answer_makes_anything_but_a_value_or_a_spotify_error(
    path: str, ask: Callable[[WebApi], Awaitable[Any]], status: int, content: bytes, retry_after: str | None
) -> None:
    headers = [] if retry_after is None else [(b"retry-after", retry_after.encode("latin-1"))]
    network = Scripted().answer(path, lambda _: httpx.Response(status, headers=headers, content=content))
    error: SourceError | None = None
    answer: Any = None
    try:
        answer = await ask(web_api(network))
    except SourceError as raised:
        error = raised
    if error is None:
        assert status < 300 or (status == 400 and answer.status == "idle")
    else:
        assert "\n" not in str(error)
        assert status >= 300 or isinstance(error, SpotifyUnreachable)


async def test_what_spotify_sends_never_stands_in_our_error() -> None:
    for status in (401, 403, 404, 500):
        with pytest.raises(SourceError) as error:
            await now_playing(httpx.Response(status, text="BQ-access leaked"))
        assert "leaked" not in str(error.value)
