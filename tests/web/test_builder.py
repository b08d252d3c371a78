"""``/``: the status for the owner, and the form as the server fills it."""

import re
from typing import get_args

import pytest

from tests.support.builder_page import BuilderPage
from tests.support.web_harness import WebHarness
from widget.config.settings import Settings
from widget.model.error_info import error_info
from widget.model.errors import ErrorCode
from widget.model.snapshot import SourceProblem
from widget.model.sources import SOURCES, SourceInfo
from widget.model.tokens import AuthorizationStatus
from widget.notifications.health import HealthStatus

KEY = Settings(setup_key="a key of sixteen characters")


async def html_of(harness: WebHarness, query: str = "") -> str:
    async with harness.client() as client:
        return (await client.get(f"/{query}")).text


async def page_of(harness: WebHarness, query: str = "") -> BuilderPage:
    return BuilderPage(await html_of(harness, query))


async def test_each_snippet_has_a_button_that_copies_it(harness: WebHarness) -> None:
    html = await html_of(harness)
    assert set(re.findall(r'data-copy="(\w+)"', html)) == set(BuilderPage(html).snippets)


async def test_the_page_itself_cannot_be_framed_and_runs_our_own_scripts_only(harness: WebHarness) -> None:
    async with harness.client() as client:
        policy = (await client.get("/")).headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy


async def test_the_form_shows_what_was_chosen(harness: WebHarness) -> None:
    query = "?theme=dark&layout=cover&idle=hide&font=mono&radius=20&scale=1.5&without=times&sample=long&wall=photo"
    page = await page_of(harness, f"{query}&lang=de&accent=FF0055&width=300&background=efe6d2&motion=off")
    chosen = {name: page.checked(name) for name in ("theme", "layout", "idle", "font", "motion", "sample", "wall")}
    assert chosen == {
        "theme": ["dark"],
        "layout": ["cover"],
        "idle": ["hide"],
        "font": ["mono"],
        "motion": ["off"],
        "sample": ["long"],
        "wall": ["photo"],
    }
    assert page.checked("background") == ["own"]
    assert page.checked("show") == ["artwork", "label", "progress"]
    values = {name: page.value(name) for name in ("own", "accent", "width", "radius", "scale")}
    assert values == {"own": "efe6d2", "accent": "ff0055", "width": "300", "radius": "20", "scale": "1.5"}
    assert '<option value="de" lang="de" selected' in await html_of(harness, "?lang=de")


async def test_what_the_form_sends_is_what_the_address_holds(harness: WebHarness) -> None:
    sent = (
        "?wall=dark&sample=&layout=card&theme=auto&background=own&own=EFE6D2&accent=&radius=12&scale=1&font=system"
        "&idle=last&show=&show=artwork&show=label&show=progress&motion=auto&lang=&width="
    )
    html = await html_of(harness, sent)
    assert 'data-query="background=efe6d2&amp;without=times&amp;wall=dark"' in html
    usual = sent.replace("background=own", "background=art").replace("&show=progress", "&show=progress&show=times")
    assert 'data-query="wall=dark"' in await html_of(harness, usual)


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("accent", ["2E6F9G", "abc", "#12345", "é", "javascript:"], ["2E6F95", "#2e6f95", ""]),
        ("width", ["199", "901", "x", "-1", "1e3", "３００", "9" * 50], ["200", "900", " 300 ", ""]),
        ("radius", ["33", "-1", "x", "1.5"], ["0", "32", ""]),
        ("scale", ["0.7", "3.1", "x", "1,5"], ["0.75", "3", "1.05", ""]),
    ],
)
async def test_an_invalid_entry_is_marked_under_its_field(
    harness: WebHarness, name: str, wrong: list[str], right: list[str]
) -> None:
    for entry in wrong:
        page = await page_of(harness, f"?theme=dark&{name}={entry.replace('#', '%23')}")
        assert page.is_marked_invalid(name), entry
        assert "theme=dark" in page.snippets["notion"]
        assert name not in page.snippets["notion"]
    for entry in right:
        assert not (await page_of(harness, f"?{name}={entry.replace('#', '%23')}")).is_marked_invalid(name), entry


async def test_an_invalid_background_color_is_marked_under_its_field(harness: WebHarness) -> None:
    for query in ("?background=own&own=xyz", "?background=xyz"):
        page = await page_of(harness, query)
        assert page.is_marked_invalid("own")
        assert page.value("own") == "xyz"
        assert page.checked("background") == ["own"]
        assert "background" not in page.snippets["notion"]


async def test_a_backdrop_decides_the_preview_of_an_automatic_theme(harness: WebHarness) -> None:
    for wall, theme in (("light", "light"), ("dark", "dark"), ("photo", "dark")):
        assert f'<iframe src="widget?theme={theme}&amp;sample=playing"' in await html_of(
            harness, f"?wall={wall}&sample=playing"
        )
        assert '<iframe src="widget?theme=light"' in await html_of(harness, f"?theme=light&wall={wall}")
    assert '<iframe src="widget"' in await html_of(harness)


async def test_the_page_says_until_when_the_authorization_lasts(harness: WebHarness) -> None:
    assert "Spotify is connected until 14 March 2027" in (await page_of(harness)).text


@pytest.mark.parametrize("code", get_args(ErrorCode))
async def test_a_problem_is_shown_once_with_its_next_step(code: ErrorCode) -> None:
    owns_words = code in ("not_configured", "needs_authorization")
    message = "" if owns_words else "The one sentence about it."
    harness = WebHarness(health=HealthStatus(AuthorizationStatus("missing"), None, SourceProblem(code, message), 0))
    text = (await page_of(harness)).text
    assert text.count(code) == 1
    assert text.count("The one sentence about it.") == (1 if message else 0)
    assert "is connected" not in text
    if owns_words:
        assert "python -m bootstrap" in text


async def test_with_a_setup_key_the_page_leads_to_the_renewal() -> None:
    ending = HealthStatus(AuthorizationStatus("expires_soon", 5, 1_795_400_000.0), None, None, 0)
    html = await html_of(WebHarness(settings=KEY, health=ending))
    assert 'href="setup">Renew it now' in html
    assert "5 days left" in html
    missing = HealthStatus(
        AuthorizationStatus("missing"), None, SourceProblem("not_configured", "There is no token yet."), 0
    )
    assert 'href="setup">Connect it here' in await html_of(WebHarness(settings=KEY, health=missing))
    assert "setup" not in await html_of(WebHarness())


async def test_a_spent_seed_is_shown_with_its_next_step_and_is_no_error() -> None:
    spent = HealthStatus(AuthorizationStatus("ok", 120, 1_805_000_000.0, seed_is_spent=True), 1_795_000_000.0, None, 12)
    text = (await page_of(WebHarness(health=spent))).text
    assert "Spotify: Connected until the next restart" in text
    assert "SPOTIFY_REFRESH_TOKEN" in text
    assert "DATABASE_URL" in text
    assert "Visitors never see this error" not in text
    assert "until the next restart" not in (await page_of(WebHarness())).text


async def test_before_anything_is_set_up_the_preview_shows_a_sample() -> None:
    missing = HealthStatus(
        AuthorizationStatus("missing"), None, SourceProblem("not_configured", "There is no token yet."), 0
    )
    harness = WebHarness(health=missing)
    assert (await page_of(harness)).checked("sample") == ["playing"]
    assert (await page_of(harness, "?sample=")).checked("sample") == [""]


async def test_a_demo_says_that_it_is_one_and_nothing_of_an_authorization() -> None:
    text = (await page_of(WebHarness(settings=Settings(demo=True)))).text
    assert "demo" in text
    assert "authoriz" not in text.lower()
    assert "connected" not in text


async def test_another_source_is_named_and_has_no_authorization() -> None:
    source = SourceInfo("lastfm", "Last.fm", "https://www.last.fm/user/someone")
    text = (await page_of(WebHarness(settings=KEY, source=source))).text
    assert "Connected to Last.fm" in text
    assert "Spotify" not in text
    assert "authoriz" not in text.lower()


@pytest.mark.parametrize(
    ("address", "is_local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("https://music.example.org", False),
        ("http://192.168.1.5:8000", False),
    ],
)
async def test_a_snippet_that_works_on_this_computer_only_says_so(address: str, is_local: bool) -> None:
    text = (await page_of(WebHarness(settings=Settings(public_url=address)))).text
    assert text.count("This snippet works only on this computer.") == is_local


async def test_invalid_queries_give_the_default_page(harness: WebHarness) -> None:
    wild = "?theme=%3Cscript%3E&layout=%00&without=%FF&show=%3Cb%3E&sample=x&wall=..%2F..&lang=%22%3E&scale=nan"
    html = await html_of(harness, wild)
    assert "<b>" not in html
    page = BuilderPage(html)
    assert page.checked("theme") == ["auto"]
    assert page.checked("sample") == [""]
    assert page.checked("wall") == []


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/%3Cscript%3E",
        "/static/nothing.css",
        "/static/a/b.js",
        "/artwork/nothing",
        f"/artwork/{'0' * 32}",
        "/widget/",
        "/setup",
        "/setup/callback",
    ],
)
async def test_a_404_is_a_page_for_browsers_and_text_for_programs(harness: WebHarness, path: str) -> None:
    async with harness.client(accept="text/html,application/xhtml+xml") as client:
        page = await client.get(path)
    async with harness.client(accept="application/json") as client:
        text = await client.get(path)
    assert (page.status_code, text.status_code) == (404, 404)
    assert page.headers["content-type"].startswith("text/html")
    assert "Page not found" in page.text
    assert "script" not in page.text
    assert 'href="/"' in page.text
    assert text.text == "not found"
    for answer in (page, text):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["vary"] == "Accept"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("access-control-allow-origin" in page.headers) == (not path.startswith("/setup"))


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
async def test_the_preview_offers_the_states_that_the_source_can_report(source: SourceInfo) -> None:
    offered = set(re.findall(r'name="sample" value="(\w*)"', await html_of(WebHarness(source=source))))
    assert {"", "playing", "last", "nothing", "long", "rtl"} <= offered
    assert ("ad" in offered, "paused" in offered) == (source.has_ads, source.has_pauses)


@pytest.mark.parametrize("code", ["unknown_user", "private", "bad_credentials"])
async def test_a_refusal_of_another_source_is_shown_with_its_own_next_step(code: ErrorCode) -> None:
    problem = SourceProblem(code, "Last.fm says what to do.")
    harness = WebHarness(
        source=SOURCES["lastfm"], health=HealthStatus(AuthorizationStatus("not_needed"), None, problem, 3)
    )
    text = (await page_of(harness)).text
    assert error_info(code, SOURCES["lastfm"]).headline in text
    assert "Last.fm says what to do." in text
    assert "Nothing to do" not in text


async def test_what_to_run_before_anything_is_set_up_names_the_source() -> None:
    problem = SourceProblem("not_configured", "There is nothing yet.")
    health = HealthStatus(AuthorizationStatus("not_needed"), None, problem, 0)
    assert (
        "python -m bootstrap --source lastfm"
        in (await page_of(WebHarness(source=SOURCES["lastfm"], health=health))).text
    )
    assert "--source" not in (await page_of(WebHarness(health=health))).text
