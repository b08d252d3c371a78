"""The adapter of a polled source: its row, its account and its client."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from tests.support.fake_clock import FakeClock
from tests.support.rig import calls_made
from widget.config.settings import Settings
from widget.config.source_settings import dump_values, settings_key
from widget.http_client import LazyHttpClient
from widget.model.errors import NotConfigured
from widget.model.playback import Playback
from widget.model.sources import LASTFM
from widget.sources.base import AdapterContext, FetchResult, SourceAdapter
from widget.sources.polling_adapter import create_polling_adapter, history_limit
from widget.store.sqlite import SqliteStore

ROW = replace(LASTFM, label="Phonograph", url="https://phonograph.example/")


@dataclass(frozen=True)
class Member:
    name: str

    @property
    def page(self) -> str:
        return f"https://phonograph.example/{self.name}"


def member_of(values: Mapping[str, str]) -> Member | None:
    name = values.get("LASTFM_USER")
    return Member(name) if name else None


class Client:
    def __init__(self) -> None:
        self.requested: list[str] = []

    async def now_playing(self, account: Member) -> FetchResult:
        self.requested.append(account.name)
        return FetchResult(Playback("idle", 0.0), ())

    async def recently_played(self, account: Member) -> FetchResult:
        return await self.now_playing(account)


class Rig:
    def __init__(self, store: SqliteStore) -> None:
        self.store, self.client = store, Client()

    def adapter(self, settings: Settings) -> SourceAdapter:
        parts = AdapterContext(settings, self.store, LazyHttpClient(None), FakeClock())
        return create_polling_adapter(parts, ROW, self.client, member_of, "Name a member.")


@pytest.fixture
def rig(store: SqliteStore) -> Rig:
    return Rig(store)


@pytest.mark.parametrize(
    ("recent", "hides", "plays"), [(0, False, 2), (1, False, 2), (2, False, 3), (10, False, 11), (0, True, 50)]
)
def test_as_many_plays_are_asked_for_as_are_needed(recent: int, hides: bool, plays: int) -> None:
    hide = frozenset({"artist:nova"} if hides else set())
    assert history_limit(Settings(recent=recent, hide=hide)) == plays


async def test_its_page_is_that_of_the_listener_who_is_known_at_the_start(rig: Rig) -> None:
    assert rig.adapter(Settings()).source == ROW
    assert rig.adapter(Settings(source_values={"LASTFM_USER": "elin"})).source.url == "https://phonograph.example/elin"
    assert (
        rig.adapter(Settings(stored_source_values={"LASTFM_USER": "ines"})).source.url
        == "https://phonograph.example/ines"
    )


async def test_who_is_stored_while_it_runs_is_asked_for_at_once_and_each_question_is_counted(rig: Rig) -> None:
    client = rig.adapter(Settings()).client
    with pytest.raises(NotConfigured, match=r"Name a member\."):
        await client.currently_playing()
    await rig.store.set_values({settings_key(ROW): dump_values({"LASTFM_USER": "elin"})})
    await client.currently_playing()
    assert (rig.client.requested, await calls_made(client)) == (["elin"], 1)


async def test_its_questions_are_counted_for_itself(rig: Rig) -> None:
    client = rig.adapter(Settings(source_values={"LASTFM_USER": "elin"})).client
    await client.currently_playing()
    assert len(await rig.store.calls_since(0.0, "lastfm")) == 1
    assert len(await rig.store.calls_since(0.0, "spotify")) == 0
