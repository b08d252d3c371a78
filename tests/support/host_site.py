"""A host's site with several pages, and the libraries that its pages are made with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from tests.support.live_server import live_server
from tests.support.npm import bundles

EXAMPLE = "https://music.example.org"
HEIGHTS = {"card": 140, "compact": 56}


class HostSite:
    """``pages`` maps each path to a document and its headers; other paths answer 404.

    ``server`` takes the place of the example's address in the components of ``docs/embedding.md``.
    """

    def __init__(self) -> None:
        self.url = ""
        self.pages: dict[str, tuple[str, Mapping[str, str]]] = {}
        self.server = EXAMPLE

    def add(
        self,
        path: str,
        body: str,
        *,
        head: str = "",
        libraries: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Serve a page with ``libraries`` in its head, as blocking scripts, and return its address."""
        if libraries:
            bundles()  # The first time takes longer than a page may load.
        scripts = "".join(f'<script src="/npm/{name}.js"></script>' for name in libraries)
        title = f"<meta charset=utf-8><title>{path}</title>"
        html = f"<!doctype html><html><head>{title}{scripts}{head}</head><body>{body}</body></html>"
        self.pages[path] = html, headers or {}
        return self.url + path

    def clear(self) -> None:
        self.pages = {}


@contextmanager
def host_site() -> Iterator[HostSite]:
    """Yield a site on an origin of its own, without pages at first."""
    site = HostSite()

    async def page(request: Request) -> Response:
        if request.url.path == "/favicon.ico":
            return Response(status_code=204)
        if request.url.path not in site.pages:
            return Response("no such page", status_code=404)
        html, headers = site.pages[request.url.path]
        return HTMLResponse(html, headers=dict(headers))

    async def library(request: Request) -> Response:
        path = bundles() / f"{request.path_params['name']}.js"
        if not path.name.startswith("snippet"):
            return FileResponse(path, headers={"Cache-Control": "max-age=600"})
        script = path.read_text().replace(EXAMPLE, site.server)
        return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-store"})

    app = Starlette(routes=[Route("/npm/{name}.js", library), Route("/{path:path}", page)])
    with live_server(app) as address:
        site.url = address
        yield site


def script_tag(server: str, attributes: str = "async") -> str:
    """Return the script tag of the server at that address, with more attributes."""
    return f'<script src="{server}/embed.js" {attributes}></script>'


def expect_widgets(page: Page, *layouts: str) -> None:
    """Wait until the page shows widgets with these layouts, each with the music in it and as high as it needs."""
    frames = page.locator("now-playing iframe")
    expect(frames).to_have_count(len(layouts))
    for index, layout in enumerate(layouts):
        title = page.frame_locator("now-playing iframe").nth(index).locator("[data-state] .title")
        expect(title).to_have_text("Tides of Glass")
        expect(frames.nth(index)).to_have_css("height", f"{HEIGHTS[layout]}px")
    page.wait_for_function("[...document.querySelectorAll('now-playing')].every((one) => !one.childElementCount)")
