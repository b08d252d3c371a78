"""The whole program in this process on the system clock, against real servers on this machine."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.support.other_program import PUBLIC_URL
from widget.app import create_app
from widget.config.settings import Settings
from widget.sources.registry import resolve_source
from widget.store.sqlite import SqliteStore

LOOK_AGAIN_SECONDS = 0.01

Json = dict[str, Any]


@dataclass
class RealTimeProgram:
    """The program: ``client`` sends requests to it."""

    client: httpx.AsyncClient

    async def now(self) -> Json:
        """Return the JSON."""
        answer: Json = (await self.client.get("/now-playing")).json()
        return answer

    async def until(self, holds: Callable[[Json], bool], seconds: float = 10.0) -> Json:
        """Return the JSON as soon as it ``holds``; fail after ``seconds``."""
        end = time.monotonic() + seconds
        while not holds(now := await self.now()):
            assert time.monotonic() < end, now
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return now

    async def shows(self, status: str, title: str | None = None, seconds: float = 10.0) -> Json:
        """Return the JSON as soon as it has this ``status`` and ``title``; fail after ``seconds``."""
        return await self.until(lambda now: (now["status"], _title(now)) == (status, title), seconds)

    async def polls_after(self, moment: float, seconds: float = 10.0) -> None:
        """Return once the source answered after ``moment`` (s since the epoch); ``/readyz`` makes nobody a viewer."""
        end = time.monotonic() + seconds
        while True:
            success = (await self.client.get("/readyz")).json()["source"]["last_success_at"]
            if success is not None and datetime.fromisoformat(success).timestamp() > moment:
                return
            assert time.monotonic() < end, success
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _title(now: Json) -> str | None:
    return None if now["item"] is None else now["item"]["title"]


@asynccontextmanager
async def real_time_program(folder: Path, environ: dict[str, str]) -> AsyncIterator[RealTimeProgram]:
    """Run the program with the variables ``environ`` on the database in ``folder`` while the context lasts."""
    store = SqliteStore(folder / "now-playing.db")
    await store.open()
    settings = Settings.from_environ({"PUBLIC_URL": PUBLIC_URL, **environ})
    settings = await resolve_source(replace(settings, database_url=f"sqlite:///{folder / 'now-playing.db'}"), store)
    app = create_app(settings, store=store)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client,
    ):
        yield RealTimeProgram(client)
    await store.close()
