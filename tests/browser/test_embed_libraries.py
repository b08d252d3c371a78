"""``/embed.js`` on pages that libraries morph and routers swap; each library is the real one, from npm."""

import json
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.support.host_site import HostSite, expect_widgets, script_tag

ELEMENT = '<now-playing theme="dark" layout="compact"></now-playing>'
KEPT = "document.querySelector('now-playing').shadowRoot.querySelector('iframe') === window.frame"
REMEMBER = "window.frame = document.querySelector('now-playing').shadowRoot.querySelector('iframe')"


# ---- Morphing --------------------------------------------------------------------------------------------------


def test_emptying_the_element_takes_nothing_away(page: Page, live: Live, site: HostSite) -> None:
    page.goto(site.add("/", ELEMENT, head=script_tag(live.url, "async data-define-only")))
    expect_widgets(page, "compact")
    page.evaluate(REMEMBER)
    page.evaluate("document.querySelector('now-playing').innerHTML = ''")
    assert page.evaluate(KEPT)


MORPHS = {
    "idiomorph": "Idiomorph.morph(document.querySelector('main'), HTML)",
    "morphdom": "morphdom(document.querySelector('main'), HTML)",
    "htmx4": "htmx.ajax('GET', '/part', { target: 'main', swap: 'outerMorph' })",
}


def morph(page: Page, site: HostSite, library: str, html: str) -> None:
    """Morph the page's main element into ``html``, as ``library`` does it."""
    site.pages["/part"] = html, {}
    page.evaluate(MORPHS[library].replace("HTML", json.dumps(html)))


@pytest.mark.parametrize("library", MORPHS)
def test_a_morph_keeps_the_element_and_its_frame(page: Page, live: Live, site: HostSite, library: str) -> None:
    html = f"<main><p>before</p>{ELEMENT}<p>after</p></main>"
    page.goto(site.add("/", html, head=script_tag(live.url, "async data-define-only"), libraries=(library,)))
    expect_widgets(page, "compact")
    page.evaluate(REMEMBER)
    morph(page, site, library, html.replace("before", "changed"))
    expect(page.locator("main p").first).to_have_text("changed")
    assert page.evaluate(KEPT)
    morph(page, site, library, html.replace("compact", "card"))
    expect_widgets(page, "card")


@pytest.mark.parametrize("library", MORPHS)
def test_a_morph_keeps_the_widget_of_a_script_tag(page: Page, live: Live, site: HostSite, library: str) -> None:
    html = f"<main><p>before</p>{script_tag(live.url)}<p>after</p></main>"
    page.goto(site.add("/", html, libraries=(library,)))
    expect_widgets(page, "card")
    page.evaluate(REMEMBER)
    morph(page, site, library, html.replace("before", "changed"))
    expect(page.locator("main p").first).to_have_text("changed")
    expect(page.locator("script + now-playing + p")).to_have_text("after")
    expect_widgets(page, "card")
    assert page.evaluate(KEPT)


@pytest.mark.parametrize("library", MORPHS)
def test_a_widget_leaves_in_a_morph_with_its_script_tag(page: Page, live: Live, site: HostSite, library: str) -> None:
    html = f"<main><p>before</p>{script_tag(live.url)}<p>after</p></main>"
    page.goto(site.add("/", html, libraries=(library,)))
    expect_widgets(page, "card")
    morph(page, site, library, "<main><p>before</p><p>after</p><p>more</p></main>")
    expect(page.locator("main p")).to_have_count(3)
    expect(page.locator("now-playing")).to_have_count(0)


def test_a_widget_moves_with_its_script_tag(page: Page, live: Live, site: HostSite) -> None:
    page.goto(site.add("/", f"<main>{script_tag(live.url)}<p>after</p></main><aside></aside>"))
    expect_widgets(page, "card")
    page.evaluate(
        """() => {
            for (let next, node = document.querySelector("main").firstChild; node; node = next) {
                next = node.nextSibling;
                document.querySelector("aside").append(node);
            }
        }"""
    )
    expect(page.locator("main > *")).to_have_count(0)
    expect(page.locator("aside > script + now-playing + p")).to_have_text("after")
    expect_widgets(page, "card")


@pytest.mark.parametrize("place", ["element", "script"])
def test_turbo_refreshes_the_page_by_a_morph(page: Page, live: Live, site: HostSite, place: str) -> None:
    layout, body = ("compact", ELEMENT) if place == "element" else ("card", script_tag(live.url))
    head = '<meta name="turbo-refresh-method" content="morph"><meta name="turbo-refresh-scroll" content="preserve">'
    head += script_tag(live.url, "async data-define-only") if place == "element" else ""
    address = site.add("/", f"<p>before</p>{body}", head=head, libraries=("turbo",))
    page.goto(address)
    expect_widgets(page, layout)
    site.add("/", f"<p>changed</p>{body}", head=head, libraries=("turbo",))
    page.evaluate("Turbo.visit(location.href, { action: 'replace' })")
    expect(page.locator("p")).to_have_text("changed")
    expect_widgets(page, layout)


@pytest.mark.parametrize("taken", ["document.querySelector('main').replaceChildren()", "document.scripts[0].remove()"])
def test_a_widget_leaves_with_its_script_tag(page: Page, live: Live, site: HostSite, taken: str) -> None:
    page.goto(site.add("/", f"<main>{script_tag(live.url)}</main>"))
    expect_widgets(page, "card")
    page.evaluate(taken)
    expect(page.locator("now-playing")).to_have_count(0)


def test_a_page_that_takes_it_away_again_and_again_is_not_loaded_down(page: Page, live: Live, site: HostSite) -> None:
    page.goto(site.add("/", f"<main>{script_tag(live.url)}</main>"))
    expect_widgets(page, "card")
    page.evaluate(
        """() => {
            window.removed = [];
            const remove = () => { const all = document.querySelectorAll("now-playing");
                for (const one of all) { one.remove(); removed.push(performance.now()); } };
            new MutationObserver(remove).observe(document.body, { childList: true, subtree: true });
            remove();
        }"""
    )
    page.wait_for_function("removed.length === 4")
    removed = page.evaluate("removed")
    assert all(later - earlier > 450 for earlier, later in pairwise(removed[1:])), removed


# ---- Navigation ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["turbo", "htmx2", "htmx4"])
@pytest.mark.parametrize("place", ["body", "head"])
def test_a_script_tag_makes_one_widget_however_often_it_is_visited(
    page: Page, live: Live, site: HostSite, library: str, place: str
) -> None:
    script = script_tag(live.url)
    body, head = (script, "") if place == "body" else ("", script)
    links = '<div hx-boost="true"><a id="there" href="/b">B</a></div>'
    address = site.add("/a", f"<h1>A</h1>{body}{links}", head=head, libraries=(library,))
    site.add("/b", '<h1>B</h1><div hx-boost="true"><a id="back" href="/a">A</a></div>', libraries=(library,))
    page.goto(address)
    expect_widgets(page, "card")
    for way in ("back", "back", "link"):
        page.click("#there")
        expect(page.locator("h1")).to_have_text("B")
        if place == "body":
            expect(page.locator("now-playing")).to_have_count(0)
        page.click("#back") if way == "link" else page.go_back()
        expect(page.locator("h1")).to_have_text("A")
        expect_widgets(page, "card")


def test_a_router_that_runs_each_address_once_gets_the_widget_at_each_visit(
    page: Page, live: Live, site: HostSite
) -> None:
    page.goto(site.add("/", f"<main><p>a</p>{script_tag(live.url)}</main>"))
    expect_widgets(page, "card")
    page.evaluate("window.first = document.body.innerHTML.replace(/<now-playing.*?<.now-playing>/, '')")
    for _ in range(2):
        page.evaluate("document.body.innerHTML = '<main>another page</main>'")
        expect(page.locator("now-playing")).to_have_count(0)
        page.evaluate("document.body.innerHTML = first")  # A script that is set in this way does not run.
        expect_widgets(page, "card")


def test_what_is_taken_away_and_brought_again_comes_back(page: Page, live: Live, site: HostSite) -> None:
    page.goto(site.add("/", f"<main>{script_tag(live.url)}{ELEMENT}</main>"))
    expect_widgets(page, "card", "compact")
    page.evaluate("window.main = document.querySelector('main'); main.remove()")
    page.wait_for_timeout(100)
    page.evaluate("document.body.append(main)")
    expect_widgets(page, "card", "compact")


def test_a_page_that_was_saved_with_its_shadow_roots_shows_one_widget(page: Page, live: Live, site: HostSite) -> None:
    page.goto(site.add("/", script_tag(live.url)))
    expect_widgets(page, "card")
    element = page.evaluate(
        """() => {
            const element = document.querySelector("now-playing"), shadow = element.shadowRoot.innerHTML;
            const template = `<template shadowrootmode="open">${shadow}</template>`;
            return element.outerHTML.replace("><", `>${template}<`);
        }"""
    )
    page.goto(site.add("/saved", script_tag(live.url) + element))
    expect_widgets(page, "card")


def test_a_clone_and_a_saved_page_have_one_widget_for_each_of_theirs(page: Page, live: Live, site: HostSite) -> None:
    page.goto(site.add("/", f"<main>{script_tag(live.url, 'data-layout=compact')}{ELEMENT}</main>"))
    expect_widgets(page, "compact", "compact")
    site.pages["/saved"] = page.content(), {}
    page.evaluate("document.querySelector('main').replaceWith(document.querySelector('main').cloneNode(true))")
    expect_widgets(page, "compact", "compact")
    page.goto(f"{site.url}/saved")
    expect_widgets(page, "compact", "compact")
