"""The inlet with a published client library of ListenBrainz."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import liblistenbrainz
import pytest
from liblistenbrainz import errors

from tests.support.commands import ROOT, Server, server

TOKEN = "a-token-that-players-send"
pytestmark = pytest.mark.liblistenbrainz


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Server]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SOURCE": "inlet", "INLET_TOKEN": TOKEN}
    with server(tmp_path, environ) as started:
        yield started


def listen(title: str, at: int | None = None) -> liblistenbrainz.Listen:
    info = {"duration_ms": 200_000}
    return liblistenbrainz.Listen(
        track_name=title, artist_name="The Weirs", release_name="Locks", listened_at=at, additional_info=info
    )


def client(running: Server) -> liblistenbrainz.ListenBrainz:
    made = liblistenbrainz.ListenBrainz(api_base_url=running.url)
    made.set_auth_token(TOKEN)  # It asks whether the token is valid.
    return made


def test_what_it_submits_is_shown(running: Server) -> None:
    player = client(running)
    assert player.submit_playing_now(listen("Copper Sky")) == {"status": "ok"}
    now = running.get().json()
    assert (now["status"], now["item"]["title"]) == ("playing", "Copper Sky")
    assert player.submit_single_listen(listen("Copper Sky", int(time.time()))) == {"status": "ok"}
    assert player.submit_multiple_listens([listen("Old", 1_700_000_000)]) == {"status": "ok"}
    assert player.submit_multiple_listens([listen("New", int(time.time()) - 5)]) == {"status": "ok"}
    assert running.get().json()["item"]["title"] == "Copper Sky"


def test_a_wrong_token_and_a_wrong_time_are_refused_as_it_expects(running: Server) -> None:
    with pytest.raises(errors.InvalidAuthTokenException):
        liblistenbrainz.ListenBrainz(api_base_url=running.url).set_auth_token("wrong")
    with pytest.raises(errors.ListenBrainzAPIException) as refused:
        client(running).submit_single_listen(listen("Ahead", int(time.time()) + 90_000))
    assert refused.value.status_code == 400
