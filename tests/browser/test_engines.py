"""The widget, the picture and the builder in Firefox and WebKit, and with scroll bars that take room."""

import io
import time

import httpx
import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Playwright, expect

from tests.browser.conftest import Live
from tests.support.browser import launched
from tests.support.engines import Engine, Firefox, WebKit, webkit
from tests.support.host_site import HostSite, script_tag
from tests.support.live_server import live_server
from tests.support.web_harness import ARABIC, HEBREW, JAPANESE, WebHarness, idle, item, playing
from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.model.playback import Item

SCRIPTS = {
    "arabic": ARABIC,
    "hebrew": HEBREW,
    "hindi": item("रात की आख़िरी रेलगाड़ी", ("मीरा जोशी",)),
    "thai": item("คืนนี้ที่ริมน้ำ", ("ปลายฟ้า",)),
    "japanese": JAPANESE,
}
SHADOW_FRAME = "document.querySelector('now-playing')?.shadowRoot.querySelector('iframe')"
PLAIN_FRAME = "document.querySelector('iframe')"
CONTROL = "\ue009"
"""WebDriver's code point for the key."""


def enter_widget(engine: Engine, frame: str, title: str = "Tides of Glass") -> None:
    """Go into the widget's frame, and wait for the music in it."""
    engine.wait(f"!!({frame})")
    engine.enter(frame)
    engine.wait_for_text("[data-state] .title", title)


# ---- Live ------------------------------------------------------------------------------------------------------


def test_a_change_shows_at_once_and_the_frame_has_the_height_of_what_is_in_it(
    engine: Engine, live: Live, site: HostSite
) -> None:
    engine.open(site.add("/", f"<p>before</p>{script_tag(live.url, 'async data-layout=compact data-idle=hide')}"))
    enter_widget(engine, SHADOW_FRAME)
    live.show(playing(time.time(), item("Another")))
    engine.wait_for_text("[data-state] .title", "Another")
    engine.leave()
    assert engine.run(f"return {SHADOW_FRAME}.getBoundingClientRect().height") == 56
    live.show(idle(time.time()))
    engine.wait(f"{SHADOW_FRAME}.getBoundingClientRect().height === 0")


def test_after_a_kill_it_shows_the_item_as_last_played_a_few_seconds_past_its_end(engine: Engine) -> None:
    track = item(duration_ms=180_000)
    harness = WebHarness(SystemClock(), Settings()).show(playing(time.time(), track, 150_000))
    with live_server(harness.app) as url:
        engine.open(f"{url}/widget")
        engine.wait_for_text("[data-state] .title", track.title)
        assert engine.run("return document.querySelector('[data-state]').dataset.state") == "playing"
    engine.run("const now = performance.now.bind(performance); performance.now = () => now() + 35000")
    engine.wait("document.querySelector('[data-state]').dataset.state === 'last'")
    engine.wait_for_text(".label", "Last played")


# ---- Where it stands -------------------------------------------------------------------------------------------


def test_it_lives_in_a_sandbox_that_allows_scripts_alone(engine: Engine, live: Live, site: HostSite) -> None:
    frame = f'<iframe sandbox="allow-scripts" src="{live.url}/widget" width="420" height="140"></iframe>'
    engine.open(site.add("/", frame))
    enter_widget(engine, PLAIN_FRAME)
    engine.wait("document.querySelector('.artwork img')?.naturalWidth > 0")
    live.show(playing(time.time(), item("Another")))
    engine.wait_for_text("[data-state] .title", "Another")


def test_it_lives_in_an_isolated_page(engine: Engine, live: Live, site: HostSite) -> None:
    headers = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin"}
    engine.open(site.add("/", script_tag(live.url, "async crossorigin"), headers=headers))
    assert engine.run("return crossOriginIsolated") or engine.name == "webkit"
    enter_widget(engine, SHADOW_FRAME)
    engine.wait("document.querySelector('.artwork img')?.naturalWidth > 0")


@pytest.mark.parametrize(
    "head", ['<script type="module">import "HOST/embed.js"</script>', '<script>import("HOST/embed.js")</script>']
)
def test_an_import_knows_its_server(engine: Engine, live: Live, site: HostSite, head: str) -> None:
    engine.open(site.add("/", "<now-playing></now-playing>", head=head.replace("HOST", live.url)))
    enter_widget(engine, SHADOW_FRAME)


def test_react_hydrates_around_the_widget_of_a_script_tag(engine: Engine, live: Live, site: HostSite) -> None:
    html = f"<main>{script_tag(live.url, 'async')}<p>after</p></main>"
    engine.open(site.add("/", f'<div id="root">{html}</div>', libraries=("react18",)))
    enter_widget(engine, SHADOW_FRAME)
    engine.leave()
    engine.run(
        """
        window.found = [...document.querySelectorAll("main, now-playing")];
        window.errors = [];
        const h = React.createElement, [address] = arguments;
        const script = h("script", { src: `${address}/embed.js`, async: true });
        const App = () => {
            React.useEffect(() => { window.hydrated = true; });
            return h("main", null, script, h("p", null, "after"));
        };
        const onRecoverableError = (error) => errors.push(error.message);
        ReactDOM.hydrateRoot(document.getElementById("root"), h(App), { onRecoverableError });
        """,
        live.url,
    )
    engine.wait("window.hydrated")
    assert engine.run("return errors") == []
    assert engine.run("return found.every((node, at) => document.querySelectorAll('main, now-playing')[at] === node)")


def test_auto_is_dark_in_a_frame_on_a_dark_firefox(running_firefox: Firefox, live: Live, site: HostSite) -> None:
    for dark in (True, False):
        running_firefox.prefer(dark=dark)
        assert (dark, looks_dark(running_firefox, live, site)) == (dark, dark)
    running_firefox.open("about:blank")


def test_auto_is_dark_in_a_frame_on_a_dark_webkit(running_webkit: WebKit, live: Live, site: HostSite) -> None:
    assert not looks_dark(running_webkit, live, site)
    running_webkit.open("about:blank")
    with webkit(dark=True) as on_dark_system:
        assert looks_dark(on_dark_system, live, site)
        on_dark_system.open("about:blank")


def looks_dark(engine: Engine, live: Live, site: HostSite) -> bool:
    """Whether the card of the iframe snippet is dark, and shows through at its corners."""
    style = "border: 0; color-scheme: light dark"
    frame = f'<iframe src="{live.url}/widget?background=card" width="420" height="140" style="{style}"></iframe>'
    engine.open(site.add("/", f"<style>body{{margin:0;background:#0a0}}</style>{frame}"))
    enter_widget(engine, PLAIN_FRAME)
    engine.leave()
    picture = Image.open(io.BytesIO(engine.screenshot()))
    assert picture.convert("RGB").getpixel((0, 0)) == (0, 170, 0)  # No box stands around the rounded corners.
    gray = picture.convert("L").getpixel((210, 6))
    assert isinstance(gray, int | float)
    return gray < 96


TALL_PAGE = """<div style="height:300vh"></div>
<iframe src="ADDRESS/widget?sample=rtl&layout=cover" width="300" height="427" style="border:0"></iframe>"""
BAR = "innerWidth - document.documentElement.clientWidth"
ROOM = "[document.documentElement.clientWidth, document.documentElement.clientHeight]"


def test_firefox_shows_no_scroll_bar_on_a_cover(running_firefox: Firefox, live: Live, site: HostSite) -> None:
    running_firefox.open(site.add("/", TALL_PAGE.replace("ADDRESS", live.url)))
    assert running_firefox.run(f"return {BAR}") > 0
    running_firefox.enter(PLAIN_FRAME)
    running_firefox.wait("!!document.querySelector('.widget')")
    assert running_firefox.run(f"return {ROOM}") == [300, 427]
    running_firefox.open("about:blank")


def test_chromium_shows_no_scroll_bar_on_a_cover(running_playwright: Playwright, live: Live, site: HostSite) -> None:
    with launched(running_playwright, scroll_bars=True) as context:
        page = context.new_page()
        page.goto(site.add("/", TALL_PAGE.replace("ADDRESS", live.url)))
        assert page.evaluate(BAR) > 0
        expect(page.frame_locator("iframe").locator(".widget")).to_be_visible()
        assert page.frames[1].evaluate(ROOM) == [300, 427]


# ---- Letters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", SCRIPTS.values(), ids=SCRIPTS)
def test_no_letter_of_the_page_is_cut(engine: Engine, live: Live, site: HostSite, what: Item) -> None:
    """The ink of each line is that of a copy whose lines cut nothing above or below."""
    live.show(playing(time.time(), what))
    address = f"{live.url}/widget?theme=light&background=card&motion=off"
    engine.open(site.add("/", f'<iframe src="{address}" width="420" height="140" style="border:0"></iframe>'))
    enter_widget(engine, PLAIN_FRAME, what.title)
    engine.wait(STILL)
    restyle(engine, ".line,time,.bars,.artwork,.icon{visibility:hidden}.widget{transition:none}")
    cut = drawn(engine)
    restyle(
        engine,
        ":is(.title,.label,.artists){overflow:clip!important;overflow-clip-margin:0!important;"
        "overflow-x:clip!important;overflow-y:visible!important}",
    )
    assert difference(cut, drawn(engine)) is None


def restyle(engine: Engine, css: str) -> None:
    """Style the page as only its own rules may."""
    engine.run("document.querySelector('style').append(arguments[0])", css)
    wait_for_paint(engine)


STILL = """document.getAnimations().every((one) => {
    const { duration, iterations } = one.effect.getTiming();
    return one.playState !== "running" || iterations === Infinity || duration > 1000;
})"""
"""Whether no fade is under way; the progress and the bars may move."""


def wait_for_paint(engine: Engine) -> None:
    engine.run("delete window.drawn; requestAnimationFrame(() => requestAnimationFrame(() => { window.drawn = 1 }))")
    engine.wait("window.drawn")


def drawn(engine: Engine) -> Image.Image:
    """Return the window in shades of gray, where there is ink on white."""
    picture = Image.open(io.BytesIO(engine.screenshot())).convert("L")
    assert picture.getextrema()[0] < 100  # type: ignore[operator]
    assert picture.getextrema()[1] > 250  # type: ignore[operator]
    return picture


@pytest.mark.parametrize("what", SCRIPTS.values(), ids=SCRIPTS)
def test_the_letters_of_the_picture_are_joined_and_ordered(
    engine: Engine, live: Live, site: HostSite, what: Item
) -> None:
    """WebKit sets letter by letter, reversed and unjoined, any text of an SVG that has letter-spacing."""
    live.show(playing(time.time(), what))
    picture = httpx.get(f"{live.url}/now-playing.svg?theme=light&motion=off&without=artwork,progress").text
    assert what.title.split()[0] in picture
    engine.open(site.add("/", f"<style>body{{margin:0}}</style>{picture[picture.index('<svg') :]}"))
    as_served = drawn(engine)
    engine.run("for (const text of document.querySelectorAll('text')) text.style.letterSpacing = '0'")
    wait_for_paint(engine)
    assert difference(as_served, drawn(engine)) is None


def difference(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """Return the box in which two pictures visibly differ; None if they do not."""
    return ImageChops.difference(one, other).point(lambda value: 255 if value > 8 else 0).getbbox()


# ---- The builder -----------------------------------------------------------------------------------------------


def test_the_builder_copies_the_snippet(engine: Engine, live: Live) -> None:
    engine.open(f"{live.url}/?layout=compact")
    find = "[...document.querySelectorAll('[data-copy]')].find((one) => one.checkVisibility())"
    engine.wait(f"!!{find}")
    name = engine.run(f"const button = {find}; button.id = 'copy'; return button.dataset.copy")
    snippet = engine.run(f"return document.querySelector('[data-snippet={name}]').textContent")
    engine.run("window.label = document.querySelector('#copy').textContent")
    engine.click("#copy")
    engine.wait("document.querySelector('#copy').textContent !== label")
    engine.run("document.body.prepend(document.createElement('textarea'))")
    engine.type("textarea", CONTROL + "v")
    engine.wait("document.querySelector('textarea').value !== ''")
    assert engine.run("return document.querySelector('textarea').value") == snippet
    assert live.url in snippet
