"""A simulated player, which tells the inlet what it plays. It shares no code with the inlet, else it would agree with
our mistakes.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette

from widget.sources.simulators.cover_art_archive import CoverArtSimulator
from widget.sources.simulators.playlist import Playlist, SimulatedTrack

LOOKS_AGAIN_SECONDS = 1.0


def demo_service(now: Callable[[], float]) -> tuple[Starlette, dict[str, str]]:
    """The Cover Art Archive for a demo, and the variables that the player knows."""
    return CoverArtSimulator().app, {"INLET_TOKEN": secrets.token_urlsafe(24)}


@asynccontextmanager
async def running(origin: str | None, values: Mapping[str, str]) -> AsyncIterator[None]:
    """Play to the server at ``origin`` while the context lasts; None if nothing is served."""
    player = None if origin is None else asyncio.create_task(run_player(origin, values))
    try:
        yield
    finally:
        if player is not None:
            player.cancel()
            with suppress(asyncio.CancelledError):
                await player


async def run_player(address: str, values: Mapping[str, str]) -> None:
    """Plays invented music, and tells the server at ``address`` of it, until it is cancelled."""
    import httpx

    programme, told = Playlist(begun_at=time.time()), None
    headers = {"Authorization": f"Token {values['INLET_TOKEN']}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=5.0, trust_env=False) as http:
        while True:
            piece, began = programme.at(time.time())
            if (piece.title, began) != told:
                path, body = submission_request(piece)
                try:
                    (await http.post(path, json=body)).raise_for_status()
                    told = (piece.title, began)
                except httpx.HTTPError:
                    pass  # The server has not begun, or ends.
            await asyncio.sleep(LOOKS_AGAIN_SECONDS)


def submission_request(piece: SimulatedTrack) -> tuple[str, dict[str, Any]]:
    """The path and the body by which a player tells that ``piece`` plays now, or that nothing does."""
    if not piece.title:
        return "/1/playing-now/delete", {}
    details: dict[str, Any] = {"duration_ms": round(piece.length * 1000), "media_player": "a simulated player"}
    if piece.release:
        details |= {"release_mbid": piece.release, "recording_mbid": piece.recording}
    track = {"artist_name": piece.credit, "track_name": piece.title, "release_name": piece.album}
    return "/1/submit-listens", {
        "listen_type": "playing_now",
        "payload": [{"track_metadata": {**track, "additional_info": details}}],
    }
