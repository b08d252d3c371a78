"""A self-hosted music server through the front door: log-in, errors, covers, names."""

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tests.sources.subsonic.listed_songs import (
    ENVIRON,
    KEY,
    PASSWORD,
    SERVER,
    USER,
    report,
    server,
    shown,
)
from tests.support.fake_clock import FakeClock
from tests.support.other_program import OtherProgram, other_program


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


@pytest.mark.parametrize("code", [10, 41])
@pytest.mark.parametrize(
    ("url", "is_sent"), [(SERVER, True), ("http://192.168.1.5:4533", True), ("http://8.8.8.8", False)]
)
async def test_a_server_without_tokens_gets_the_password_where_nobody_else_reads_it(
    tmp_path: Path, url: str, is_sent: bool, code: int
) -> None:
    clock = FakeClock()
    served = server(clock)
    served.subsonic.token_error, served.subsonic.entries = code, [report()]
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
async def test_errors_of_the_api_are_reported_by_their_code(tmp_path: Path, number: int, code: str) -> None:
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
        assert "private" in answer.headers["cache-control"]
        assert "s-maxage" not in answer.headers["cache-control"]
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
    served.subsonic.name, served.subsonic.token_error = "navidrome", 41
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
