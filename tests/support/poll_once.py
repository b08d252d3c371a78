"""``python -m tests.support.poll_once DATABASE SPOTIFY``: poll once, and print the status."""

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


async def poll_once(database: Path, spotify: str) -> None:
    clock, store, http = SystemClock(), SqliteStore(database), http_client()
    await store.open()
    rate_limiter = RateLimiter(store, clock, 3000)
    token_manager = TokenManager(
        store, AccountsApi(LazyHttpClient(http), spotify, clock), rate_limiter, clock, Credentials("an-id", "a-secret")
    )
    client = SpotifyClient(
        token_manager, WebApi(LazyHttpClient(http), f"{spotify}/v1", clock), rate_limiter, store, clock
    )
    try:
        sys.stdout.write((await client.currently_playing()).status)
    finally:
        await client.close()
        await http.aclose()
        await store.close()


if __name__ == "__main__":
    asyncio.run(poll_once(Path(sys.argv[1]), sys.argv[2]))
