"""``/embed.js``: one script tag that places the widget, and the ``<now-playing>`` element."""

from starlette.requests import Request
from starlette.responses import Response

from widget.faces.static_files import static_answer

CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=86400"


async def embed_script(request: Request) -> Response:
    """The script; the same bytes for everybody."""
    return static_answer(request, "embed.js", CACHE_CONTROL)
