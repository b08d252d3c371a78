"""``/now-playing``: the JSON, its ETag, its caching."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fake_clock import FakeClock
from tests.support.web_harness import EPISODE, LOCAL, WebHarness, advertisement, idle, item, paused, playing
from widget.clock import format_rfc3339_ms
from widget.model.snapshot import Snapshot, SourceProblem
from widget.model.sources import SPOTIFY
from widget.web.api.encoder import encode_snapshot
from widget.web.caching import max_age

KEYS = [
    "status",
    "is_playing",
    "item",
    "progress_ms",
    "started_at",
    "last_played",
    "recent",
    "updated_at",
    "valid_until",
    "stale",
    "error",
    "source",
]
ITEM_KEYS = {
    "type",
    "id",
    "uri",
    "url",
    "title",
    "artists",
    "album",
    "show",
    "artwork",
    "artwork_path",
    "artwork_color",
    "accent_color",
    "explicit",
    "is_local",
    "duration_ms",
}
DOWN = Snapshot(None, SourceProblem("rate_limited", "Spotify asks us to wait.", 1_795_000_090.0))


async def get(harness: WebHarness, **headers: str) -> httpx.Response:
    async with harness.client(**headers) as client:
        return await client.get("/now-playing")


async def tag(harness: WebHarness, snapshot: Snapshot) -> str:
    return (await get(harness.show(snapshot))).headers["etag"]


@pytest.mark.parametrize("name", ["playing", "paused", "ad", "idle", "unavailable"])
async def test_every_key_is_there_in_every_state(harness: WebHarness, name: str) -> None:
    now = harness.clock.now()
    snapshots = {"playing": playing(now), "paused": paused(now), "ad": advertisement(now), "idle": idle(now, item())}
    answer = (await get(harness.show(snapshots.get(name, DOWN)))).json()
    assert list(answer) == KEYS
    assert answer["status"] == name
    assert answer["is_playing"] == (name == "playing")
    assert (answer["item"] is not None) == (name in ("playing", "paused"))


async def test_a_playing_track_has_all_its_fields(harness: WebHarness) -> None:
    answer = (await get(harness.show(playing(harness.clock.now())))).json()
    assert set(answer["item"]) == ITEM_KEYS
    assert answer["item"]["artwork_path"].startswith("/artwork/")
    assert [one["width"] for one in answer["item"]["artwork"]] == [640, 300, 64]
    assert answer["item"]["show"] is None
    assert answer["source"] == {"name": "spotify", "label": "Spotify", "url": "https://open.spotify.com/"}
    assert answer["updated_at"] == "2026-11-18T11:06:40.000Z"
    assert answer["last_played"] is None


async def test_an_episode_has_a_show_and_no_artists(harness: WebHarness) -> None:
    answer = (await get(harness.show(playing(harness.clock.now(), EPISODE)))).json()["item"]
    assert (answer["type"], answer["artists"], answer["album"]) == ("episode", [], None)
    assert answer["show"]["name"] == "The Long Way Round"


async def test_a_local_file_has_no_link_and_no_artwork(harness: WebHarness) -> None:
    answer = (await get(harness.show(playing(harness.clock.now(), LOCAL)))).json()["item"]
    assert (answer["is_local"], answer["id"], answer["url"]) == (True, None, None)
    assert (answer["artwork"], answer["artwork_path"]) == ([], None)


async def test_the_etag_steps_every_five_seconds_of_progress() -> None:
    clock = FakeClock()
    harness = WebHarness(clock)
    responses = [await get(harness.show(playing(clock.now())))]
    for _ in range(12):
        await clock.advance(1)
        responses.append(await get(harness))
    assert [response.json()["progress_ms"] for response in responses] == list(range(61_000, 74_000, 1000))
    tags = [response.headers["etag"] for response in responses]
    assert [tags.index(tag) for tag in tags] == [0] * 4 + [4] * 5 + [9] * 4
    assert all(tag.startswith('W/"') for tag in tags)


async def test_a_304_confirms_a_progress_at_most_five_seconds_old() -> None:
    clock = FakeClock()
    harness = WebHarness(clock)
    first = await get(harness.show(playing(clock.now(), progress_ms=60_000)))
    await clock.advance(4.9)
    assert (await get(harness, if_none_match=first.headers["etag"])).status_code == 304
    await clock.advance(0.4)
    assert (await get(harness, if_none_match=first.headers["etag"])).status_code == 200


@pytest.mark.parametrize("snapshot", [paused, idle, advertisement])
async def test_the_etag_stays_while_nothing_moves(snapshot: Callable[[float], Snapshot]) -> None:
    clock = FakeClock()
    harness = WebHarness(clock)
    first = await tag(harness, snapshot(clock.now()))
    await clock.advance(60)
    assert (await get(harness)).headers["etag"] == first


async def test_the_start_of_the_play_gives_the_progress_of_a_copy_of_any_age() -> None:
    clock = FakeClock()
    harness = WebHarness(clock)
    first = (await get(harness.show(playing(clock.now())))).json()
    assert first["started_at"] == format_rfc3339_ms(clock.now() - 61)
    await clock.advance(40)
    assert (await get(harness)).json()["started_at"] == first["started_at"]
    for other in (paused(clock.now()), idle(clock.now()), playing(clock.now(), progress_ms=None)):
        assert (await get(harness.show(other))).json()["started_at"] is None


async def test_the_progress_stays_within_the_item(harness: WebHarness) -> None:
    now = harness.clock.now()
    answer = (await get(harness.show(playing(now - 10_000)))).json()
    assert answer["progress_ms"] == answer["item"]["duration_ms"]
    assert (await get(harness.show(playing(now, progress_ms=None)))).json()["progress_ms"] is None


async def test_every_other_change_changes_the_etag(harness: WebHarness) -> None:
    now = harness.clock.now()
    changes = [
        playing(now),
        playing(now, progress_ms=120_000),
        playing(now, item("Another")),
        playing(now, item(explicit=True)),
        playing(now, stale=True),
        playing(now, progress_ms=None, started_at=None),
        paused(now),
        idle(now),
        idle(now, item()),
        advertisement(now),
        DOWN,
    ]
    tags = [await tag(harness, snapshot) for snapshot in changes]
    assert len(set(tags)) == len(tags)


async def test_a_poll_that_only_confirms_changes_nothing(harness: WebHarness) -> None:
    now = harness.clock.now()
    first = playing(now)
    later = playing(now + 5, progress_ms=66_000, started_at=first.started_at)
    assert await tag(harness, first) == await tag(harness, later)


async def test_the_time_until_which_it_may_be_shown_is_there(harness: WebHarness) -> None:
    now = harness.clock.now()
    ends = (await get(harness.show(playing(now, progress_ms=14_000)))).json()
    assert ends["valid_until"] == format_rfc3339_ms(now + 203)
    assert (await get(harness.show(paused(now)))).json()["valid_until"] is None
    told = await tag(harness, playing(now, progress_ms=None, valid_until=now + 60))
    assert told != await tag(harness, playing(now, progress_ms=None, valid_until=now + 90))


@pytest.mark.parametrize("form", ["{tag}", '"other", {tag}', "*", "{opaque}", ' "a" ,{tag} '])
async def test_a_client_that_has_it_gets_304_with_the_headers_and_no_body(harness: WebHarness, form: str) -> None:
    etag = await tag(harness, playing(harness.clock.now()))
    answer = await get(harness, if_none_match=form.format(tag=etag, opaque=etag.removeprefix("W/")))
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["etag"] == etag
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "max-age" in answer.headers["cache-control"]


async def test_a_client_that_has_another_gets_all_of_it(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    assert (await get(harness, if_none_match='W/"another"')).status_code == 200


async def test_unavailable_is_503_with_the_reason_and_when_to_retry(harness: WebHarness) -> None:
    answer = await get(harness.show(DOWN), if_none_match="*")
    assert answer.status_code == 503
    assert answer.json()["error"] == {"code": "rate_limited", "message": "Spotify asks us to wait."}
    assert answer.headers["retry-after"] == "90"
    assert "max-age=1," in answer.headers["cache-control"]
    assert "stale-if-error" not in answer.headers["cache-control"]


async def test_without_a_known_moment_there_is_no_retry_after(harness: WebHarness) -> None:
    answer = await get(harness.show(Snapshot(None, SourceProblem("not_configured", "Run the bootstrap."))))
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(("seconds", "age"), [(-5, 1), (0.2, 1), (1.0, 1), (4.9, 4), (10, 10), (300, 10), (None, 1)])
def test_the_age_is_the_whole_seconds_until_news(seconds: float | None, age: int) -> None:
    now = 1_795_000_000.0
    news_at = None if seconds is None else now + seconds
    assert max_age(replace(paused(now), next_update_at=news_at), now) == age


@pytest.mark.parametrize(("progress_ms", "age"), [(60_000, 5), (61_000, 4), (64_800, 1), (None, 10)])
def test_while_progress_moves_a_copy_is_kept_until_its_next_step(progress_ms: int | None, age: int) -> None:
    now = 1_795_000_000.0
    assert max_age(playing(now, progress_ms=progress_ms, next_update_at=now + 60), now) == age


def test_errors_are_not_kept_for_longer_than_five_seconds() -> None:
    snapshot = Snapshot(None, SourceProblem("not_configured", "…"), next_update_at=1_795_000_100.0)
    assert max_age(snapshot, 1_795_000_000.0) == 5


STALE = re.compile(r"max-age=(\d+), .*stale-while-revalidate=(\d+), stale-if-error=(\d+)")


@pytest.mark.parametrize("path", ["/now-playing", "/api/now-playing", "/now-playing.txt", "/widget"])
@pytest.mark.parametrize("left", [150.0, 14.9, 6.0, 3.1, 0.5])
async def test_no_copy_is_shown_beyond_its_end_not_even_when_the_server_is_down(path: str, left: float) -> None:
    clock = FakeClock()
    harness = WebHarness(clock).show(playing(clock.now(), progress_ms=214_000 - round((left - 3) * 1000)))
    async with harness.client() as client:
        response = await client.get(path)
    found = STALE.search(response.headers["cache-control"])
    assert found is not None
    fresh, revalidate, if_error = map(int, found.groups())
    kept = fresh if path != "/widget" else 1
    assert kept + max(revalidate, if_error) <= max(left, kept)
    assert if_error <= 300


async def test_a_copy_of_what_does_not_end_may_be_shown_for_five_minutes_when_the_server_is_down(
    harness: WebHarness,
) -> None:
    response = await get(harness.show(paused(harness.clock.now())))
    assert response.headers["cache-control"] == (
        "public, max-age=5, s-maxage=5, stale-while-revalidate=10, stale-if-error=300"
    )


async def test_pages_of_other_origins_may_read_the_age_of_a_copy(harness: WebHarness) -> None:
    response = await get(harness.show(playing(harness.clock.now())))
    assert response.headers["access-control-expose-headers"] == "Age, Date, ETag, Retry-After"


@given(st.text(), st.text(), st.integers(0, 10**9))
def test_any_text_comes_back_untouched(title: str, artist: str, progress_ms: int) -> None:
    snapshot = playing(1_795_000_000.0, item(title, (artist,), duration_ms=10**9), progress_ms)
    answer = json.loads(encode_snapshot(snapshot, WebHarness().artwork, SPOTIFY).at(1_795_000_000.0))
    assert answer["item"]["title"] == title
    assert answer["item"]["artists"][0]["name"] == artist
    assert answer["progress_ms"] == progress_ms


async def test_head_has_the_same_headers_without_a_body(harness: WebHarness) -> None:
    got = await get(harness.show(playing(harness.clock.now())))
    async with harness.client() as client:
        head = await client.head("/now-playing")
    assert head.content == b""
    assert head.headers == got.headers


async def test_other_methods_are_refused_and_preflights_allowed(harness: WebHarness) -> None:
    async with harness.client() as client:
        preflight = await client.options("/now-playing")
        post = await client.post("/now-playing")
    assert (preflight.status_code, post.status_code) == (204, 405)
    assert "GET" in preflight.headers["access-control-allow-methods"]
    assert post.headers["allow"] == "GET, HEAD, OPTIONS"
