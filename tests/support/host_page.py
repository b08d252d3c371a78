"""Somebody's own site: one page, served from an origin of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.support.live_server import live_server


@contextmanager
def host_page(html: str, **headers: str) -> Iterator[str]:
    """The address of a page with ``html`` in its body; a whole document (``<html>…``) stays as it is."""
    whole = html if html.startswith("<html>") else f"<meta charset=utf-8><title>A site</title><body>{html}"

    async def answer(request: Request) -> HTMLResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return HTMLResponse(f"<!doctype html>{whole}", headers=given)

    with live_server(Starlette(routes=[Route("/{path:path}", answer)])) as address:
        yield f"{address}/"
