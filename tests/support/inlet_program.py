"""The program with the inlet as its source, a player that submits to it, and an open stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.fake_clock import FakeClock
from tests.support.other_program import PUBLIC_URL, OtherProgram, other_program
from tests.support.unreliable_store import open_stream

TOKEN = "a-token-that-players-send"
AUTHORIZATION = {"Authorization": f"Token {TOKEN}"}


def listen(title: str = "One", listened_at: Any = None, artist: str = "The Weirs", **info: Any) -> dict[str, Any]:
    """Return a listen as ListenBrainz's clients send it."""
    metadata = {"track_name": title, "artist_name": artist, "release_name": "Locks", "additional_info": info}
    return {"track_metadata": metadata, **({} if listened_at is None else {"listened_at": listened_at})}


class InletProgram:
    """``events`` are those of the open stream; times are in seconds since the start."""

    def __init__(self, program: OtherProgram, events: list[dict[str, Any]]) -> None:
        self.program = program
        self.clock: FakeClock = program.clock
        self.events = events
        self.began = program.clock.now()

    @property
    def now(self) -> float:
        return self.clock.now() - self.began

    async def at(self, seconds: float) -> None:
        """Advance the clock to ``seconds``."""
        await self.clock.advance(seconds - self.now)

    async def send(self, path: str, value: Any, method: str = "POST", **headers: str) -> httpx.Response:
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        response = await self.program.client.request(
            method, PUBLIC_URL + path, content=content, headers=headers or AUTHORIZATION
        )
        await self.clock.advance(0)
        return response

    async def submit(self, listen_type: str, *listens: Any) -> httpx.Response:
        return await self.send("/1/submit-listens", {"listen_type": listen_type, "payload": list(listens)})

    async def announce(self, title: str = "One", duration: Any = 150, **info: Any) -> None:
        info = {**({} if duration is None else {"duration": duration}), **info}
        assert (await self.submit("playing_now", listen(title, **info))).json() == {"status": "ok"}

    async def scrobble(
        self, title: str = "One", since: float = 0.0, duration: Any = 150, listen_type: str = "single"
    ) -> None:
        info = {} if duration is None else {"duration": duration}
        response = await self.submit(listen_type, listen(title, int(self.began + since), **info))
        assert response.json() == {"status": "ok"}

    async def update(self, state: str, title: str | None = "One", **fields: Any) -> None:
        """Post to the inlet's own route."""
        named = {} if title is None else {"title": title, "artists": ["The Weirs"], "duration_ms": 150_000}
        response = await self.send("/inlet", {"state": state, **named, **fields})
        assert (response.status_code, response.json()) == (200, {"status": "ok"})

    async def stop(self) -> None:
        assert (await self.send("/1/playing-now/delete", {})).json() == {"status": "ok"}

    async def page(self) -> dict[str, Any]:
        """Return the JSON."""
        await self.clock.advance(0)
        value: dict[str, Any] = await self.program.now()
        return value

    async def status_and_title(self) -> tuple[str, str | None]:
        """Return the status, and the title of the current or last item."""
        page = await self.page()
        item = page["item"] or (page["last_played"] or {}).get("item")
        return page["status"], item and item["title"]

    async def recent(self) -> list[tuple[str, float]]:
        """Return titles and start times of the listed plays."""
        return [(row["item"]["title"], seconds(row["played_at"]) - self.began) for row in (await self.page())["recent"]]

    async def valid_until(self) -> float | None:
        value = (await self.page())["valid_until"]
        return None if value is None else seconds(value) - self.began

    @property
    def statuses(self) -> list[tuple[str, str | None]]:
        """Status and title of each event."""
        return [(event["status"], event["item"] and event["item"]["title"]) for event in self.events]


def seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


@asynccontextmanager
async def inlet_program(folder: Path, clock: FakeClock | None = None, **environ: str) -> AsyncIterator[InletProgram]:
    """Run the program while the context lasts, with ten rows of history."""
    known = {"SOURCE": "inlet", "INLET_TOKEN": TOKEN, "RECENT": "10", **environ}
    async with other_program(folder, known, clock or FakeClock()) as program, open_stream(program.app) as events:
        while not events:  # noqa: ASYNC110 - The first one comes a moment after the response has begun.
            await asyncio.sleep(0.005)
        yield InletProgram(program, events)
