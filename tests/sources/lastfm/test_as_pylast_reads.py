"""The reader of Last.fm's JSON against pylast, a published client that reads the same responses as XML."""

import json
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import httpx
import pylast
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fake_clock import FakeClock
from widget.http_client import http_client
from widget.model.errors import SourceError
from widget.model.playback import Item
from widget.sources.lastfm.payloads import read_recent_tracks
from widget.sources.simulators.lastfm import LastfmSimulator
from widget.sources.simulators.playlist import Playlist, SimulatedTrack

NOW = 1_795_000_000.0
USER = "elin.listens"
Row = tuple[str, str, str]


def element(name: str, value: Any) -> str:
    """Return ``value`` as Last.fm's XML, where ``@attr`` and the siblings of ``#text`` are attributes."""
    if isinstance(value, list):
        return "".join(element(name, one) for one in value)
    if not isinstance(value, dict):
        return f"<{name}>{escape(str(value))}</{name}>"
    attributes, children = dict(value.get("@attr", {})), {key: value[key] for key in value if key != "@attr"}
    text = ""
    if "#text" in children:
        text = escape(children.pop("#text"))
        attributes, children = {**attributes, **children}, {}
    written = "".join(f" {key}={quoteattr(str(text))}" for key, text in attributes.items())
    return f"<{name}{written}>{text}{''.join(element(key, child) for key, child in children.items())}</{name}>"


def as_xml(answer: dict[str, Any]) -> str:
    """Return the whole response as XML."""
    if "error" in answer:
        message = escape(str(answer["message"]))
        return f'<lfm status="failed"><error code="{answer["error"]}">{message}</error></lfm>'
    return f'<lfm status="ok">{element("recenttracks", answer["recenttracks"])}</lfm>'


class Answering(httpx.HTTPTransport):
    """Responds to each request with ``text``, in place of the network."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=self._text)


def as_pylast_reads(answer: dict[str, Any]) -> tuple[Row | None, list[tuple[Row, float]]]:
    """Return what plays and the plays, as pylast reads them."""
    network = pylast.LastFMNetwork(api_key="k" * 32)
    network.proxy = {"all://": Answering(as_xml(answer))}
    user = network.get_user(USER)
    track = user.get_now_playing()  # type: ignore[no-untyped-call]
    playing = None if track is None else (track.title, track.artist.name, track.info["album"] or "")
    played = user.get_recent_tracks(limit=50, cacheable=False)
    return playing, [
        ((one.track.title, one.track.artist.name, one.album or ""), float(one.timestamp)) for one in played
    ]


def as_we_read(answer: dict[str, Any]) -> tuple[Row | None, list[tuple[Row, float]]]:
    """Return the same as the program reads it."""
    result = read_recent_tracks(200, json.dumps(answer).encode(), None, USER, NOW)
    item = None if result.playback is None else result.playback.item
    played = result.history or ()
    return None if item is None else row(item), [(row(last.item), last.played_at) for last in played]


def row(item: Item) -> Row:
    """Return title, artist and album; empty if there is none."""
    return item.title, item.artists[0].name if item.artists else "", item.album.name if item.album else ""


async def answered(simulator: LastfmSimulator) -> dict[str, Any]:
    async with http_client(httpx.ASGITransport(simulator.app)) as http:
        query = {"method": "user.getRecentTracks", "user": USER, "api_key": simulator.key, "format": "json"}
        answer: dict[str, Any] = (await http.get("https://ws.audioscrobbler.com/2.0/", params=query)).json()
        return answer


@pytest.mark.parametrize("seconds", [5.0, 30.0, 85.0, 100.0])
async def test_what_plays_and_what_was_played_is_the_same_for_both(seconds: float) -> None:
    clock = FakeClock()
    simulator = LastfmSimulator(clock.now, user=USER, playlist=Playlist(begun_at=clock.now()))
    await clock.advance(seconds)
    answer = await answered(simulator)
    assert as_we_read(answer) == as_pylast_reads(answer)
    assert as_we_read(answer)[1]


@pytest.mark.parametrize("number", [6, 8, 10, 11, 16, 17, 26, 29])
async def test_what_is_an_error_for_one_is_an_error_for_the_other(number: int) -> None:
    simulator = LastfmSimulator(FakeClock().now, user=USER, error=number, quiet=200)
    answer = await answered(simulator)
    with pytest.raises(pylast.WSError) as theirs:
        as_pylast_reads(answer)
    assert int(theirs.value.status) == number
    with pytest.raises(SourceError):
        as_we_read(answer)


# pylast takes HTML's entities apart and white space off the ends, which we leave as they are told.
words = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="&"), min_size=1, max_size=30)


@given(st.lists(st.tuples(words, words, words | st.just("")), min_size=1, max_size=5), st.booleans())
@settings(max_examples=60, deadline=None)
def test_whatever_the_texts_are_both_read_the_same(texts: list[Row], plays: bool) -> None:
    pieces = [SimulatedTrack(200.0, title, (artist,), album) for title, artist, album in texts]
    rows = [
        {"artist": {"mbid": "", "#text": piece.artists[0]}, "album": {"mbid": "", "#text": piece.album}}
        | {"name": piece.title, "url": "https://www.last.fm/music/x"}
        for piece in pieces
    ]
    first, *rest = rows
    listed: list[dict[str, Any]] = [first | {"@attr": {"nowplaying": "true"}}] if plays else []
    for at, one in enumerate(rest if plays else rows):
        listed.append(one | {"date": {"uts": str(int(NOW) - 300 * (at + 1)), "#text": "then"}})
    attributes = {"user": USER, "totalPages": "1", "page": "1", "perPage": "50", "total": str(len(listed))}
    answer = {"recenttracks": {"track": listed, "@attr": attributes}}
    assert as_we_read(answer) == as_pylast_reads(answer)
