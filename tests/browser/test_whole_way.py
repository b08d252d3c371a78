"""From an empty directory to a live widget on another page, and through a renewal, as a person does it."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.commands import Process, Spotify, server, spotify, start, wait_for
from tests.support.host_page import host_page
from tests.support.live_server import free_port
from widget.sources.simulators.spotify_playlist import track

KEY = "a key of sixteen characters"
SONGS = tuple(
    track(str(number), f"Song {number}", ["Somebody"], "An Album", "tides", seconds=6.0, length=6.0, start=0.0)
    for number in range(50)
)


@pytest.fixture
def redirect_uri() -> str:
    return f"http://127.0.0.1:{free_port()}/callback"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def service(redirect_uri: str, port: int) -> Iterator[Spotify]:
    with spotify(redirect_uri, f"http://127.0.0.1:{port}/setup/callback", scenes=SONGS) as running:
        yield running


def bootstrapped(page: Page, service: Spotify, redirect_uri: str, folder: Path, button: str) -> Process:
    environ = {**service.environ, "SPOTIFY_REDIRECT_URI": redirect_uri}
    process = start("bootstrap", "--no-browser", cwd=folder, environ=environ)
    login = redirect_uri.replace("/callback", "/login")
    wait_for(login.replace("/login", "/nothing"), process)
    page.goto(login)
    expect(page.locator("h1")).to_have_text("Your app wants to see what you play")
    expect(page.locator("body")).to_contain_text("user-read-currently-playing")
    page.get_by_role("button", name=button).click()
    return process


def playing_now(service: Spotify) -> str:
    return service.simulator.playlist.at(time.time())[0].title


def test_a_person_authorizes_serves_and_embeds(
    page: Page, service: Spotify, redirect_uri: str, port: int, tmp_path: Path
) -> None:
    process = bootstrapped(page, service, redirect_uri, tmp_path, "Agree")
    expect(page.locator("h1")).to_have_text("It worked, Nilas Listener")
    expect(page.locator("body")).to_contain_text("You can close this tab")
    page.screenshot(path=tmp_path / "authorized.png")
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Nilas Listener" in out

    with server(tmp_path, service.environ, port=port) as running:
        page.goto(running.url)
        expect(page.locator("body")).to_contain_text("is connected until")
        snippet = page.locator('[data-snippet="iframe"]').inner_text()
        with host_page(snippet) as site:
            page.goto(site)
            title = page.frame_locator("iframe").locator("[data-state] .title")
            first = playing_now(service)
            expect(title).to_have_text(first)
            expect(page.frame_locator("iframe").locator(".artwork img")).to_be_visible()
            page.screenshot(path=tmp_path / "embedded.png")
            page.wait_for_timeout(7000)
            expect(title).to_have_text(playing_now(service), timeout=3000)
            assert title.inner_text() != first
        code, _, err = running.end(signal.SIGTERM)
    assert code == 0, err
    assert (tmp_path / "embedded.png").stat().st_size > 1000


def test_a_person_who_cancels_sees_so(page: Page, service: Spotify, redirect_uri: str, tmp_path: Path) -> None:
    process = bootstrapped(page, service, redirect_uri, tmp_path, "Cancel")
    expect(page.locator("h1")).to_have_text("It did not work")
    expect(page.locator("body")).to_contain_text("denied")
    _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "denied" in err


def test_the_owner_renews_on_the_running_server_while_a_widget_stays_live(
    page: Page, service: Spotify, redirect_uri: str, port: int, tmp_path: Path
) -> None:
    bootstrapped(page, service, redirect_uri, tmp_path, "Agree").communicate(timeout=10)
    environ = {**service.environ, "SETUP_KEY": KEY, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    service.simulator.access_seconds = 3.0
    visitor = page.context.new_page()
    with server(tmp_path, environ, port=port) as running, host_page(f'<iframe src="{running.url}/widget">') as site:
        visitor.goto(site)
        shown = visitor.frame_locator("iframe")
        expect(shown.locator("[data-state] .title")).to_have_text(playing_now(service))

        page.set_viewport_size({"width": 390, "height": 780})
        page.goto(f"{running.url}/setup")
        page.fill("#key", "a wrong key, however long")
        page.get_by_role("button", name="Continue to Spotify").click()
        expect(page.locator("[role=alert]")).to_contain_text("Wrong key")
        page.fill("#key", KEY)
        page.screenshot(path=tmp_path / "setup.png")
        page.get_by_role("button", name="Continue to Spotify").click()
        page.get_by_role("button", name="Agree").click()
        expect(page.locator("body")).to_contain_text("It worked, Nilas Listener")
        page.screenshot(path=tmp_path / "renewed.png")
        service.simulator.refresh_tokens = dict([*service.simulator.refresh_tokens.items()][-1:])

        for _ in range(5):
            visitor.wait_for_timeout(2000)
            assert shown.locator("[data-state]").get_attribute("data-state") == "playing"
        expect(shown.locator("[data-state] .title")).to_have_text(playing_now(service), timeout=4000)
        assert running.get("/readyz").status_code == 200
    visitor.close()
