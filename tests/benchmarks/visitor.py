"""CPU time of a playing widget and picture in a visitor's browser, beside 1.1.0: all Chromium processes.

``SECONDS=5 python -m tests.benchmarks visitor`` takes shorter windows.
"""

import os
import statistics
import time
from contextlib import ExitStack

import httpx
import psutil
from playwright.sync_api import BrowserContext

from tests.benchmarks.baseline import NAME, benchmark_server, trees
from tests.benchmarks.table import row
from tests.support.browser import chromium
from tests.support.host_page import host_page

SECONDS = float(os.environ.get("SECONDS", "20"))
ROUNDS = 3
SETTLE_SECONDS = 3.0
AIM = 0.3
PLACES = {
    "widget": '<iframe src="{url}/widget" width="420" height="140" style="border:0;color-scheme:light dark"></iframe>',
    "picture": '<img src="{url}/now-playing.svg" alt="">',
}


def report() -> None:
    """Measure page and picture of both versions in turn, and an empty page beside them."""
    with trees() as roots, ExitStack() as stack, chromium() as browser:
        urls = {
            name: f"http://127.0.0.1:{stack.enter_context(benchmark_server('ours', root))[0]}"
            for name, root in roots.items()
        }
        empty = _cpu_share(browser, "<p>Nothing")
        for place, html in PLACES.items():
            shares: dict[str, list[float]] = {name: [] for name in urls}
            for _ in range(ROUNDS):
                for name, url in urls.items():
                    httpx.post(f"{url}/publish")  # A play that lasts as long as the window.
                    shares[name].append(_cpu_share(browser, html.format(url=url)))
            now, before = (statistics.median(shares[name]) for name in ("now", NAME))
            beside = f"{now:.1%} of a core, {NAME} {before:.1%}, an empty page {empty:.1%}"
            row(f"browser CPU while the {place} plays, of {NAME}'s", f"{now / before:.2f}", f"{AIM:.2f}", beside)


def _cpu_share(browser: BrowserContext, html: str) -> float:
    """Return the share of a core that all processes of ``browser`` use while it shows ``html``."""
    page = browser.new_page()
    with host_page(html) as address:
        page.goto(address, wait_until="load")
        time.sleep(SETTLE_SECONDS)
        begin, used = time.monotonic(), _cpu_seconds()
        time.sleep(SECONDS)
        share = (_cpu_seconds() - used) / (time.monotonic() - begin)
    page.close()
    return share


def _cpu_seconds() -> float:
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                times = process.cpu_times()
                total += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return total
