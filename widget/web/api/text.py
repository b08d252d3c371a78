"""``/now-playing.txt``: one line of text for shells and status bars."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.web.api.flat import artist_and_album, requested_snapshot
from widget.web.caching import cache_control
from widget.web.context import get_context
from widget.web.responses import build_response, weak_etag

# Enough for a status bar; a longer one could multiply a long title.
MAX_FORMAT_LENGTH = 200
_FIELD = re.compile(r"\{(title|artists|album|status|url)\}")
_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


async def text_endpoint(request: Request) -> Response:
    """Return the line, in the ``format`` of the query; always 200, empty if there is nothing to show."""
    context = get_context(request)
    snapshot = await requested_snapshot(request, context)
    line_format = request.query_params.get("format") or ""
    body = (text_line(snapshot, line_format) + "\n").encode("utf-8", "replace")
    return build_response(
        request,
        body,
        media_type="text/plain; charset=utf-8",
        cache_control=cache_control(snapshot, context.clock.now()),
        etag=weak_etag(body),
    )


def text_line(snapshot: Snapshot, line_format: str = "") -> str:
    """Return ``snapshot`` as one line; an empty or overlong ``line_format`` means the default."""
    played = snapshot.last_played
    item = snapshot.item or (played.item if played else None)
    if not line_format or len(line_format) > MAX_FORMAT_LENGTH:
        return _one_line(_default_line(snapshot, item))
    # Else a bar would show the separators of an empty line.
    if item is None and "{status}" not in line_format:
        return ""
    values = _fields(item)
    values["status"] = snapshot.status
    return _one_line(_FIELD.sub(lambda field: values[field[1]], line_format))


def _default_line(snapshot: Snapshot, item: Item | None) -> str:
    if item is None:
        return ""
    fields = _fields(item)
    text = " – ".join(filter(None, (fields["title"], fields["artists"])))
    if snapshot.item is None:
        return f"Last played: {text}"
    return f"Paused: {text}" if snapshot.status == "paused" else f"♫ {text}"


def _fields(item: Item | None) -> dict[str, str]:
    """Return the fields without the status."""
    if item is None:
        return dict.fromkeys(("title", "artists", "album", "url"), "")
    artists, album = artist_and_album(item)
    return {"title": item.title, "artists": artists, "album": album, "url": item.url or ""}


def _one_line(text: str) -> str:
    """Return ``text`` without line breaks and control characters, which terminals would obey."""
    return _LINE_BREAKS.sub(" ", text).strip()
