"""``/static/{name}``: our own scripts, styles and drawings."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from widget.web.responses import build_response, weak_etag

FOLDERS = tuple(Path(__file__).parent / flat / "static" for flat in ("embed", "builder"))
MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


_COMMENTS_AND_INDENTS = re.compile(rb"^[ \t]+(?://.*\n)?|[ \t]+//.*$", re.MULTILINE)
_SPACE = re.compile(rb"""("(?:\\.|[^"\\\n])*"|`[^`]*`)|[ \t]*(\n?[})\]]|[,;{(\[?:]\s*|[=<>!&|*/]+)[ \t]*""")
"""A text, which stays as it is; or a mark with white space around it. Our regular expressions hold no white space, and
after a closing bracket a line's end stays, for it may end a statement."""


@lru_cache(maxsize=32)
def read_static_file(name: str) -> bytes | None:
    """The bytes of one of our static files; None for any other name."""
    known = {path.name: path for folder in FOLDERS for path in folder.iterdir() if path.suffix in MEDIA_TYPES}
    if name not in known:
        return None
    body = known[name].read_bytes()
    return minify_js(body) if name.endswith(".js") else body


def minify_js(script: bytes) -> bytes:
    """``script`` without what visitors need not load: comments, and white space that parts nothing.

    It knows what our own scripts hold, and no more of the language than that.
    """
    code = _COMMENTS_AND_INDENTS.sub(b"", script)
    return _SPACE.sub(lambda found: found[2].strip() if found[1] is None else found[1], code)


@lru_cache(maxsize=32)
def static_url(name: str) -> str:
    """The address of a static file, relative to a page at the root; it changes with the content."""
    digest = hashlib.blake2b(read_static_file(name) or b"", digest_size=6).hexdigest()
    return f"static/{name}?v={digest}"


async def static(request: Request) -> Response:
    """A static file; immutable under the address that :func:`static_path` gives."""
    name: str = request.path_params["name"]
    if read_static_file(name) is None:
        return build_response(request, b"not found", media_type="text/plain", cache_control="no-store", status=404)
    is_current = request.url.query == static_url(name).partition("?")[2]
    return static_response(
        request, name, "public, max-age=31536000, immutable" if is_current else "public, max-age=300"
    )


def static_response(request: Request, name: str, cache_control: str) -> Response:
    """The answer with one of our static files."""
    body = read_static_file(name) or b""
    return build_response(
        request,
        body,
        media_type=MEDIA_TYPES[Path(name).suffix],
        cache_control=cache_control,
        etag=weak_etag(body),
        headers={"Content-Security-Policy": "default-src 'none'"} if name.endswith(".svg") else {},
        compress=True,
    )
