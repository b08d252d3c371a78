"""``/api/now-playing``, ``/healthz`` and ``/readyz``."""

import httpx
import pytest

from tests.support.web_harness import EPISODE, LOCAL, WORKS, WebHarness, advertisement, idle, item, paused, playing
from widget.config.settings import Settings
from widget.model.errors import SpotifyUnreachable, StoreError
from widget.model.playback import Item
from widget.model.snapshot import Snapshot, SourceProblem
from widget.model.tokens import AuthorizationStatus
from widget.notifications.health import HealthStatus


async def get(harness: WebHarness, path: str, **headers: str) -> httpx.Response:
    async with harness.client(**headers) as client:
        return await client.get(path)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (
            item(artists=("One", "Two")),
            {
                "isPlaying": True,
                "title": "Tides of Glass",
                "artist": "One, Two",
                "album": "Low Water",
                "albumImageUrl": "https://i.scdn.co/image/tides-640",
                "songUrl": "https://open.spotify.com/track/5tIdesOfGlass0000000aB",
            },
        ),
        (
            EPISODE,
            {
                "isPlaying": True,
                "title": EPISODE.title,
                "artist": "The Long Way Round",
                "album": "The Long Way Round",
                "albumImageUrl": "https://i.scdn.co/image/maps-640",
                "songUrl": EPISODE.url,
            },
        ),
        (
            LOCAL,
            {
                "isPlaying": True,
                "title": "Kitchen Demo 3",
                "artist": "Mara Lindqvist",
                "album": "",
                "albumImageUrl": None,
                "songUrl": "http://music.example.org/listen",
            },
        ),
    ],
)
async def test_the_flat_shape_is_what_hand_made_widgets_read(
    harness: WebHarness, what: Item, expected: dict[str, object]
) -> None:
    answer = await get(harness.show(playing(harness.clock.now(), what)), "/api/now-playing")
    assert answer.json() == expected
    directives = answer.headers["cache-control"].split(", ")
    assert {"max-age=4", "stale-while-revalidate=4"} <= set(directives)
    again = await get(harness, "/api/now-playing", if_none_match=answer.headers["etag"])
    assert again.status_code == 304


async def test_an_item_without_a_link_leads_to_listen_which_caches_share_only_under_a_known_address() -> None:
    for settings, address, scope in (
        (Settings(), "http://music.example.org/listen", "private, "),
        (Settings(public_url="https://x.example"), "https://x.example/listen", "public, "),
    ):
        harness = WebHarness(settings=settings)
        answer = await get(harness.show(playing(harness.clock.now(), LOCAL)), "/api/now-playing")
        assert answer.json()["songUrl"] == address
        assert answer.headers["cache-control"].startswith(scope)


async def test_every_other_status_is_not_playing(harness: WebHarness) -> None:
    now = harness.clock.now()
    down = Snapshot(None, SourceProblem("quota_exceeded", "…"))
    for snapshot in (paused(now), advertisement(now), idle(now, item()), down):
        answer = await get(harness.show(snapshot), "/api/now-playing")
        assert (answer.status_code, answer.json()) == (200, {"isPlaying": False})


async def test_healthz_is_ok_while_the_process_serves() -> None:
    problem = SourceProblem("not_configured", "…")
    answer = await get(WebHarness(health=HealthStatus(AuthorizationStatus("missing"), None, problem, 0)), "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_readyz_is_ok_while_everything_works(harness: WebHarness) -> None:
    answer = await get(harness, "/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "token": {"state": "ok", "days_left": 120},
        "spotify": {"last_success_at": "2026-11-18T11:06:40.000Z", "error": None},
        "source": {"name": "spotify", "last_success_at": "2026-11-18T11:06:40.000Z", "error": None},
        "calls_last_24h": 12,
    }
    assert answer.headers["cache-control"] == "no-store"
    assert WORKS.problem is None


async def test_readyz_is_503_with_the_reason() -> None:
    problem = SourceProblem("needs_authorization", "Authorize again.")
    harness = WebHarness(health=HealthStatus(AuthorizationStatus("needs_authorization", 3), None, problem, None))
    answer = await get(harness, "/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "needs_authorization",
        "token": {"state": "needs_authorization", "days_left": 3},
        "spotify": {
            "last_success_at": None,
            "error": {"code": "needs_authorization", "message": "Authorize again."},
        },
        "source": {
            "name": "spotify",
            "last_success_at": None,
            "error": {"code": "needs_authorization", "message": "Authorize again."},
        },
        "calls_last_24h": None,
    }


def test_a_problem_is_made_from_an_exception() -> None:
    of_the_store = SourceProblem.of(StoreError("the database /srv/private.db cannot be used"), 100.0)
    assert of_the_store.code == "store_unavailable"
    assert "private" not in of_the_store.message
    assert SourceProblem.of(SpotifyUnreachable("502", retry_after=5.0), 100.0).retry_at == 105.0
