"""The real program behind a proxy that records the targets, with everything set for every source."""

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Server, server, spotify
from tests.support.crawl import PATHS, Crawl
from tests.support.other_program import RELEASED
from tests.support.recording_proxy import RecordingProxy, recording_proxy
from tests.support.scrobbling import Scrobbling, bare, scrobbling
from widget.clock import format_rfc3339
from widget.sources.spotify.accounts_api import SCOPES

TOKEN = "a-token-for-all-players"
LONG_RELEASED = replace(RELEASED, seconds=50_000.0, length=600.0, drawing="")
OF_SPOTIFY = {
    "SPOTIFY_CLIENT_ID": "an-id",
    "SPOTIFY_CLIENT_SECRET": "a-secret",
    "SPOTIFY_REFRESH_TOKEN": "a-seed",
    "SPOTIFY_AUTHORIZED_AT": "2026-11-01T00:00:00Z",
}
OF_OTHERS = {
    "LASTFM_USER": "elin.listens",
    "LASTFM_API_KEY": "0123456789abcdef0123456789abcdef",
    "LISTENBRAINZ_USER": "elin_listens",
    "INLET_TOKEN": TOKEN,
}


@pytest.fixture
def proxy() -> Iterator[RecordingProxy]:
    with recording_proxy() as running:
        yield running


@pytest.fixture
def services() -> Iterator[Scrobbling]:
    with scrobbling(LONG_RELEASED) as running:
        yield running


def through(proxy: RecordingProxy, environ: dict[str, str]) -> dict[str, str]:
    """``environ``, with all that leaves this machine going to ``proxy``."""
    own = {name: value for name, value in environ.items() if not name.lower().endswith("_proxy")}
    return {**own, "ALL_PROXY": proxy.url, "NO_PROXY": "127.0.0.1", "RECENT": "3"}


def walked(running: Server) -> Crawl:
    """All faces and the first event."""
    told = Crawl()
    for path in PATHS:
        address = f"/oembed?url={running.url}/widget" if path == "/oembed" else path
        answer = running.get(address)
        told.responses[path] = str(answer.headers) + answer.text.replace('"spotify":null', "")
    with httpx.stream("GET", f"{running.url}/now-playing/events", timeout=10) as stream:
        told.responses["/now-playing/events"] = next(stream.iter_lines())
    return told


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def log_of(running: Server) -> str:
    """What the program said at its end, but for the variables that it told to be of no use."""
    _, _, err = running.end(signal.SIGTERM)
    return "\n".join(line for line in err.splitlines() if "is not used" not in line)


@pytest.mark.parametrize("source", ["lastfm", "listenbrainz", "inlet"])
def test_nothing_goes_to_spotify_or_another_source_and_nothing_is_said_of_it(
    tmp_path: Path, services: Scrobbling, proxy: RecordingProxy, source: str
) -> None:
    environ = {**bare(), **OF_SPOTIFY, **OF_OTHERS, **services.environ(source), "SOURCE": source}
    with server(tmp_path, through(proxy, environ)) as running:
        if source == "inlet":
            info = {"release_mbid": RELEASED.release, "origin_url": "https://open.spotify.com/track/1"}
            told = {"artist_name": "Nova", "track_name": "Small Planets", "additional_info": info}
            body = {"listen_type": "playing_now", "payload": [{"track_metadata": told}]}
            headers = {"Authorization": f"Token {TOKEN}"}
            httpx.post(f"{running.url}/1/submit-listens", json=body, headers=headers).raise_for_status()
        until(lambda: running.get().json()["status"] == "playing")
        running.get(running.get().json()["item"]["artwork_path"])
        told_all = walked(running)
        until(lambda: bool(proxy.targets))
        told_all.responses["the log"] = log_of(running)
    assert told_all.words("spotify", "scdn.co") == []
    assert proxy.targets == {"coverartarchive.org:443"}


def test_nothing_of_spotify_s_goes_to_another_source(tmp_path: Path, proxy: RecordingProxy) -> None:
    with spotify() as service:
        seed = {
            "SPOTIFY_REFRESH_TOKEN": service.simulator.grant(SCOPES),
            "SPOTIFY_AUTHORIZED_AT": format_rfc3339(time.time()),
        }
        with server(tmp_path, through(proxy, {**service.environ, **OF_OTHERS, **seed})) as running:
            until(lambda: running.get().json()["status"] == "playing")
            running.get(running.get().json()["item"]["artwork_path"])
            told_all = walked(running)
            until(lambda: bool(proxy.targets))
            told_all.responses["the log"] = log_of(running)
    assert told_all.words("last.fm", "lastfm", "audioscrobbler", "listenbrainz", "coverart") == []
    assert proxy.targets == {"i.scdn.co:443"}
