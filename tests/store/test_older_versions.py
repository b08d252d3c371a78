"""Databases of 1.0.0 and 1.1.0: migrated in place, shared with a running 1.1.0, and left usable by it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from widget.config.source_settings import (
    ACTIVE_SOURCE_KEY,
    dump_values,
    settings_key,
    stored_source_name,
    stored_values,
)
from widget.model.playback import Artwork, Entity, Item, Playback, PlayedItem
from widget.model.snapshot import SourceProblem
from widget.model.sources import SOURCES, SourceName
from widget.model.tokens import AccessToken, Account, Authorization, Credentials, SeedToken
from widget.notifications.alerts import load_incident
from widget.now_playing.expiry import NowPlayingReport
from widget.now_playing.serialization import dump_state, load_state
from widget.now_playing.state import NowPlayingState
from widget.store.base import Store
from widget.store.rows import RateLimitBlock
from widget.store.schema import VERSION
from widget.store.sqlite import SqliteStore

FILES = Path(__file__).parent / "files"
OLD_CODE = FILES / "now-playing-1.1.0.zip"

NOW = 1_795_600_800.0
"""2026-11-25T10:00:00Z, when the files were written."""

TRACK = Item(
    "track",
    "4uLU6hMCjMI75M1A2tKUQC",
    "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
    "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
    "Lantern “Glow”",
    (Entity("Nova Tide", "https://open.spotify.com/artist/1uLU6hMCjMI75M1A2tKUQ1"),),
    Entity("Small Hours", "https://open.spotify.com/album/2uLU6hMCjMI75M1A2tKUQ2"),
    None,
    (Artwork("https://i.scdn.co/image/ab67616d0000b2730000000000000000000000", 640, 640),),
    explicit=True,
    duration_ms=213_573,
    hide_keys=frozenset({"spotify:track:4uLU6hMCjMI75M1A2tKUQC", "spotify:album:2uLU6hMCjMI75M1A2tKUQ2"}),
)
EPISODE = Item(
    "episode", "5uLU6hMCjMI75M1A2tKUQ5", None, None, "Episode 12", (), None, Entity("A Show"), duration_ms=1_800_000
)
SCROBBLED = Item(
    "track",
    None,
    None,
    None,
    "Paper Boats",
    (Entity("Ada Reed"),),
    Entity("Harbour"),
    hide_keys=frozenset({"track:paper boats", "artist:ada reed"}),
)
AUTHORIZATION = Authorization(
    "invented-refresh-token",
    ("user-read-currently-playing", "user-read-recently-played"),
    Account("listener", "Ada Example"),
    NOW - 5 * 86_400,
    AccessToken("invented-access-token", NOW + 3600),
    NOW - 60.0,
)
CREDENTIALS = Credentials("0123456789abcdef0123456789abcdef", "invented-client-secret")
SEED = SeedToken("invented-seed-token", NOW - 5 * 86_400)
CHANNEL = "c4a77e1" * 5
PROBLEM = SourceProblem("spotify_unreachable", "Spotify did not answer in time.", NOW + 5)
PLAYING = Playback("playing", NOW - 30.0, TRACK, 61_200)
HEARD = PlayedItem(EPISODE, NOW - 4000.0)
LISTENED = PlayedItem(SCROBBLED, NOW - 400.0)
INCIDENT = {"code": "quota_exceeded", "since": NOW - 7200, "until": NOW + 46_800, "over_at": None}
SOURCE_VALUES: dict[SourceName, dict[str, str]] = {
    "lastfm": {"LASTFM_USER": "ada", "LASTFM_API_KEY": "0" * 32},
    "listenbrainz": {"LISTENBRAINZ_USER": "ada", "LISTENBRAINZ_TOKEN": "invented-token"},
    "inlet": {"INLET_TOKEN": "sha256:" + "ab" * 32, "INLET_LABEL": "Ada's radio"},
}
SPOTIFY_STATE = NowPlayingState(
    playback=PLAYING,
    updated_at=NOW - 30.0,
    started_at=NOW - 91.2,
    unconfirmed_answers=1,
    polls_past_end=2,
    last_reported_ms=61_200,
    failures=1,
    problem=PROBLEM,
    last_played=HEARD,
    next_poll_at=NOW + 25.0,
    recent=(HEARD,),
)
LASTFM_STATE = NowPlayingState(
    playback=Playback("playing", NOW - 100.0, SCROBBLED, expires_at=NOW + 500.0),
    updated_at=NOW - 10.0,
    started_at=NOW - 100.0,
    last_played=LISTENED,
    report=NowPlayingReport(SCROBBLED, NOW - 100.0, NOW - 130.0, NOW - 400.0),
    recent=(LISTENED,),
)
CALLS = [(NOW - 36_000.0, 1), (NOW - 60.0, 3), (NOW, 2)]

REPORT = """
import asyncio, json, sys
from dataclasses import asdict
from pathlib import Path
from widget.owner.messages import read_trouble
from widget.player.written import from_text
from widget.source import SOURCES
from widget.sources.inlet import state as inlet
from widget.sources.owner_values import chosen, stored
from widget.store.sqlite_store import SqliteStore

def plain(value):
    return None if value is None else asdict(value)

async def report(path, now):
    store = SqliteStore(Path(path))
    await store.open()
    print(json.dumps({
        "token": plain(await store.token()),
        "credentials": plain(await store.credentials()),
        "seed": await store.seed_fingerprint(),
        "calls": {name: await store.calls_since(now - 86_400, name) for name in SOURCES},
        "bans": {name: plain(await store.ban(name)) for name in SOURCES},
        "knowledge": {n: plain(from_text(await store.shared(n), now)) for n in ("spotify", "lastfm")},
        "inlet": plain(inlet.from_text(await store.shared("inlet"))),
        "sources": {name: await stored(store, row) for name, row in SOURCES.items()},
        "source": await chosen(store),
        "troubles": [plain(read_trouble(await store.note(name), now)) for name in ("trouble", "trouble:lastfm")],
        "notes": [await store.note(name) for name in ("began", "renewal")],
        "sent": sorted(await store.messages_sent(sys.argv[3])),
    }, default=sorted))
    await store.close()

asyncio.run(report(sys.argv[1], float(sys.argv[2])))
"""
BESIDE = """
import asyncio, json, sys
from pathlib import Path
from widget.errors import StoreError
from widget.store.limits import Limits
from widget.store.sqlite_store import SqliteStore

async def beside(path, now):
    store = SqliteStore(Path(path), Limits(refresh=0.1))
    await store.open()
    leads = await store.lead()
    try:
        async with store.refreshing():
            refreshes = True
    except StoreError:
        refreshes = False
    await store.share("shown by 1.1.0")
    assert await store.spend_call(now, 3000)
    print(json.dumps({"leads": leads, "refreshes": refreshes, "note": await store.note("of this version")}))
    await store.close()

asyncio.run(beside(sys.argv[1], float(sys.argv[2])))
"""


def old_version(program: str, path: Path) -> Any:
    """Run ``program`` on 1.1.0's own code and return the JSON that it prints."""
    command = [sys.executable, "-c", program, str(path), repr(NOW), CHANNEL]
    environ = {**os.environ, "PYTHONPATH": str(OLD_CODE)}
    ended = subprocess.run(command, env=environ, cwd=path.parent, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def copied(version: str, folder: Path) -> Path:
    path = folder / "now-playing.db"
    shutil.copy(FILES / f"written-by-{version}.sqlite3", path)
    return path


def user_version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return version


def schema(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Store]:
    store = SqliteStore(path)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def write_everything(store: Store) -> None:
    """Store what the file of 1.1.0 holds."""
    await store.save_authorization(AUTHORIZATION, CREDENTIALS, SEED.fingerprint)
    for at, number in CALLS:
        for _ in range(number):
            assert await store.count_call(at, 3000)
    for _ in range(4):
        assert await store.count_call(NOW, 9000, "lastfm")
    await store.set_rate_limit_block(RateLimitBlock(NOW + 46_800, "quota_exceeded", "Spotify's quota is spent."))
    await store.set_rate_limit_block(
        RateLimitBlock(NOW + 60.0, "rate_limited", "Last.fm asks for fewer questions."), "lastfm"
    )
    await store.publish_state(dump_state(SPOTIFY_STATE))
    await store.publish_state(dump_state(LASTFM_STATE), "lastfm")
    for name, values in SOURCE_VALUES.items():
        await store.set_value(settings_key(SOURCES[name]), dump_values(values))
    await store.set_values({ACTIVE_SOURCE_KEY: "lastfm"})
    assert await store.claim_message(CHANNEL, "ends:30:1811152800", NOW)
    await store.finish_message(CHANNEL, "ends:30:1811152800", True)
    assert await store.claim_message(CHANNEL, "quota_exceeded:1795593600", NOW)


async def check_what_both_versions_stored(store: Store) -> None:
    assert await store.authorization() == AUTHORIZATION
    assert await store.credentials() == CREDENTIALS
    assert await store.seed_fingerprint() == SEED.fingerprint
    assert await store.calls_since(NOW - 86_400) == CALLS
    block = RateLimitBlock(NOW + 46_800, "quota_exceeded", "Spotify's quota is spent.")
    assert await store.rate_limit_block() == block
    assert await store.messages_sent(CHANNEL) == {"ends:30:1811152800"}
    assert not await store.claim_message(CHANNEL, "quota_exceeded:1795593600", NOW + 1.0)
    incident = load_incident(await store.get_value("trouble"), NOW)
    assert incident is not None
    assert (incident.code, incident.key) == ("quota_exceeded", "quota_exceeded:1795593600")
    state = load_state(await store.read_state(), NOW)
    assert (state.playback, state.started_at, state.problem) == (PLAYING, NOW - 91.2, PROBLEM)
    assert (state.last_played, state.next_poll_at) == (HEARD, NOW + 25.0)
    assert state.playback is not None
    assert state.playback.item is not None
    assert state.playback.item.hide_keys == TRACK.hide_keys


async def test_a_database_of_1_0_0_is_taken_over_in_place(tmp_path: Path) -> None:
    path = copied("1.0.0", tmp_path)
    assert user_version(path) == 1
    async with opened(path) as store:
        await check_what_both_versions_stored(store)
        assert await store.count_call(NOW, 9000, "lastfm")
    assert user_version(path) == VERSION
    async with opened(path) as store:
        await check_what_both_versions_stored(store)


async def test_a_database_of_1_1_0_is_taken_over_in_place(tmp_path: Path) -> None:
    path = copied("1.1.0", tmp_path)
    async with opened(path) as store:
        await check_what_both_versions_stored(store)
        assert load_state(await store.read_state(), NOW) == SPOTIFY_STATE
        assert load_state(await store.read_state("lastfm"), NOW) == LASTFM_STATE
        assert await store.calls_since(NOW - 86_400, "lastfm") == [(NOW, 4)]
        assert (await store.rate_limit_block("lastfm")) is not None
        assert await stored_source_name(store) == "lastfm"
        for name, values in SOURCE_VALUES.items():
            assert await stored_values(store, SOURCES[name]) == values
        incident = load_incident(await store.get_value("trouble:lastfm"), NOW)
        assert incident is not None
        assert incident.code == "private"


async def test_1_1_0_reads_every_row_that_this_version_writes(tmp_path: Path) -> None:
    theirs = copied("1.1.0", tmp_path)
    expected = old_version(REPORT, theirs)
    (tmp_path / "new").mkdir()
    path = tmp_path / "new" / "now-playing.db"
    async with opened(path) as store:
        await write_everything(store)
        await store.set_values({"trouble": json.dumps(INCIDENT), "began": "not empty"})
    found = old_version(REPORT, path)
    for written_elsewhere in ("inlet", "troubles", "notes"):
        del found[written_elsewhere], expected[written_elsewhere]
    assert found == expected


async def test_going_back_to_1_1_0_works_after_this_version_has_run(tmp_path: Path) -> None:
    path = copied("1.1.0", tmp_path)
    before, tables = old_version(REPORT, path), schema(path)
    async with opened(path) as store:
        await store.set_value("of a newer version", "left alone")
    assert old_version(REPORT, path) == before
    assert user_version(path) == 2
    assert {name: sql for name, sql in schema(path).items() if name in tables} == tables


async def test_a_database_of_1_0_0_can_be_used_by_1_1_0_afterwards(tmp_path: Path) -> None:
    path = copied("1.0.0", tmp_path)
    async with opened(path):
        pass
    found = old_version(REPORT, path)
    assert found["token"]["refresh_token"] == AUTHORIZATION.refresh_token
    assert found["calls"]["spotify"] == [list(call) for call in CALLS]


async def test_both_versions_run_on_one_file_during_a_deploy(tmp_path: Path) -> None:
    path = tmp_path / "now-playing.db"
    async with opened(path) as store:
        await store.set_value("of this version", "seen by both")
        assert await store.try_lead()
        async with store.refresh_lock():
            seen = old_version(BESIDE, path)
        assert seen == {"leads": False, "refreshes": False, "note": "seen by both"}
        assert await store.read_state() == "shown by 1.1.0"
        await store.resign()
        assert old_version(BESIDE, path) == {"leads": True, "refreshes": True, "note": "seen by both"}
        assert await store.calls_since(NOW - 60) == [(NOW, 2)]


async def test_a_restored_dump_that_lost_its_version_is_recognized_by_its_table_of_migrations(tmp_path: Path) -> None:
    path = tmp_path / "now-playing.db"
    async with opened(path) as store:
        await store.save_authorization(AUTHORIZATION, CREDENTIALS, None)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 0")
    async with opened(path) as store:
        assert await store.authorization() == AUTHORIZATION
    assert user_version(path) == VERSION


@pytest.mark.process
def test_processes_that_start_together_migrate_an_old_file_once(tmp_path: Path) -> None:
    path = copied("1.0.0", tmp_path)
    program = (
        "import asyncio, sys; from pathlib import Path; from widget.store.sqlite import SqliteStore\n"
        "async def run():\n    store = SqliteStore(Path(sys.argv[1]))\n    await store.open()\n"
        "    print((await store.authorization()).refresh_token)\n    await store.close()\n"
        "asyncio.run(run())"
    )
    command = [sys.executable, "-c", program, str(path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in started:
        output, errors = process.communicate(timeout=30)
        assert (output.strip(), process.returncode) == (AUTHORIZATION.refresh_token, 0), errors
    with closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
    assert len(names) == len(set(names)) >= 2
