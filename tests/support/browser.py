"""A real Chromium, driven by Playwright; without one the tests that need it skip (in CI they fail)."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from tests.support.programs import skip_or_fail

CHROMIUMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
"""The first that is installed is taken: without the parts of a desktop browser a page costs half the CPU time."""

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
NATIVE: dict[Scheme, int] = {"dark": 0, "light": 1}
"""Blink's own numbers of the two schemes."""

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--renderer-process-limit=1",  # A process for each test's page would take a quarter of the CPU time.
]


@contextmanager
def launched(
    playwright: Playwright,
    *,
    locale: str = "en-GB",
    scale: float = 1.0,
    native: Scheme | None = None,
    blink: str = "",
    scroll_bars: bool = False,
) -> Iterator[BrowserContext]:
    """Yield a browser context with its own profile.

    ``native`` is what the system prefers. Playwright's own emulation would lay itself over every frame, and hide
    what an iframe's ``color-scheme`` does to the page inside (https://github.com/w3c/csswg-drafts/issues/7493).
    ``blink`` are settings of the reader's, such as ``minimumFontSize=18``. With ``scroll_bars`` they take room, as they
    do on Windows and Linux; Playwright hides them.
    """
    preferred = "" if native is None else f"preferredColorScheme={NATIVE[native]}"
    settings = ",".join(filter(None, (preferred, blink)))
    arguments = [*ARGUMENTS, f"--blink-settings={settings}"] if settings else ARGUMENTS
    executable = next(filter(Path.exists, CHROMIUMS), None)
    if executable is None:
        skip_or_fail("Chromium is not installed")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=executable,
            args=arguments,
            ignore_default_args=["--hide-scrollbars"] if scroll_bars else None,
            headless=True,
            locale=locale,
            device_scale_factor=scale,
            color_scheme=None if native is None else "null",
        )
        try:
            yield context
        finally:
            context.close()


@contextmanager
def chromium(*, locale: str = "en-GB", scale: float = 1.0) -> Iterator[BrowserContext]:
    """Yield such a context for a program, which has no Playwright running yet."""
    with sync_playwright() as playwright, launched(playwright, locale=locale, scale=scale) as context:
        yield context


def stop_clock(page: Page, now: float) -> None:
    """Stop the clock of ``page`` at ``now`` (s since the epoch) before it loads; ``page.clock.run_for`` advances it."""
    page.clock.install(time=now - 1)
    page.clock.pause_at(now)
