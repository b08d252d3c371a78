"""The simulated Spotify enforces Spotify's rules."""

import base64
from collections.abc import AsyncIterator
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.support.fake_clock import FakeClock
from widget.sources.simulators import MAX_RECORDED
from widget.sources.simulators.spotify import RegisteredApp, SpotifySimulator
from widget.sources.simulators.spotify_playlist import SCENES, SimulatedPlayback, SpotifyPlaylist

CALLBACK = "http://127.0.0.1:8888/callback"
SCOPES = ("user-read-currently-playing", "user-read-recently-played")
VERIFIER = "a-verifier-of-forty-three-characters-or-more-x"
CHALLENGE = "Xk-aBPxFrldB7aqLIJO8gF1LQadoamojdIoVglu2I6E"
ASK = {
    "response_type": "code",
    "client_id": "an-id",
    "redirect_uri": CALLBACK,
    "scope": " ".join(SCOPES),
    "state": "a-state",
}
DAY = 86_400.0


class Desk:
    """A client of the simulated Spotify."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        playlist = SpotifyPlaylist(begun_at=self.clock.now())
        app = RegisteredApp("an-id", "a-secret", {CALLBACK})
        self.spotify = SpotifySimulator(self.clock.now, app, playlist)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.spotify.app), base_url="https://spotify.example"
        )

    async def decide(self, decision: str = "agree", **changes: str) -> dict[str, str]:
        query = str(httpx.QueryParams({**ASK, **changes}))
        answer = await self.http.post("/authorize/decide", data={"query": query, "decision": decision})
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    async def exchange(self, code: str, **changes: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **changes}
        return await self.http.post("/api/token", data=form, headers=basic())

    async def refresh(self, token: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return await self.http.post("/api/token", data=form, headers=basic())

    async def access(self, *scopes: str) -> dict[str, str]:
        token = (await self.refresh(self.spotify.grant(scopes or SCOPES))).json()["access_token"]
        return {"Authorization": f"Bearer {token}"}


def basic(secret: str = "a-secret", client_id: str = "an-id") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    async with made.http:
        yield made


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"client_id": "another"}, "INVALID_CLIENT: Invalid client"),
        ({"redirect_uri": CALLBACK + "/"}, "INVALID_CLIENT: Invalid redirect URI"),
        ({"redirect_uri": "http://localhost:8888/callback"}, "INVALID_CLIENT: Insecure redirect URI"),
        ({"response_type": "token"}, "response_type must be code"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "code_challenge_method must be S256"),
    ],
)
async def test_faults_are_shown_on_its_own_page(desk: Desk, changes: dict[str, str], fault: str) -> None:
    for answer in (
        await desk.http.get("/authorize", params={**ASK, **changes}),
        await desk.http.post("/authorize/decide", data={"query": str(httpx.QueryParams({**ASK, **changes}))}),
    ):
        assert (answer.status_code, answer.text) == (400, fault)


async def test_the_consent_page_says_who_and_what(desk: Desk) -> None:
    page = (await desk.http.get("/authorize", params=ASK)).text
    assert "Nilas Listener" in page
    assert all(scope in page for scope in SCOPES)
    assert "simulation" in page


async def test_a_consent_gives_a_code_that_works_once(desk: Desk) -> None:
    answer = await desk.decide()
    assert answer["state"] == "a-state"
    first, second = await desk.exchange(answer["code"]), await desk.exchange(answer["code"])
    assert first.json()["scope"] == " ".join(SCOPES)
    assert first.json()["refresh_token"] in desk.spotify.refresh_tokens
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")


async def test_a_cancelled_consent_gives_an_error(desk: Desk) -> None:
    assert await desk.decide("cancel") == {"error": "access_denied", "state": "a-state"}


async def test_a_code_lives_ten_minutes_and_belongs_to_its_redirect_uri(desk: Desk) -> None:
    old, other = (await desk.decide())["code"], (await desk.decide())["code"]
    assert (await desk.exchange(other, redirect_uri=CALLBACK + "/")).json()["error"] == "invalid_grant"
    await desk.clock.advance(601)
    assert (await desk.exchange(old)).json()["error_description"] == "Authorization code expired"


async def test_the_verifier_must_fit_the_challenge(desk: Desk) -> None:
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    wrong, right = (await desk.decide(**pkce))["code"], (await desk.decide(**pkce))["code"]
    assert (await desk.exchange(wrong, code_verifier="x" * 43)).json()["error"] == "invalid_grant"
    assert (await desk.exchange(right, code_verifier=VERIFIER)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        (basic("wrong"), "Invalid client secret"),
        (basic(client_id="another"), "Invalid client"),
        ({}, "Invalid client"),
    ],
)
async def test_a_client_must_be_known(desk: Desk, headers: dict[str, str], error: str) -> None:
    answer = await desk.http.post("/api/token", data={"grant_type": "refresh_token"}, headers=headers)
    assert (answer.json()["error"], answer.json()["error_description"]) == ("invalid_client", error)


async def test_an_unknown_grant_type_is_refused(desk: Desk) -> None:
    answer = await desk.http.post("/api/token", data={"grant_type": "password"}, headers=basic())
    assert answer.json()["error"] == "unsupported_grant_type"


async def test_a_refresh_gives_no_new_refresh_token_unless_it_rotates(desk: Desk) -> None:
    token = desk.spotify.grant(SCOPES)
    assert "refresh_token" not in (await desk.refresh(token)).json()
    desk.spotify.rotates = True
    rotated = (await desk.refresh(token)).json()["refresh_token"]
    assert (await desk.refresh(token)).json()["error"] == "invalid_grant"
    assert (await desk.refresh(rotated)).status_code == 200


async def test_a_refresh_token_ends_six_months_after_the_authorization(desk: Desk) -> None:
    token = desk.spotify.grant(SCOPES, desk.clock.now() - 180 * DAY)
    assert (await desk.refresh(token)).status_code == 200
    desk.clock.jump(5 * DAY)
    assert (await desk.refresh(token)).json()["error_description"] == "Refresh token expired"


async def test_an_access_token_ends_after_an_hour(desk: Desk) -> None:
    headers = await desk.access()
    assert (await desk.http.get("/v1/me", headers=headers)).json()["id"] == "nilas.listener"
    await desk.clock.advance(3600)
    assert (await desk.http.get("/v1/me", headers=headers)).status_code == 401
    assert (await desk.http.get("/v1/me")).status_code == 401


async def test_refusals_come_as_plain_text(desk: Desk) -> None:
    headers = await desk.access()
    desk.spotify.is_listed = False
    assert "User not registered" in (await desk.http.get("/v1/me", headers=headers)).text
    desk.spotify.has_premium = False
    assert "premium" in (await desk.http.get("/v1/me", headers=headers)).text


async def test_a_missing_scope_is_refused(desk: Desk) -> None:
    headers = await desk.access("user-read-recently-played")
    for path, status in (("currently-playing", 403), ("recently-played", 200)):
        assert (await desk.http.get(f"/v1/me/player/{path}", headers=headers)).status_code == status
    headers = await desk.access("user-read-currently-playing")
    assert (await desk.http.get("/v1/me/player/recently-played", headers=headers)).status_code == 403


async def test_every_kind_of_scene_has_its_shape(desk: Desk) -> None:
    headers = await desk.access()
    seen: dict[str, httpx.Response] = {}
    for scene in SCENES:
        answer = await desk.http.get(
            "/v1/me/player/currently-playing", headers=headers, params={"additional_types": "track,episode"}
        )
        seen["local" if scene.local else "paused" if scene.paused else scene.kind] = answer
        await desk.clock.advance(scene.seconds)
    assert set(seen) == {"track", "paused", "episode", "ad", "local", "nothing"}
    assert (seen["nothing"].status_code, seen["nothing"].content) == (204, b"")
    assert seen["ad"].json()["item"] is None
    assert seen["paused"].json()["is_playing"] is False
    assert seen["episode"].json()["item"]["show"]["name"] == "The Long Way Round"
    assert seen["local"].json()["item"]["id"] is None


def test_without_additional_types_an_episode_has_no_item() -> None:
    playlist = SpotifyPlaylist((SimulatedPlayback("episode", 10.0, "1", "One", (), "A Show"),))
    body = playlist.currently_playing(0.0, episodes=False)
    assert body is not None
    assert (body["currently_playing_type"], body["item"]) == ("episode", None)


def test_something_new_comes_every_half_minute() -> None:
    assert max(scene.seconds for scene in SCENES) <= 30
    playlist = SpotifyPlaylist(begun_at=0.0)
    titles = [playlist.at(moment)[0] for moment in range(0, 3000, 30)]
    assert all(one is not other for one, other in pairwise(titles))


async def test_its_artwork_is_there_in_every_size_and_small(desk: Desk) -> None:
    for scene in SCENES:
        for width in (640, 300, 64) if scene.artwork else ():
            answer = await desk.http.get(f"/image/{scene.artwork}-{width}")
            assert answer.headers["content-type"] == "image/jpeg"
            assert len(answer.content) < 60_000
    assert (await desk.http.get("/image/none")).status_code == 404
    assert (await desk.http.get("/image/..%2fscenes")).status_code == 404


async def test_a_simulation_that_runs_for_months_records_the_newest_requests_only(desk: Desk) -> None:
    desk.spotify.requests.extend(["/earlier"] * MAX_RECORDED)
    for _ in range(2):
        await desk.http.get("/image/none")
    assert len(desk.spotify.requests) == MAX_RECORDED
    assert desk.spotify.requests[-3:] == ["/earlier", "/image/none", "/image/none"]
