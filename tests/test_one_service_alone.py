"""No word of one service in another's routes, no request to its hosts, whatever is set and stored."""

import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.responses import Response

from tests.support.crawl import Crawl, crawl
from tests.support.fake_clock import FakeClock
from tests.support.other_program import RELEASED, SILENCE, OtherProgram, Services, other_program, services
from tests.support.program import PUBLIC_URL, authorize, program, simulated
from widget.config.settings import Settings
from widget.model.sources import SOURCES

POLLED = ("lastfm", "listenbrainz", "subsonic")
NAMES: Mapping[str, tuple[str, ...]] = {
    "spotify": ("spotify", "scdn.co"),
    "lastfm": ("last.fm", "lastfm", "audioscrobbler"),
    "listenbrainz": ("listenbrainz",),
    "inlet": ("inlet_",),
    "subsonic": ("subsonic", "navidrome"),
    "mpd": ("mpd_", "music player daemon"),
}
"""What a service is called, small letters."""

HOSTS: Mapping[str, frozenset[str]] = {
    "spotify": frozenset({"accounts.spotify.com", "api.spotify.com", "i.scdn.co"}),
    "lastfm": frozenset({"ws.audioscrobbler.com"}),
    "listenbrainz": frozenset({"api.listenbrainz.org"}),
    "subsonic": frozenset({"music-at-home.example.org"}),
}
COVER_ART = frozenset({"coverartarchive.org", "archive.org", "ia801500.us.archive.org"})
EVERYTHING = {
    "SPOTIFY_CLIENT_ID": "an-id",
    "SPOTIFY_CLIENT_SECRET": "a-secret",
    "SPOTIFY_REFRESH_TOKEN": "a-seed",
    "SPOTIFY_AUTHORIZED_AT": "2026-11-01T00:00:00Z",
    "LASTFM_USER": "elin.listens",
    "LASTFM_API_KEY": "0123456789abcdef0123456789abcdef",
    "LISTENBRAINZ_USER": "elin_listens",
    "LISTENBRAINZ_TOKEN": "4f8a2d1c-90b7-4e35-a6c1-2b7e5d3f9a10",
    "INLET_TOKEN": "a-token-for-all-players",
    "INLET_LABEL": "Nobody's inlet_",
    "SUBSONIC_URL": "https://music-at-home.example.org",
    "SUBSONIC_USER": "elin",
    "SUBSONIC_PASSWORD": "correct horse battery",
    "MPD_HOST": "mpd.example.org",
    "MPD_LABEL": "Nobody's mpd_",
    "SETUP_KEY": "a key of sixteen characters",
    "RECENT": "3",
    "PUBLIC_URL": PUBLIC_URL,
}
"""What is set for one source stands beside what is set for all others."""


MAY_NAME = {"inlet": "listenbrainz"}
"""A recording that a player tells has its page there."""


def others(name: str) -> list[str]:
    """The names of all sources but ``name``."""
    left_out = (name, MAY_NAME.get(name))
    return [word for other, words in NAMES.items() if other not in left_out for word in words]


def test_every_source_has_a_name_here() -> None:
    assert set(NAMES) == set(SOURCES)


@asynccontextmanager
async def with_another_s_token(
    folder: Path, name: str, served: Services, clock: FakeClock, **environ: str
) -> AsyncIterator[OtherProgram]:
    """The program with the source ``name``, on a database that also holds a token of Spotify's, five days before its
    end."""
    given = {**EVERYTHING, "SOURCE": name, **environ}
    async with other_program(folder, given, clock, served) as running:
        await authorize(running.store, simulated(clock), age=178 * 86_400.0)
        yield running


def a_refusal(served: Services) -> None:
    served.lastfm.error, served.listenbrainz.status, served.subsonic.error = 10, 401, 40


def an_unknown_user(served: Services) -> None:
    served.lastfm.error, served.listenbrainz.status, served.subsonic.error = 6, 404, 70


def an_outage(served: Services) -> None:
    served.lastfm.error, served.listenbrainz.status, served.subsonic.error = 8, 503, 0


def a_limit(served: Services) -> None:
    served.lastfm.error, served.listenbrainz.status = 29, 429
    served.subsonic.answer = lambda _: Response(status_code=429, headers={"Retry-After": "30"})


@pytest.mark.parametrize("name", POLLED)
@pytest.mark.parametrize("trouble", [None, a_refusal, an_unknown_user, an_outage, a_limit])
async def test_spotify_stands_in_nothing_that_anybody_sees_of_another_source(
    tmp_path: Path, name: str, trouble: Callable[[Services], None] | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    served = services(clock, *[replace(RELEASED, seconds=200.0)] * 3, SILENCE)
    await clock.advance(450)
    if trouble is not None:
        trouble(served)
    async with with_another_s_token(tmp_path, name, served, clock) as running:
        await running.watch(20)
        if trouble is not None:
            # What has lasted an hour is told by the messages, which stand in the log too.
            await running.watch(640)
            await clock.sleep_through(3_000)
            await running.watch(640)
        first = await crawl(running.app, running.client)
    for told in (first, Crawl({"the log": caplog.text})):
        assert told.words(*others(name)) == []
    if trouble is None:
        assert "small planets" in first.responses["/now-playing"].lower()
        assert f"/{running.services.lastfm.user}" in first.responses["/widget?layout=card&lang=en"] or name != "lastfm"
    assert set(running.services.requested_hosts) <= HOSTS[name] | COVER_ART


@pytest.mark.parametrize("name", POLLED)
async def test_nor_before_it_is_set_up(tmp_path: Path, name: str) -> None:
    clock = FakeClock()
    unset = {variable: "" for variable in EVERYTHING if variable.startswith(SOURCES[name].prefix)}  # type: ignore[index]
    async with with_another_s_token(tmp_path, name, services(clock), clock, **unset) as running:
        told = await crawl(running.app, running.client)
    assert told.words(*others(name)) == []
    assert f"python -m bootstrap --source {name}" in told.responses["/?layout=card"]
    assert running.services.requested_hosts == []


async def test_nor_of_what_players_tell(tmp_path: Path) -> None:
    clock = FakeClock()
    own = {"INLET_LABEL": "The kitchen", "INLET_TOKEN": EVERYTHING["INLET_TOKEN"]}
    async with with_another_s_token(tmp_path, "inlet", services(clock), clock, **own) as running:
        before = await crawl(running.app, running.client)
        told = {
            "artist_name": "Nova",
            "track_name": "Small Planets",
            "additional_info": {
                "release_mbid": RELEASED.release,
                "origin_url": "https://open.spotify.com/track/5tIdesOfGlass0000000aB",
                "music_service": "spotify.com",
            },
        }
        answer = await running.client.post(
            "/1/submit-listens",
            json={"listen_type": "playing_now", "payload": [{"track_metadata": told}]},
            headers={"Authorization": f"Token {own['INLET_TOKEN']}"},
        )
        assert answer.status_code == 200
        await running.clock.advance(2)
        playing = await crawl(running.app, running.client)
        await running.clock.advance(700)
        ended = await crawl(running.app, running.client)
    assert "small planets" in playing.responses["/now-playing"].lower()
    assert "the kitchen" in playing.responses["/widget?layout=card&lang=en"].lower()
    for walked in (before, playing, ended):
        assert walked.words(*others("inlet")) == []
    assert set(running.services.requested_hosts) <= COVER_ART


async def test_no_other_source_stands_in_what_anybody_sees_of_spotify(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asked: list[str] = []
    settings = Settings.from_environ({name: value for name, value in EVERYTHING.items() if "REFRESH" not in name})
    async with program(tmp_path, settings=settings, requested_hosts=asked) as running:
        stored = {f"source:{name}": json.dumps(values_of(name)) for name in ("lastfm", "listenbrainz", "inlet")}
        await running.store.set_values(stored)
        await running.client.get("/now-playing")
        await running.clock.advance(10)
        playing = await crawl(running.app, running.client)
        running.simulator.has_premium = False
        await running.clock.advance(120)
        await running.client.get("/now-playing")
        await running.clock.advance(10)
        refused = await crawl(running.app, running.client)
    for told in (playing, refused, Crawl({"the log": caplog.text})):
        assert told.words(*others("spotify"), "coverartarchive", "musicbrainz") == []
    assert "tides of glass" in playing.responses["/now-playing"].lower()
    assert "forbidden" in refused.responses["/readyz"]
    assert "api.spotify.com" in asked
    assert set(asked) <= HOSTS["spotify"]


def values_of(name: str) -> dict[str, str]:
    """What is set for the source ``name``."""
    return {variable: value for variable, value in EVERYTHING.items() if variable.startswith(f"{name.upper()}_")}
