"""``python -m tests.support.asks_once DATABASE SPOTIFY``: a process that asks once what plays, and prints it."""

import asyncio
import sys
from pathlib import Path

from widget.clock import SystemClock
from widget.http_client import LazyHttpClient, http_client
from widget.model.tokens import Credentials
from widget.sources.rate_limiter import RateLimiter
from widget.sources.spotify.accounts_api import AccountsApi
from widget.sources.spotify.adapter import SpotifyClient
from widget.sources.spotify.token_manager import TokenManager
from widget.sources.spotify.web_api import WebApi
from widget.store.sqlite import SqliteStore


async def ask_once(database: Path, spotify: str) -> None:
    clock, store, http = SystemClock(), SqliteStore(database), http_client()
    await store.open()
    gate = RateLimiter(store, clock, 3000)
    access = TokenManager(
        store, AccountsApi(LazyHttpClient(http), spotify, clock), gate, clock, Credentials("an-id", "a-secret")
    )
    gateway = SpotifyClient(access, WebApi(LazyHttpClient(http), f"{spotify}/v1", clock), gate, store, clock)
    try:
        sys.stdout.write((await gateway.currently_playing()).status)
    finally:
        await gateway.close()
        await http.aclose()
        await store.close()


if __name__ == "__main__":
    asyncio.run(ask_once(Path(sys.argv[1]), sys.argv[2]))
