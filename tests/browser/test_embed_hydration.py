"""``/embed.js`` on pages that frameworks hydrate; each is the real one, from npm."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Live
from tests.support.host_site import HostSite, expect_widgets, script_tag


@dataclass(frozen=True)
class Framework:
    """How a library renders the component ``App`` to a string, and how it hydrates that string in ``root``."""

    bundle: str
    component: str
    render: str
    hydrate: str


REACT = Framework(
    "",
    """() => {
        const [count, set] = React.useState(0);
        window.set = set;
        const h = React.createElement;
        return h("main", null, h("h1", null, `clicked ${count}`), CHILD, h("p", null, "after"));
    }""",
    "ReactDOMServer.renderToString(React.createElement(APP))",
    """ReactDOM.hydrateRoot(root, React.createElement(APP), {
        onRecoverableError: (error) => console.error(error.message),
    })""",
)
FRAMEWORKS = {
    "react18": Framework("react18", REACT.component, REACT.render, REACT.hydrate),
    "react19": Framework("react19", REACT.component, REACT.render, REACT.hydrate),
    "preact": Framework(
        "preact",
        REACT.component.replace("React.createElement", "preact.h").replace("React.", "preact."),
        "preact.renderToString(preact.h(APP))",
        "preact.hydrate(preact.h(APP), root)",
    ),
    "vue": Framework(
        "vue",
        """{
            setup() {
                const count = Vue.ref(0);
                window.set = (value) => { count.value = value; };
                const { h } = Vue;
                return () => h("main", null, [h("h1", null, `clicked ${count.value}`), CHILD, h("p", null, "after")]);
            },
        }""",
        "Vue.renderToString(Vue.createSSRApp(APP))",
        "Vue.createSSRApp(APP).mount(root)",
    ),
}
by_framework = pytest.mark.parametrize("framework", FRAMEWORKS.values(), ids=FRAMEWORKS)


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """Fill with the errors and warnings that the page prints: the libraries' development builds report mismatches."""
    printed: list[str] = []
    page.on("console", lambda message: printed.append(message.text) if message.type in ("error", "warning") else None)
    return printed


def hydrate(page: Page, site: HostSite, framework: Framework, child: str, *, head: str = "") -> None:
    """Open a page with the component as the framework's server renders it, and hydrate it while the page loads."""
    app = framework.component.replace("CHILD", child)
    page.goto(site.add("/server", "", libraries=(framework.bundle,)))
    html = page.evaluate(f"async () => {framework.render.replace('APP', f'({app})')}")
    body = f'<div id="root">{html}</div><script>window.server = document.querySelector("main")</script>'
    script = f"<script>{framework.hydrate.replace('APP', f'({app})')}</script>"
    page.goto(site.add("/", body + script, head=head, libraries=(framework.bundle,)))


@by_framework
@pytest.mark.parametrize("attributes", ["", "async"], ids=["blocking", "async"])
def test_hydration_keeps_the_server_s_tree_and_the_element(
    page: Page, live: Live, site: HostSite, complaints: list[str], framework: Framework, attributes: str
) -> None:
    child = 'h("now-playing", { layout: "compact", theme: "dark" })'
    hydrate(page, site, framework, child, head=script_tag(live.url, f"{attributes} data-define-only"))
    expect_widgets(page, "compact")
    assert page.evaluate("document.querySelector('main') === server")
    assert complaints == []


@by_framework
def test_hydration_keeps_the_server_s_tree_around_a_script_tag(
    page: Page, live: Live, site: HostSite, complaints: list[str], framework: Framework
) -> None:
    hydrate(page, site, framework, f'h("script", {{ src: "{live.url}/embed.js", "data-layout": "compact" }})')
    expect_widgets(page, "compact")
    assert page.evaluate("document.querySelector('main') === server")
    assert [one for one in complaints if "script tag while rendering" not in one] == []
    page.evaluate("set(1)")
    expect(page.locator("h1")).to_have_text("clicked 1")
    expect(page.locator("script + now-playing + p")).to_have_text("after")
    expect_widgets(page, "compact")


@by_framework
def test_the_options_that_a_component_sets_arrive_and_change(
    page: Page, live: Live, site: HostSite, framework: Framework
) -> None:
    count = "count.value" if framework.bundle == "vue" else "count"
    options = f'{{ theme: {count} ? "light" : "dark", layout: {count} ? null : "compact", radius: {count} * 8, '
    child = f'h("now-playing", {options} without: {count} ? ["times", "label"] : undefined, src: "{live.url}" }})'
    hydrate(page, site, framework, child, head=script_tag(live.url, "data-define-only"))
    expect(page.locator("iframe")).to_have_attribute("src", f"{live.url}/widget?theme=dark&layout=compact&radius=0")
    page.evaluate("set(1)")
    changed = f"{live.url}/widget?theme=light&radius=8&without=times%2Clabel"
    expect(page.locator("iframe")).to_have_attribute("src", changed)
    expect_widgets(page, "card")


def hydrate_late(page: Page, site: HostSite, framework: Framework, child: str, *, server_html: str = "") -> None:
    """Hydrate what the framework's server renders, or ``server_html``, when the page and its widget are long there."""
    app = framework.component.replace("CHILD", child)
    page.goto(site.add("/server", "", libraries=(framework.bundle,)))
    html = server_html or page.evaluate(f"async () => {framework.render.replace('APP', f'({app})')}")
    page.goto(site.add("/", f'<div id="root">{html}</div>', libraries=(framework.bundle,)))
    expect_widgets(page, "compact")
    page.evaluate("window.server = ['main', 'now-playing'].map((name) => document.querySelector(name))")
    page.evaluate(f"() => {{ {framework.hydrate.replace('APP', f'({app})')} }}")
    page.wait_for_function("!!window.set")
    page.evaluate("set(1)")
    expect(page.locator("h1")).to_have_text("clicked 1")


KEEPS_BOTH = "['main', 'now-playing'].every((name, index) => document.querySelector(name) === server[index])"


@by_framework
@pytest.mark.parametrize("around", ["CHILD", 'h("div", null, CHILD)'], ids=["among others", "alone"])
def test_a_framework_that_hydrates_long_after_the_page_has_loaded_rejects_nothing(
    page: Page, live: Live, site: HostSite, complaints: list[str], framework: Framework, around: str
) -> None:
    script = f'h("script", {{ src: "{live.url}/embed.js", "data-layout": "compact" }})'
    hydrate_late(page, site, framework, around.replace("CHILD", script))
    expect_widgets(page, "compact")
    assert page.evaluate(KEEPS_BOTH)
    assert complaints == []


@pytest.mark.parametrize("name", ["react18", "react19"])
@pytest.mark.parametrize("is_async", ["false", "true"], ids=["blocking", "async"])
def test_react_hydrates_a_boundary_around_a_script_tag_late(
    page: Page, live: Live, site: HostSite, complaints: list[str], name: str, is_async: str
) -> None:
    script = f'h("script", {{ src: "{live.url}/embed.js", "data-layout": "compact", async: {is_async} }})'
    child = f'h(React.Suspense, {{ fallback: "" }}, h("i", null, "before"), {script}, h("b", null, "behind"))'
    hydrate_late(page, site, FRAMEWORKS[name], child)
    expect_widgets(page, "compact")
    assert page.evaluate(KEEPS_BOTH)
    assert complaints == []


@by_framework
def test_a_framework_that_rejects_the_server_s_html_gets_the_widget_again(
    browser: BrowserContext, live: Live, site: HostSite, framework: Framework
) -> None:
    page = browser.new_page()  # Of which the framework's own errors are expected.
    script = f'h("script", {{ src: "{live.url}/embed.js", "data-layout": "compact" }})'
    html = f"<main><h2>not this</h2>{script_tag(live.url, 'data-layout=compact')}<p>after</p></main>"
    hydrate_late(page, site, framework, script, server_html=html)
    expect(page.locator("script + now-playing + p")).to_have_text("after")
    expect_widgets(page, "compact")
    page.close()


def test_a_widget_leaves_with_the_fragment_of_its_script_tag(page: Page, live: Live, site: HostSite) -> None:
    script = f'h("script", {{ src: "{live.url}/embed.js", "data-layout": "compact" }})'
    fragment = f'count.value ? null : h(Vue.Fragment, [h("i", "before"), {script}, h("b", "behind")])'
    hydrate_late(page, site, FRAMEWORKS["vue"], fragment)
    expect(page.locator("i, script + now-playing, b")).to_have_count(0)
    page.evaluate("set(0)")
    expect(page.locator("i + script + now-playing + b")).to_have_count(1)
    expect_widgets(page, "compact")


# ---- The components of docs/embedding.md -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["react18", "react19", "preact", "vue", "svelte"])
def test_the_documented_component_is_rendered_hydrated_and_shown(
    page: Page, live: Live, site: HostSite, complaints: list[str], name: str
) -> None:
    site.server = live.url
    renderer = "snippet-svelte-server" if name == "svelte" else f"snippet-{name}"
    page.goto(site.add("/server", "", libraries=(renderer,)))
    html = page.evaluate("async () => snippet.html()")
    assert '<now-playing layout="compact"></now-playing>' in html
    script = 'window.server = document.querySelector("now-playing"); snippet.hydrate(root)'
    body = f'<div id="root">{html}</div><script>{script}</script>'
    page.goto(site.add("/", body, libraries=(f"snippet-{name}",)))
    expect_widgets(page, "compact")
    assert page.evaluate("document.querySelector('now-playing') === server")
    assert complaints == []
