"""A host's page, served from an origin of its own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from itertools import count

from tests.support.host_site import HostSite, host_site

_NUMBERS = count(1)


@contextmanager
def host_page(html: str, **headers: str) -> Iterator[str]:
    """Serve a page with ``html`` in its body, or a whole document (``<html>…``) as it is; yield its address."""
    whole = html if html.startswith("<html>") else f"<meta charset=utf-8><title>A site</title><body>{html}"
    (site, _), path = _site(), f"/{next(_NUMBERS)}/"
    site.pages[path] = f"<!doctype html>{whole}", {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        yield site.url + path
    finally:
        del site.pages[path]


@lru_cache(maxsize=1)
def _site() -> tuple[HostSite, ExitStack]:
    """Start one server for all pages of this process: each that stops takes a quarter of a second."""
    stack = ExitStack()
    return stack.enter_context(host_site()), stack
