"""The real Maloja as ``LISTENBRAINZ_URL``: it takes what plays, and does not tell it."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import ROOT, run
from tests.support.maloja_server import TOKEN, USER, MalojaServer, maloja_server
from tests.support.real_time import real_time_program

pytestmark = [pytest.mark.process, pytest.mark.maloja]

SPELLINGS = ["/apis/listenbrainz", "/apis/listenbrainz/", "/apis/listenbrainz/1", "/apis/listenbrainz/1/"]
"""Its users write the address without the version or with it, as their player wants it."""

OTHER_PATHS = {"": 404, "/apis": 404, "/apis/lbrnz": 303}
"""Addresses that lead to Maloja, but not to its ListenBrainz API, and what it responds there."""


@pytest.fixture(scope="module")
def maloja(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MalojaServer]:
    with maloja_server(tmp_path_factory.mktemp("maloja")) as server:
        track = {"track_name": "Harbour Lights", "artist_name": "Elin Sandvik"}
        submission = {"listen_type": "playing_now", "payload": [{"track_metadata": track}]}
        assert server.call("submit-listens", submission).json() == {"status": "ok"}
        yield server


def bootstrap(folder: Path, maloja: MalojaServer, path: str) -> tuple[int, str, bool]:
    """Return the exit code, what it says in one line, and whether something is stored."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    arguments = ("--source", "listenbrainz")
    done = run("bootstrap", *arguments, cwd=folder, environ={**environ, **maloja.environ(path)}, seconds=60)
    exported = run("bootstrap", "export", cwd=folder, environ={**environ, "SOURCE": "listenbrainz"}, seconds=60)
    return done.returncode, " ".join((done.stdout + done.stderr).split()), maloja.url in exported.stdout


@pytest.mark.parametrize("question", ["playing-now", "listens?count=2"])
def test_maloja_answers_both_questions_with_200_and_no_payload(maloja: MalojaServer, question: str) -> None:
    answer = maloja.call(f"user/{USER}/{question}")
    assert answer.status_code == 200
    assert answer.json() == {"code": 200, "error": "Invalid Method"}


@pytest.mark.parametrize("path", SPELLINGS)
def test_bootstrap_refuses_it_in_words_and_stores_nothing(maloja: MalojaServer, tmp_path: Path, path: str) -> None:
    code, said, is_stored = bootstrap(tmp_path, maloja, path)
    assert (code, is_stored) == (1, False)
    assert "LISTENBRAINZ_URL: this server does not tell what plays." in said
    assert TOKEN not in said


@pytest.mark.parametrize("path", SPELLINGS)
async def test_a_running_server_says_why_it_shows_nothing(maloja: MalojaServer, tmp_path: Path, path: str) -> None:
    async with real_time_program(tmp_path, {**maloja.environ(path), "RECENT": "5"}) as program:
        now = await program.until(lambda now: now["error"] is not None, seconds=60)
        assert (now["status"], now["item"], now["recent"]) == ("unavailable", None, [])
        assert now["error"]["code"] == "source_unreachable"
        assert "this server does not tell what plays" in now["error"]["message"]
        ready = await program.client.get("/readyz")
        assert (ready.status_code, ready.json()["source"]["error"]) == (503, now["error"])
        assert TOKEN not in ready.text


@pytest.mark.parametrize(("path", "status"), OTHER_PATHS.items())
async def test_an_address_beside_its_api_is_named_in_words(
    maloja: MalojaServer, tmp_path: Path, path: str, status: int
) -> None:
    code, said, is_stored = await asyncio.to_thread(bootstrap, tmp_path, maloja, path)
    assert (code, is_stored) == (0, True)  # A proxy answers so too, while a container restarts.
    assert f"LISTENBRAINZ_URL: the server responded with status {status}" in said
    async with real_time_program(tmp_path, maloja.environ(path)) as program:
        now = await program.until(lambda now: now["error"] is not None, seconds=60)
        assert now["error"]["code"] == "source_unreachable"
        assert "check the address" in now["error"]["message"]
