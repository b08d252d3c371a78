"""``/widget``: the page for the iframe, rendered with the current state, then live by its script."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from widget.faces.http import respond
from widget.faces.owner.snippets import oembed_url
from widget.faces.pictures.colours import DARK, LIGHT, accented
from widget.faces.pictures.options import Options
from widget.faces.pictures.view import view_of
from widget.faces.pictures.words import Words, words
from widget.faces.services import Services, services_of
from widget.faces.static_files import static_path
from widget.faces.templating import environment
from widget.snapshot import Snapshot
from widget.source import SPOTIFY

WIDTHS = {"card": 300, "compact": 64, "cover": 640, "list": 64}
MOST_PAGES = 64


class Pages:
    """The rendered pages of the current snapshot, each made once a second at most."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._made: dict[tuple[object, ...], bytes] = {}

    def page(self, snapshot: Snapshot, key: tuple[object, ...]) -> bytes | None:
        """What was kept for ``key``; None where it must be made."""
        if snapshot is not self._snapshot or len(self._made) > MOST_PAGES:
            self._snapshot, self._made = snapshot, {}
        return self._made.get(key)

    def keep(self, key: tuple[object, ...], page: bytes) -> None:
        """Keeps ``page`` until the snapshot changes."""
        self._made[key] = page


async def widget(request: Request) -> Response:
    """The page. Every query is fine: what is unknown means the default."""
    services = services_of(request)
    options = Options.from_query(request.query_params)
    spoken = words(options.lang, "" if options.lang else request.headers.get("accept-language", ""))
    snapshot = await services.broadcast.fresh()
    now = services.clock.now()
    pages: Pages = request.app.state.pages
    key = (options, spoken.tag, int(now))
    body = pages.page(snapshot, key)
    if body is None:
        body = render(snapshot, options, spoken, services, now)
        pages.keep(key, body)
    ancestors = frame_ancestors(services.settings.frame_ancestors, request.headers.get("sec-fetch-site", ""))
    vary = "Sec-Fetch-Site" if options.lang else "Accept-Language, Sec-Fetch-Site"
    headers = {
        "Content-Security-Policy": content_security_policy(ancestors),
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Vary": vary,
    }
    return respond(
        request,
        body,
        media_type="text/html; charset=utf-8",
        cache_control="public, max-age=0, s-maxage=1, stale-while-revalidate=10, stale-if-error=300",
        headers=headers,
        compress=True,
    )


def render(snapshot: Snapshot, options: Options, spoken: Words, services: Services, now: float) -> bytes:
    """The page's bytes."""
    view = view_of(snapshot, options, spoken, now, services.source)
    width = WIDTHS[options.layout]
    address = services.settings.public_url  # One from the request would be kept for others by caches.
    path = None if view.item is None else services.artwork.path(view.item)
    return (
        environment()
        .get_template("widget.html")
        .render(
            view=view,
            options=options,
            words=spoken,
            artwork=None if path is None else f"{path[1:]}?w={width}",
            light=LIGHT,
            dark=DARK,
            accent_light=accented(LIGHT, options.accent),
            accent_dark=accented(DARK, options.accent),
            script=static_path("widget.js"),
            source=source_text(options, spoken),
            client=client_texts(options, spoken),
            oembed=None if address is None else oembed_url(address, options),
            address=address,
        )
        .encode("utf-8", "replace")
    )


def client_texts(options: Options, spoken: Words) -> str:
    """What the page's script needs to know, as JSON."""
    used = {name: spoken[name] for name in ("playing", "paused", "ad", "last", "nothing")}
    source = source_text(options, spoken)
    return json.dumps({"words": used, "source": source, "idle": options.idle, "width": WIDTHS[options.layout]})


def source_text(options: Options, spoken: Words) -> str:
    """The attribution that links to the item; one line has room for the name alone."""
    return "Spotify" if options.layout in ("compact", "list") else spoken["listen"].format(source=SPOTIFY.label)


def frame_ancestors(allowed: str | None, sec_fetch_site: str) -> str | None:
    """Who may embed the page; for a request from a page of our own, which shows a preview, we may as well."""
    if allowed is None or allowed in ("*", "'none'") or sec_fetch_site != "same-origin":
        return allowed
    return f"{allowed} 'self'"


def content_security_policy(frame_ancestors: str | None) -> str:
    """For the embeddable page: its own script, artwork and events only (https://www.w3.org/TR/CSP3/).

    Everybody may embed it where ``frame_ancestors`` is None: ``*`` would leave out ``file:`` and sandboxed pages.
    """
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'"
    )
    return policy if frame_ancestors is None else f"{policy}; frame-ancestors {frame_ancestors}"
