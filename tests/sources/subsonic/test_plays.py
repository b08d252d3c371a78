"""Plays at a self-hosted music server, with reported positions and without."""

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.sources.subsonic.listed_songs import (
    ENVIRON,
    entry,
    keeps,
    report,
    server,
    shown,
)
from tests.support.fake_clock import FakeClock
from tests.support.other_program import OtherProgram, other_program


async def test_a_reported_play_has_a_position_and_a_pause(reporting: OtherProgram) -> None:
    subsonic = reporting.services.subsonic
    subsonic.entries = [report(position_ms=60_000)]
    now = await shown(reporting)
    assert (now["status"], now["item"]["title"], now["progress_ms"]) == ("playing", "Harbour Lights", 60_000)
    assert now["item"]["duration_ms"] == 240_000
    subsonic.entries = [report(state="paused", position_ms=64_000)]
    await reporting.watch(5, step=1)
    now = await shown(reporting)
    assert (now["status"], now["progress_ms"]) == ("paused", 64_000)
    subsonic.entries = [report(state="stopped", position_ms=64_000)]
    await reporting.watch(11, step=1)
    now = await shown(reporting)
    assert (now["status"], now["last_played"]["item"]["title"]) == ("idle", "Harbour Lights")


async def test_what_just_begins_moves_on_though_the_server_does_not_move_it(reporting: OtherProgram) -> None:
    reporting.services.subsonic.entries = [report(state="starting")]
    await reporting.watch(30, step=5)
    now = await shown(reporting)
    assert now["status"] == "playing"
    assert abs(now["progress_ms"] - 30_000) < 1_000


async def test_a_play_at_another_speed_has_its_end_and_no_position(reporting: OtherProgram) -> None:
    subsonic, begun = reporting.services.subsonic, reporting.clock.now()

    def move_on(request: Request) -> None:
        position_ms = 120_000 + round(2_000 * (reporting.clock.now() - begun))
        subsonic.entries = [report(position_ms=min(240_000, position_ms)) | {"playbackRate": 2.0}]

    subsonic.answer = move_on
    first = await shown(reporting)
    assert (first["status"], first["progress_ms"]) == ("playing", None)
    await reporting.watch(50)
    now = await shown(reporting)
    assert (now["status"], now["valid_until"]) == ("playing", first["valid_until"])
    await reporting.watch(20)
    assert (await shown(reporting))["status"] == "idle"


async def test_a_clock_that_is_set_back_does_not_prolong_a_play_without_a_position(classic: OtherProgram) -> None:
    subsonic, begun = classic.services.subsonic, classic.clock.monotonic()

    def by_the_server_s_own_clock(request: Request) -> None:
        subsonic.entries = [entry(minutesAgo=int((classic.clock.monotonic() - begun) / 60))]

    subsonic.answer = by_the_server_s_own_clock
    assert (await shown(classic))["status"] == "playing"
    classic.clock.jump(-7200)
    await classic.watch(260)
    assert (await shown(classic))["status"] == "idle"


async def test_it_is_polled_every_five_seconds_and_less_while_nothing_plays(reporting: OtherProgram) -> None:
    subsonic = reporting.services.subsonic

    def asked() -> int:
        return sum(endpoint == "getNowPlaying" for endpoint, _ in subsonic.requests)

    subsonic.entries = [report()]
    await reporting.watch(60)
    assert 11 <= asked() <= 14
    subsonic.entries = []
    await reporting.watch(20)
    before = asked()
    await reporting.watch(100)
    assert 9 <= asked() - before <= 11
    await reporting.watch(300)
    before = asked()
    await reporting.watch(300)
    assert 9 <= asked() - before <= 11
    assert sum(endpoint == "getOpenSubsonicExtensions" for endpoint, _ in subsonic.requests) == 1
    assert (await reporting.client.get("/readyz")).json()["calls_last_24h"] == 0


async def test_one_empty_answer_in_the_middle_of_a_play_changes_nothing(reporting: OtherProgram) -> None:
    subsonic, given = reporting.services.subsonic, []

    def once_empty(request: Request) -> Response | None:
        if request.path_params["endpoint"].startswith("getNowPlaying"):
            given.append(1)
            subsonic.entries = [] if len(given) == 3 else [report(position_ms=5_000 * len(given))]
        return None

    subsonic.answer = once_empty
    for _ in range(20):
        assert (await shown(reporting))["status"] == "playing"
        await reporting.clock.advance(1)
    assert len(given) > 3


async def test_another_user_does_not_count(reporting: OtherProgram) -> None:
    others = [report("Another's Song", username="nils"), report("Ours", username="ELIN", position_ms=1_000)]
    reporting.services.subsonic.entries = others
    assert (await shown(reporting))["item"]["title"] == "Ours"
    reporting.services.subsonic.entries = others[:1]
    await reporting.watch(20, step=1)
    assert (await shown(reporting))["status"] == "idle"


@pytest.mark.parametrize("reports", [True, False])
async def test_of_several_players_the_latest_one_is_shown(tmp_path: Path, reports: bool) -> None:
    clock = FakeClock()
    served, make = server(clock, reports=reports), report if reports else entry
    served.subsonic.entries = [make("On the Phone", minutesAgo=2, playerId=1), make("At Home", playerId=2)]
    async with other_program(tmp_path, ENVIRON, clock, served) as running:
        assert (await shown(running))["item"]["title"] == "At Home"


async def test_without_reports_a_play_lasts_as_long_as_the_song(classic: OtherProgram) -> None:
    keeps(classic, rounds_down=True)
    now = await shown(classic)
    assert (now["status"], now["progress_ms"], now.get("started_at")) == ("playing", None, None)
    await classic.watch(240)
    assert (await shown(classic))["status"] == "playing"
    await classic.watch(10, step=5)
    assert (await shown(classic))["status"] == "idle"
    await classic.watch(200)  # It lingers.
    now = await shown(classic)
    assert (now["status"], now["last_played"]["item"]["title"]) == ("idle", "Harbour Lights")


async def test_minutes_that_passed_before_it_was_seen_count(classic: OtherProgram) -> None:
    keeps(classic)
    await classic.clock.advance(150)
    assert (await shown(classic))["status"] == "playing"
    await classic.watch(80)
    assert (await shown(classic))["status"] == "playing"
    await classic.watch(20)
    assert (await shown(classic))["status"] == "idle"


async def test_what_ended_before_it_was_seen_is_not_shown(classic: OtherProgram) -> None:
    classic.services.subsonic.entries = [entry(minutesAgo=30)]
    assert (await shown(classic))["status"] == "idle"


@pytest.mark.parametrize("rounds_down", [True, False])
async def test_an_entry_dropped_after_three_minutes_plays_on_to_its_end(
    classic: OtherProgram, rounds_down: bool
) -> None:
    keeps(classic, rounds_down=rounds_down, until=180)
    await classic.watch(230)
    assert (await shown(classic))["status"] == "playing"
    await classic.watch(20)
    assert (await shown(classic))["status"] == "idle"


async def test_an_entry_that_vanishes_earlier_has_ended(classic: OtherProgram) -> None:
    keeps(classic, until=60)
    await classic.watch(60)
    assert (await shown(classic))["status"] == "playing"
    await classic.watch(10, step=1)
    assert (await shown(classic))["status"] == "idle"


async def test_another_song_ends_one_whose_entry_was_dropped(classic: OtherProgram) -> None:
    keeps(classic, until=180)
    await classic.watch(200)
    classic.services.subsonic.answer, classic.services.subsonic.entries = None, [entry("Second Platform")]
    await classic.watch(10)
    now = await shown(classic)
    assert now["item"]["title"] == "Second Platform"
    assert [last["item"]["title"] for last in now["recent"]] == ["Harbour Lights"]


@pytest.mark.parametrize("rounds_down", [True, False])
async def test_the_same_song_again_is_a_new_play(classic: OtherProgram, rounds_down: bool) -> None:
    keeps(classic, rounds_down=rounds_down, again_after=230)
    await classic.watch(400)
    now = await shown(classic)
    assert now["status"] == "playing"
    assert [last["item"]["title"] for last in now["recent"]] == ["Harbour Lights"]


async def test_a_reported_song_from_its_beginning_again_is_a_new_play(tmp_path: Path) -> None:
    clock = FakeClock()
    served, begun = server(clock), clock.now()

    def repeat(request: Request) -> None:
        served.subsonic.entries = [report(position_ms=round((clock.now() - begun) % 100 * 1000))]

    served.subsonic.answer = repeat
    async with other_program(tmp_path, {**ENVIRON, "RECENT": "5"}, clock, served) as running:
        await running.watch(250)
        assert [last["item"]["title"] for last in (await shown(running))["recent"]] == ["Harbour Lights"] * 2


async def test_names_that_are_hidden_count_as_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    served = server(clock)
    artists = [{"name": "Elin Sandvik"}, {"name": "Ines Okafor"}]
    served.subsonic.entries = [report() | {"artists": artists}]
    environ = {**ENVIRON, "HIDE": "artist:ines okafor", "RECENT": "5"}
    async with other_program(tmp_path, environ, clock, served) as running:
        now = await shown(running)
        assert (now["status"], now["last_played"], now["recent"]) == ("idle", None, [])


async def test_what_was_seen_is_listed_and_survives_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    served, environ = server(clock), {**ENVIRON, "RECENT": "3"}
    async with other_program(tmp_path, environ, clock, served) as running:
        for number in range(5):
            for passed in range(0, 30, 5):
                served.subsonic.entries = [report(f"Song {number}", position_ms=passed * 1000)]
                await running.watch(5)
        served.subsonic.entries = [report("Skipped")]
        await running.watch(5)
        served.subsonic.entries = [report("Song 5")]
        await running.watch(5)
        now = await shown(running)
        assert [last["item"]["title"] for last in now["recent"]] == ["Song 4", "Song 3", "Song 2"]
        assert now["last_played"] is None
    served.subsonic.entries = []
    async with other_program(tmp_path, environ, clock, served) as running:
        now = await shown(running)
        assert now["last_played"]["item"]["title"] == "Song 5"
        assert [last["item"]["title"] for last in now["recent"]] == ["Song 5", "Song 4", "Song 3"]
