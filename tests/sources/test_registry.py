"""The source that runs, even if the database that names it comes later."""

import asyncio

import pytest

from tests.support.fake_clock import FakeClock
from widget.config.settings import Settings
from widget.config.source_settings import ACTIVE_SOURCE_KEY, dump_values, settings_key
from widget.model.errors import ConfigurationError, StoreError
from widget.model.sources import LASTFM
from widget.sources.registry import resolve_source, resolve_source_when_available, settings_while_unavailable

VALUES = {"LASTFM_USER": "elin.listens"}


class LateStore:
    """A store that can be read once ``is_there``; ``looks`` counts the failed reads."""

    def __init__(self, is_there: bool = False) -> None:
        self.is_there = is_there
        self.looks = 0

    async def get_value(self, name: str) -> str | None:
        if not self.is_there:
            self.looks += 1
            raise StoreError("not yet")
        return {ACTIVE_SOURCE_KEY: "lastfm", settings_key(LASTFM): dump_values(VALUES)}.get(name)


@pytest.mark.parametrize("environ", [{}, {"SOURCE": "lastfm"}])
async def test_what_cannot_be_read_yet_is_looked_for_every_second_until_it_can(environ: dict[str, str]) -> None:
    clock, notes = FakeClock(), LateStore()
    finding = asyncio.create_task(resolve_source_when_available(Settings.from_environ(environ), notes, clock))
    await clock.advance(10.0)
    assert notes.looks == 11
    assert not finding.done()
    notes.is_there = True
    await clock.advance(1.0)
    found = await finding
    assert (found.source, found.stored_source_values) == ("lastfm", VALUES)


async def test_what_the_late_source_cannot_keep_is_reported_as_at_the_start() -> None:
    settings = Settings.from_environ({"HIDE_EXPLICIT": "1"})
    with pytest.raises(ConfigurationError, match=r"^HIDE_EXPLICIT cannot be used"):
        await resolve_source_when_available(settings, LateStore(is_there=True), FakeClock())


async def test_a_source_that_is_set_and_stores_no_values_needs_no_database() -> None:
    notes = LateStore()
    assert (await resolve_source(Settings.from_environ({"SOURCE": "spotify"}), notes)).source == "spotify"
    assert notes.looks == 0


def test_what_stands_in_is_spotify_or_the_source_that_is_set() -> None:
    unknown = settings_while_unavailable(Settings.from_environ({"HIDE": "artist:Somebody"}))
    assert unknown.source == "spotify"
    assert unknown.hide == frozenset()
    named = settings_while_unavailable(Settings.from_environ({"SOURCE": "lastfm", "HIDE": "artist:Somebody"}))
    assert named.source == "lastfm"
    assert named.hide == {"artist:somebody"}
