"""``/now-playing.svg``: a picture for READMEs. It loads nothing, runs nothing, and is well-formed for any text."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from widget.faces.artwork_cache import ArtworkFile
from widget.faces.colours import DARK, LIGHT, accented
from widget.faces.http import respond, weak_etag
from widget.faces.options import Layout, Options
from widget.faces.services import Services, services_of
from widget.faces.svg_frames import FRAMES, Frame
from widget.faces.templating import environment
from widget.faces.text_fit import is_right_to_left, shortened, text_width
from widget.faces.view import View, view_of
from widget.faces.words import Words, words

LARGEST_BYTES = 60 * 1024
ARTWORK_PATIENCE_SECONDS = 1.0
PROGRESS_STEP_MS = 15_000
CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

# Characters that XML 1.0 cannot hold, escaped or not: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: what is shown of it, where (pixels, baseline), how large, and in which direction."""

    text: str
    x: float
    y: float
    size: float
    kind: str
    anchor: str = "start"
    direction: str = "ltr"


async def picture(request: Request) -> Response:
    """The picture; always 200, whatever Spotify says."""
    services = services_of(request)
    options = Options.from_query(request.query_params)
    spoken = words(options.lang, "" if options.lang else request.headers.get("accept-language", ""))
    snapshot = await services.broadcast.fresh()
    now = services.clock.now()
    view = view_of(snapshot, options, spoken, now)
    file = await _artwork(services, view, FRAMES[options.layout])
    body = render(view, options, spoken, file)
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    if not options.lang:
        headers["Vary"] = "Accept-Language"
    return respond(
        request,
        body,
        media_type="image/svg+xml; charset=utf-8",
        cache_control="no-cache, s-maxage=1",
        etag=_etag(view, options, spoken, file, snapshot.anchor),
        headers=headers,
        compress=True,
    )


def render(view: View, options: Options, spoken: Words, file: ArtworkFile | None) -> bytes:
    """The picture's bytes; with the placeholder where the artwork would make it too large."""
    body = _render(view, options, spoken, file)
    return body if len(body) <= LARGEST_BYTES or file is None else _render(view, options, spoken, None)


def xml_text(text: str) -> str:
    """``text`` without the characters that XML cannot hold; a lone surrogate becomes U+FFFD."""
    return _NOT_XML.sub(lambda match: "\ufffd" if "\ud800" <= match[0] <= "\udfff" else "", text)


def _render(view: View, options: Options, spoken: Words, file: ArtworkFile | None) -> bytes:
    frame = FRAMES[options.layout]
    item = view.item
    length = None if item is None or view.progress_ms is None else item.duration_ms
    text = (
        environment()
        .get_template("now-playing.svg")
        .render(
            view=view,
            options=options,
            words=spoken,
            frame=frame,
            lines=_lines(view, options.layout, frame, spoken),
            artwork=None if file is None else _data_uri(file),
            summary=xml_text(" – ".join(filter(None, (view.title, view.byline))) or view.label),
            label=xml_text(view.label),
            progress=None if length is None else (view.progress_ms or 0) / length,
            left_ms=0 if length is None else length - (view.progress_ms or 0),
            light=LIGHT,
            dark=DARK,
            accent_light=accented(LIGHT, options.accent),
            accent_dark=accented(DARK, options.accent),
        )
    )
    return text.encode()


def _lines(view: View, layout: Layout, frame: Frame, spoken: Words) -> list[Line]:
    rtl = spoken.direction == "rtl"
    if layout == "compact":
        return _one_line(view, frame, rtl)
    top = 0 if layout == "card" else frame.artwork[1] + frame.artwork[2] + 2
    bars = 18 if view.moves else 0
    label_x = frame.text_right - bars if rtl else frame.text_x + bars
    if view.item is None:
        return [
            _line(view.label, frame, top + 72, 15, "quiet", label_x, rtl),
            _line("Spotify", frame, _foot(layout), 12, "muted", None, rtl),
        ]
    kind = "accent" if view.moves else "muted"
    room = frame.text_right - frame.text_x - (26 if view.item.explicit else 0)
    title = _fitted(view.title, frame, top + 55, 16, "title", room)
    return [
        _line(view.label, frame, top + 29, 12, kind, label_x, rtl),
        title,
        _fitted(view.byline, frame, top + 77, 14, "muted", frame.text_right - frame.text_x),
        *_mark(view, title, frame),
        _line("Spotify", frame, _foot(layout), 12, "muted", None, rtl),
    ]


def _foot(layout: Layout) -> int:
    return 122 if layout == "card" else 408


def _one_line(view: View, frame: Frame, rtl: bool) -> list[Line]:
    name = "Spotify"
    room = frame.text_right - frame.text_x - text_width(name, 12) - 14
    lead = "" if view.moves else view.label
    x = frame.text_x + (18 if view.moves else 0)
    lines = [Line(name, frame.text_right, 29, 12, "muted", "end")]
    if lead:
        lead = xml_text(shortened(lead, 13, room * 0.45))
        lines.append(Line(lead, x, 29, 13, "muted"))
        x += round(text_width(lead, 13)) + 8
    if view.item is None:
        return lines
    left = frame.text_x + room - x
    title = xml_text(shortened(view.title, 14, left, bold=True))
    lines.append(Line(title, x, 29, 14, "title", "start"))
    used = text_width(title, 14, bold=True) + 8
    if view.byline and left - used > 60:
        lines.append(Line(xml_text(shortened(view.byline, 14, left - used)), x + round(used), 29, 14, "muted"))
    return lines


def _line(text: str, frame: Frame, y: float, size: float, kind: str, x: float | None, rtl: bool) -> Line:
    """A line of our own words, in the language's direction."""
    fitted = xml_text(shortened(text, size, frame.text_right - frame.text_x))
    edge = frame.text_right if rtl else frame.text_x
    return Line(fitted, edge if x is None else x, y, size, kind, "start", "rtl" if rtl else "ltr")


def _fitted(text: str, frame: Frame, y: float, size: float, kind: str, room: float) -> Line:
    """A line of Spotify's text, in the direction of its own."""
    clean = xml_text(text)
    rtl = is_right_to_left(clean)
    fitted = shortened(clean, size, room, bold=kind == "title")
    return Line(fitted, frame.text_right if rtl else frame.text_x, y, size, kind, "start", "rtl" if rtl else "ltr")


def _mark(view: View, title: Line, frame: Frame) -> list[Line]:
    if view.item is None or not view.item.explicit:
        return []
    width = text_width(title.text, title.size, bold=True)
    x = title.x - width - 16 if title.direction == "rtl" else title.x + width + 16
    return [Line("E", min(x, frame.text_right - 9), title.y - 1.5, 10, "mark", "middle")]


async def _artwork(services: Services, view: View, frame: Frame) -> ArtworkFile | None:
    key = None if view.item is None else services.artwork.key(view.item)
    if key is None:
        return None
    return await services.artwork.file(key, frame.artwork_width, ARTWORK_PATIENCE_SECONDS)


def _data_uri(file: ArtworkFile) -> str:
    return f"data:{file.media_type};base64,{base64.b64encode(file.body).decode()}"


def _etag(view: View, options: Options, spoken: Words, file: ArtworkFile | None, anchor: float | None) -> str:
    step = None if view.progress_ms is None else view.progress_ms // PROGRESS_STEP_MS
    return weak_etag(repr((view.state, view.item, step, anchor, options, spoken.tag)), file.body if file else b"")
