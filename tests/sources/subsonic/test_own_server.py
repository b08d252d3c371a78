"""A music server of one's own through the front door: servers that report positions, and those that do not."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tests.support.fake_clock import FakeClock
from tests.support.other_program import OtherProgram, Services, other_program, services

SERVER = "https://navidrome.example.org"
USER, PASSWORD, KEY = "elin", "needle-of-the-server", "needle-of-the-key"
ENVIRON = {"SOURCE": "subsonic", "SUBSONIC_URL": SERVER, "SUBSONIC_USER": USER, "SUBSONIC_PASSWORD": PASSWORD}


def entry(title: str = "Harbour Lights", **more: Any) -> dict[str, Any]:
    song = {"id": f"id of {title}", "title": title, "artist": "Elin Sandvik", "album": "The Ferry", "duration": 240}
    return {**song, "coverArt": "al-tides", "username": USER, "minutesAgo": 0, "playerId": 1, **more}


def report(title: str = "Harbour Lights", state: str = "playing", position_ms: int = 0, **more: Any) -> dict[str, Any]:
    return entry(title, state=state, positionMs=position_ms, playbackRate=1.0, **more)


def server(clock: FakeClock, *, reports: bool = True) -> Services:
    served = services(clock)
    served.subsonic.password, served.subsonic.has_reports, served.subsonic.entries = PASSWORD, reports, []
    return served


def keeps(running: OtherProgram, *, rounds_down: bool = False, again_after: float = 1e9, until: float = 1e9) -> None:
    """The server lists one song from now on, which begins again after ``again_after`` s, and drops it at ``until``."""
    clock, subsonic, begun = running.clock, running.services.subsonic, running.clock.now()

    def move_on(request: Request) -> None:
        passed = clock.now() - begun
        minutes = passed % again_after / 60
        subsonic.entries = [entry(minutesAgo=int(minutes) if rounds_down else minutes)] if passed < until else []

    subsonic.answer = move_on


async def shown(running: OtherProgram) -> dict[str, Any]:
    answer: dict[str, Any] = await running.now()
    return answer


@pytest.fixture
async def reporting(tmp_path: Path) -> AsyncIterator[OtherProgram]:
    """A server with ``playbackReport``."""
    clock = FakeClock()
    async with other_program(tmp_path, ENVIRON, clock, server(clock)) as running:
        yield running


@pytest.fixture
async def classic(tmp_path: Path) -> AsyncIterator[OtherProgram]:
    """A server that lists when a play began, and no more."""
    clock = FakeClock()
    async with other_program(tmp_path, {**ENVIRON, "RECENT": "5"}, clock, server(clock, reports=False)) as running:
        yield running


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


async def test_it_is_asked_every_five_seconds_and_less_while_nothing_plays(reporting: OtherProgram) -> None:
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
async def test_of_several_players_the_one_heard_last_is_shown(tmp_path: Path, reports: bool) -> None:
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


async def test_the_password_itself_is_never_sent_to_a_server_that_knows_tokens(reporting: OtherProgram) -> None:
    reporting.services.subsonic.entries = [report()]
    await reporting.watch(30)
    now = await shown(reporting)
    await reporting.client.get(now["item"]["artwork_path"])
    queries = [query for _, query in reporting.services.subsonic.requests]
    assert {"getNowPlaying", "getCoverArt"} <= {endpoint for endpoint, _ in reporting.services.subsonic.requests}
    assert all(query["u"] == USER and "p" not in query and PASSWORD not in str(query) for query in queries)
    assert len({query["s"] for query in queries}) == len(queries)
    assert {(query["f"], query["v"], query["c"]) for query in queries} == {("json", "1.16.1", "now-playing")}


async def test_an_api_key_wins_and_is_sent_without_the_user(tmp_path: Path) -> None:
    clock = FakeClock()
    served = server(clock)
    served.subsonic.api_key, served.subsonic.entries = KEY, [report(), report("Not Ours", username="nils")]
    async with other_program(tmp_path, {**ENVIRON, "SUBSONIC_API_KEY": KEY}, clock, served) as running:
        assert (await shown(running))["item"]["title"] == "Harbour Lights"
    assert all("u" not in query and query["apiKey"] == KEY for _, query in served.subsonic.requests)


@pytest.mark.parametrize(
    ("url", "is_sent"), [(SERVER, True), ("http://192.168.1.5:4533", True), ("http://8.8.8.8", False)]
)
async def test_a_server_without_tokens_gets_the_password_where_nobody_else_reads_it(
    tmp_path: Path, url: str, is_sent: bool
) -> None:
    clock = FakeClock()
    served = server(clock)
    served.subsonic.knows_tokens, served.subsonic.entries = False, [report()]
    async with other_program(tmp_path, {**ENVIRON, "SUBSONIC_URL": url}, clock, served) as running:
        answer = await running.client.get("/now-playing")
        assert answer.json()["status"] == ("playing" if is_sent else "unavailable")
        if not is_sent:
            assert answer.json()["error"]["code"] == "bad_credentials"
            assert "https" in answer.json()["error"]["message"]
    sent = [query["p"] for _, query in served.subsonic.requests if "p" in query]
    assert bool(sent) is is_sent
    assert all(password == f"enc:{PASSWORD.encode().hex()}" for password in sent)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        *((number, "bad_credentials") for number in (40, 42, 43, 44)),
        (50, "forbidden"),
        *((number, "source_unreachable") for number in (0, 20, 30, 60, 70)),
    ],
)
async def test_errors_of_the_api_are_told_by_their_code(tmp_path: Path, number: int, code: str) -> None:
    clock = FakeClock()
    served = server(clock)
    served.subsonic.error = number
    async with other_program(tmp_path, ENVIRON, clock, served) as running:
        answer = await running.client.get("/now-playing")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, code)
        assert PASSWORD not in answer.text


async def test_an_outage_is_stale_and_goes_on_within_ten_seconds_of_its_end(reporting: OtherProgram) -> None:
    subsonic = reporting.services.subsonic
    subsonic.entries = [report(position_ms=10_000)]
    await reporting.watch(10)
    subsonic.answer = lambda _: HTMLResponse("<h1>Bad Gateway</h1>", 502)
    await reporting.watch(30)
    now = await shown(reporting)
    assert (now["status"], now["stale"], now["item"]["title"]) == ("playing", True, "Harbour Lights")
    await reporting.watch(120)
    subsonic.answer, subsonic.entries = None, [report(position_ms=170_000)]
    await reporting.watch(10)
    now = await shown(reporting)
    assert (now["status"], now["stale"]) == ("playing", False)


async def test_covers_leave_through_our_own_address_alone(reporting: OtherProgram) -> None:
    reporting.services.subsonic.entries = [report()]
    now = await shown(reporting)
    item = now["item"]
    assert item["artwork_path"].startswith("/artwork/")
    assert item["artwork"] == [
        {"url": f"https://music.example.org{item['artwork_path']}", "width": None, "height": None}
    ]
    cover = await reporting.client.get(item["artwork_path"])
    assert (cover.status_code, cover.headers["content-type"]) == (200, "image/jpeg")
    assert [query["size"] for endpoint, query in reporting.services.subsonic.requests if endpoint == "getCoverArt"] == [
        "640"
    ]
    for path in ("/now-playing", "/api/now-playing", "/widget", "/now-playing.svg", "/", "/readyz"):
        text = (await reporting.client.get(path)).text
        assert not any(secret in text for secret in (PASSWORD, "apiKey=", "navidrome.example.org", "source:")), path


async def test_without_a_public_address_the_artwork_is_at_the_one_that_was_asked(tmp_path: Path) -> None:
    clock = FakeClock()
    served = server(clock)
    served.subsonic.entries = [report()]
    async with other_program(tmp_path, {**ENVIRON, "PUBLIC_URL": ""}, clock, served) as running:
        answer = await running.client.get("/now-playing", headers={"Host": "shown.example:8000"})
        item = answer.json()["item"]
        assert item["artwork"][0]["url"] == f"https://shown.example:8000{item['artwork_path']}"
        assert answer.headers["cache-control"].startswith("private")
        flat = await running.client.get("/api/now-playing", headers={"Host": "shown.example:8000"})
        assert flat.json()["albumImageUrl"] == item["artwork"][0]["url"]
        assert flat.headers["cache-control"].startswith("private")


@pytest.mark.parametrize(
    ("name", "label", "shown_as"), [("navidrome", "", "Navidrome"), (None, "", "Subsonic"), ("gonic", "Home", "Home")]
)
async def test_the_server_s_name_is_the_label(tmp_path: Path, name: str | None, label: str, shown_as: str) -> None:
    clock = FakeClock()
    served = server(clock)
    served.subsonic.name, served.subsonic.entries = name, [report()]
    async with other_program(tmp_path, {**ENVIRON, "SUBSONIC_LABEL": label}, clock, served) as running:
        assert (await shown(running))["source"] == {"name": "subsonic", "label": shown_as, "url": None}
        for path in ("/widget", "/now-playing.svg"):
            assert shown_as in (await running.client.get(path)).text


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
        assert [last["item"]["title"] for last in now["recent"]][:2] in (["Song 5", "Song 4"], ["Song 4", "Song 3"])


async def test_every_request_says_who_asks_and_for_whom(tmp_path: Path) -> None:
    clock = FakeClock()
    served, agents = server(clock), []

    def note(request: Request) -> None:
        agents.append(request.headers["user-agent"])

    served.subsonic.answer, served.subsonic.entries = note, [report()]
    async with other_program(tmp_path, ENVIRON, clock, served) as running:
        now = await shown(running)
        await running.client.get(now["item"]["artwork_path"])
    assert len(agents) == 3
    assert all(agent.startswith("now-playing-backend/") for agent in agents)
    assert all(agent.endswith(" (https://music.example.org)") for agent in agents)


async def test_extensions_are_looked_at_again_after_a_day(tmp_path: Path) -> None:
    clock = FakeClock()
    served = server(clock, reports=False)
    served.subsonic.entries = [report(position_ms=60_000)]

    def asked() -> int:
        return sum(endpoint == "getOpenSubsonicExtensions" for endpoint, _ in served.subsonic.requests)

    async with other_program(tmp_path, ENVIRON, clock, served) as running:
        assert (await shown(running))["progress_ms"] is None
        served.subsonic.has_reports = True
        await running.watch(3_600, step=30)
        assert asked() == 1
        await clock.sleep_through(86_400)
        served.subsonic.entries = [report("Second Platform")]
        await running.watch(30)
        assert asked() == 2
        assert (await shown(running))["progress_ms"] is not None


async def test_a_server_that_stumbles_over_the_question_for_extensions_is_asked_again(tmp_path: Path) -> None:
    clock = FakeClock()
    served = server(clock)
    served.subsonic.entries = [report(position_ms=60_000)]

    def stumble(request: Request) -> Response | None:
        is_about_extensions = request.path_params["endpoint"].startswith("getOpen")
        return HTMLResponse("Internal Server Error", 500) if is_about_extensions else None

    served.subsonic.answer = stumble
    async with other_program(tmp_path, ENVIRON, clock, served) as running:
        now = await shown(running)
        assert (now["status"], now["progress_ms"]) == ("playing", None)
        served.subsonic.answer = None
        served.subsonic.entries = [report("Second Platform", position_ms=1_000)]
        await running.watch(620)
        assert (await shown(running))["progress_ms"] is not None


async def test_a_server_that_asks_to_wait_is_waited_for(reporting: OtherProgram) -> None:
    reporting.services.subsonic.answer = lambda _: HTMLResponse("wait", 429, {"Retry-After": "40"})
    await reporting.watch(30)
    before = len(reporting.services.subsonic.requests)
    assert before == 1
    ready = (await reporting.client.get("/readyz")).json()
    assert ready["status"] == "rate_limited"
    reporting.services.subsonic.answer, reporting.services.subsonic.entries = None, [report()]
    await reporting.watch(20)
    assert (await shown(reporting))["status"] == "playing"


async def test_another_instance_shows_the_same_under_the_same_name(tmp_path: Path) -> None:
    clock = FakeClock()
    served = server(clock)
    served.subsonic.name, served.subsonic.knows_tokens = "navidrome", False
    served.subsonic.entries = [report(position_ms=60_000)]
    async with (
        other_program(tmp_path, ENVIRON, clock, served) as leader,
        other_program(tmp_path, ENVIRON, clock, served) as follower,
    ):
        await leader.watch(5, step=1)
        asked = len(served.subsonic.requests)
        now = await shown(follower)
        assert (now["item"]["title"], now["source"]["label"]) == ("Harbour Lights", "Navidrome")
        assert len(served.subsonic.requests) == asked
        cover = await follower.client.get(now["item"]["artwork_path"])
        assert cover.headers["content-type"] == "image/jpeg"


async def test_the_name_of_the_user_is_for_nobody_else(reporting: OtherProgram) -> None:
    reporting.services.subsonic.entries = [report()]
    await shown(reporting)
    assert USER not in (await reporting.client.get("/")).text.replace("Elin", "")


async def test_no_page_holds_the_address_that_stands_for_ours(tmp_path: Path) -> None:
    clock = FakeClock()
    served = server(clock)
    served.subsonic.entries = [report()]
    async with other_program(tmp_path, {**ENVIRON, "PUBLIC_URL": ""}, clock, served) as running:
        for path in ("/now-playing", "/api/now-playing", "/widget", "/now-playing.svg", "/", "/readyz", "/embed.js"):
            assert ".invalid" not in (await running.client.get(path)).text, path


async def test_the_builder_offers_the_states_that_the_server_can_report(reporting: OtherProgram) -> None:
    page = (await reporting.client.get("/")).text
    assert 'value="paused"' in page
    assert 'value="ad"' not in page
