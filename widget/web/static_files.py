"""Scripts, styles and drawings at ``/static/{name}``, and the documents that stand at the root."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from widget.web.responses import build_response, weak_etag

FOLDERS = tuple(Path(__file__).parent / package / "static" for package in ("embed", "builder"))
ROOT_FOLDER = Path(__file__).parent / "static"
ROOT_DOCUMENTS = ("now-playing.schema.json", "robots.txt", "favicon.svg")
MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/schema+json",
}
MINIFIED = ".min.js"
SVG_CSP = "default-src 'none'; style-src 'unsafe-inline'"
"""Opened by itself, an SVG is a document that could run scripts; its own colors count there too."""
ROOT_CACHE_CONTROL = "public, max-age=3600"


def read_static_file(name: str) -> bytes | None:
    """Return the bytes of a static file; None for any other name, which visitors may choose."""
    path = _static_paths().get(name)
    return None if path is None else _read_file(path)


@lru_cache(maxsize=1)
def _static_paths() -> Mapping[str, Path]:
    """Return the path of each static file by its name; of a script, the minified one."""
    folders = (*FOLDERS, ROOT_FOLDER)
    paths = {path.name: path for folder in folders for path in folder.iterdir() if path.suffix in MEDIA_TYPES}
    return paths | {name.replace(MINIFIED, ".js"): path for name, path in paths.items() if name.endswith(MINIFIED)}


@lru_cache(maxsize=32)
def _read_file(path: Path) -> bytes:
    return path.read_bytes()


@lru_cache(maxsize=32)
def static_url(name: str) -> str:
    """Return the URL of a static file relative to the root; it changes with the content."""
    digest = hashlib.blake2b(read_static_file(name) or b"", digest_size=6).hexdigest()
    return f"static/{name}?v={digest}"


async def static(request: Request) -> Response:
    """Return a static file, immutable at the URL of :func:`static_url`. Raises HTTPException 404 for any other name."""
    name: str = request.path_params["name"]
    if read_static_file(name) is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    # An old URL may reach a newer server: then the response must not be kept for a year.
    is_current = request.scope["query_string"].decode("latin-1") == static_url(name).partition("?")[2]
    return static_response(
        request, name, "public, max-age=31536000, immutable" if is_current else "public, max-age=300"
    )


async def root_document(request: Request) -> Response:
    """Return the document that the path names, ``/robots.txt`` for example."""
    return static_response(request, request.scope["path"].rpartition("/")[2], ROOT_CACHE_CONTROL)


def static_response(request: Request, name: str, cache_control: str) -> Response:
    """Return the response with a static file."""
    body = read_static_file(name) or b""
    return build_response(
        request,
        body,
        media_type=MEDIA_TYPES[Path(name).suffix],
        cache_control=cache_control,
        etag=weak_etag(body),
        headers={"Content-Security-Policy": SVG_CSP} if name.endswith(".svg") else {},
        compress=True,
    )
