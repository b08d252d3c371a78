"""``python -m tests.support.asks_once DATABASE SPOTIFY``: a process that asks once what plays, and prints it."""

import asyncio
import sys
from pathlib import Path

from widget.clock import SystemClock
from widget.http_client import LateClient, http_client
from widget.model.tokens import Credentials
from widget.sources.rate_limiter import Gate
from widget.sources.spotify.accounts_api import AccountsService
from widget.sources.spotify.adapter import Gateway
from widget.sources.spotify.token_manager import Access
from widget.sources.spotify.web_api import WebApi
from widget.store.sqlite import SqliteStore


async def ask_once(database: Path, spotify: str) -> None:
    clock, store, http = SystemClock(), SqliteStore(database), http_client()
    await store.open()
    gate = Gate(store, clock, 3000)
    access = Access(
        store, AccountsService(LateClient(http), spotify, clock), gate, clock, Credentials("an-id", "a-secret")
    )
    gateway = Gateway(access, WebApi(LateClient(http), f"{spotify}/v1", clock), gate, store, clock)
    try:
        sys.stdout.write((await gateway.currently_playing()).status)
    finally:
        await gateway.close()
        await http.aclose()
        await store.close()


if __name__ == "__main__":
    asyncio.run(ask_once(Path(sys.argv[1]), sys.argv[2]))
