"""``/now-playing.svg``: a picture for READMEs. It loads nothing, runs nothing, and is well-formed for any text."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from widget.faces.feeds.now_playing import NowPlayingBytes
from widget.faces.http import respond, weak_etag
from widget.faces.pictures.artwork_fetch import ArtworkFile
from widget.faces.pictures.colours import DARK, LIGHT, accented
from widget.faces.pictures.options import Layout, Options
from widget.faces.pictures.svg_frames import FRAMES, Frame
from widget.faces.pictures.text_fit import is_right_to_left, shortened, text_width
from widget.faces.pictures.view import View, view_of
from widget.faces.pictures.words import Words, words
from widget.faces.services import Services, services_of
from widget.faces.templating import environment

LARGEST_BYTES = 60 * 1024
ARTWORK_PATIENCE_SECONDS = 1.0
PROGRESS_STEP_MS = 15_000
BARS_WIDTH = 18
MARK_WIDTH = 22
CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

# Characters that XML 1.0 cannot hold, escaped or not: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: what is shown of it, and where: ``x`` (pixels) is its left or right ``edge``, ``y`` the
    baseline. ``rtl`` says in which direction the text itself runs."""

    text: str
    x: float
    y: float
    size: float
    kind: str
    edge: Literal["left", "right", "middle"] = "left"
    rtl: bool = False

    @property
    def anchor(self) -> str:
        """SVG's ``text-anchor``, which knows beginnings and ends instead of left and right."""
        if self.edge == "middle":
            return "middle"
        return "start" if (self.edge == "left") != self.rtl else "end"

    def mirrored(self, width: float) -> Line:
        """The same on a picture that begins on the right."""
        edges: dict[str, Literal["left", "right", "middle"]] = {"left": "right", "right": "left", "middle": "middle"}
        return replace(self, x=width - self.x, edge=edges[self.edge])


async def picture(request: Request) -> Response:
    """The picture; always 200, whatever Spotify says."""
    services = services_of(request)
    options = Options.from_query(request.query_params)
    spoken = words(options.lang, "" if options.lang else request.headers.get("accept-language", ""))
    snapshot = await services.broadcast.fresh()
    now = services.clock.now()
    view = view_of(snapshot, options, spoken, now, services.source)
    file = await _artwork(services, view, FRAMES[options.layout])
    body = render(view, options, spoken, file)
    shown: NowPlayingBytes = request.app.state.now_playing_cache.of(snapshot)
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    if not options.lang:
        headers["Vary"] = "Accept-Language"
    return respond(
        request,
        body,
        media_type="image/svg+xml; charset=utf-8",
        cache_control="no-cache, s-maxage=1",
        etag=_etag(shown.etag, view, options, spoken, file),
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
    """All lines, as they stand where a line begins on the left; mirrored for languages that begin on the right."""
    lines = _one_line(view, frame) if layout in ("compact", "list") else _stacked(view, layout, frame)
    return [line.mirrored(frame.width) for line in lines] if spoken.direction == "rtl" else lines


def _stacked(view: View, layout: Layout, frame: Frame) -> list[Line]:
    top = 0 if layout == "card" else frame.artwork[1] + frame.artwork[2] + 2
    room = frame.text_right - frame.text_x
    source = Line("Spotify", frame.text_x, 122 if layout == "card" else 422, 12, "muted")
    if view.item is None:
        return [_line(view.label, frame.text_x, top + 72, 15, "quiet", room), source]
    bars = BARS_WIDTH if view.moves else 0
    mark = MARK_WIDTH if view.item.explicit else 0
    return [
        _line(view.label, frame.text_x + bars, top + 29, 12, "accent" if view.moves else "muted", room - bars),
        _line(view.title, frame.text_x, top + 55, 16, "title", room),
        *([_mark(frame.text_x, top + 75.5)] if mark else []),
        _line(view.byline, frame.text_x + mark, top + 77, 14, "muted", room - mark),
        source,
    ]


def _one_line(view: View, frame: Frame) -> list[Line]:
    source = Line("Spotify", frame.text_right, 29, 12, "muted", "right")
    x, end = float(frame.text_x), frame.text_right - text_width(source.text, source.size) - 14
    lines = [source]
    if view.moves:
        x += BARS_WIDTH
    else:
        lead = _line(view.label, x, 29, 13, "muted", end - x if view.item is None else (end - x) * 0.45)
        lines.append(lead)
        x += _width(lead) + 8
    if view.item is None:
        return lines
    if view.item.explicit:
        lines.append(_mark(x, 28))
        x += MARK_WIDTH
    title = _line(view.title, x, 29, 14, "title", end - x)
    lines.append(title)
    x += _width(title) + 8
    if view.byline and end - x > 60:
        lines.append(_line(view.byline, x, 29, 14, "muted", end - x))
    return lines


def _line(text: str, x: float, y: float, size: float, kind: str, room: float) -> Line:
    clean = xml_text(text)
    fitted = shortened(clean, size, room, bold=kind == "title")
    return Line(fitted, x, y, size, kind, rtl=is_right_to_left(clean))


def _width(line: Line) -> float:
    return text_width(line.text, line.size, bold=line.kind == "title")


def _mark(x: float, y: float) -> Line:
    """The E for explicit items: before a text, for where that ends only the reader's fonts know."""
    return Line("E", x + 8, y, 10, "mark", "middle")


async def _artwork(services: Services, view: View, frame: Frame) -> ArtworkFile | None:
    key = None if view.item is None else services.artwork.key(view.item)
    if key is None:
        return None
    return await services.artwork.file(key, frame.artwork_width, ARTWORK_PATIENCE_SECONDS)


def _data_uri(file: ArtworkFile) -> str:
    return f"data:{file.media_type};base64,{base64.b64encode(file.body).decode()}"


def _etag(shown: str, view: View, options: Options, spoken: Words, file: ArtworkFile | None) -> str:
    """For what is ``shown`` (the JSON's ETag), where the progress stands, and how it is drawn."""
    step = None if view.progress_ms is None else view.progress_ms // PROGRESS_STEP_MS
    return weak_etag(shown, repr((view.state, step, options, spoken.tag)), file.body if file else b"")
