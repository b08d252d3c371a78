"""Simulated players that submit to the inlet. They share no code with it.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette

from widget.sources.simulators.cover_art_archive import CoverArtSimulator
from widget.sources.simulators.playlist import Playlist, SimulatedTrack

LOOK_AGAIN_SECONDS = 1.0
# Real clients repeat every 30 to 65 s; a track of the demo is shorter.
REPEAT_SECONDS = 10.0
FORGET_SECONDS = 600.0

Request = tuple[str, str, dict[str, Any]]
"""A unique key, the path and the body."""


def demo_service(now: Callable[[], float]) -> tuple[Starlette, dict[str, str]]:
    """Return the Cover Art Archive for a demo, and the player's variables."""
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
    """Play invented music and submit it to the server at ``address``, until it is cancelled."""
    import httpx

    playlist, sent = Playlist(begun_at=time.time()), dict[str, float]()
    headers = {"Authorization": f"Token {values['INLET_TOKEN']}"}
    # Without the environment: a proxy could not reach this address.
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=5.0, trust_env=False) as http:
        while True:
            now = time.time()
            for key, path, body in due_requests(playlist, now):
                # Marked only after it was accepted, so a failed post is sent again.
                if key in sent:
                    continue
                try:
                    (await http.post(path, json=body)).raise_for_status()
                    sent[key] = now
                except httpx.HTTPError:
                    break  # The server has not started yet, or is ending.
            # The playlist never ends, so old keys must go.
            sent = {key: at for key, at in sent.items() if now - at < FORGET_SECONDS}
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


def due_requests(playlist: Playlist, now: float) -> list[Request]:
    """Return the requests that players have sent by ``now`` for the current track, oldest first.

    One of two players submits to ListenBrainz as real ones do: the start again and again, the scrobble in the middle,
    and nothing at a pause or a stop. The other one sends its position and its pauses.
    """
    piece, began = playlist.at(now)
    if not piece.title:
        return [(f"{began}:stop", "/inlet", {"state": "stopped"})]
    elapsed = now - began
    due = _scrobbler(piece, began) if _submits_to_listenbrainz(playlist, piece) else _reporter(piece, began)
    return [request for after, request in due if after <= elapsed]


def _submits_to_listenbrainz(playlist: Playlist, piece: SimulatedTrack) -> bool:
    return list(playlist.pieces).index(piece) % 2 == 0


def _scrobbler(piece: SimulatedTrack, began: float) -> Iterator[tuple[float, Request]]:
    details: dict[str, Any] = {"duration": round(piece.length), "submission_client": "a simulated player"}
    if piece.release:
        details |= {"release_mbid": piece.release, "recording_mbid": piece.recording}
    track = {"artist_name": piece.credit, "track_name": piece.title, "release_name": piece.album}
    listen = {"track_metadata": {**track, "additional_info": details}}
    for number in range(int(piece.seconds / REPEAT_SECONDS) + 1):
        body = {"listen_type": "playing_now", "payload": [listen]}
        yield number * REPEAT_SECONDS, (f"{began}:again:{number}", "/1/submit-listens", body)
    scrobble = {"listen_type": "single", "payload": [{"listened_at": int(began), **listen}]}
    yield piece.seconds / 2, (f"{began}:scrobble", "/1/submit-listens", scrobble)


def _reporter(piece: SimulatedTrack, began: float) -> Iterator[tuple[float, Request]]:
    known = {
        "title": piece.title,
        "artists": list(piece.artists),
        "album": piece.album,
        "duration_ms": round(piece.length * 1000),
        **({"mbid": piece.recording} if piece.recording else {}),
    }
    paused = piece.seconds / 2
    for after, state, position in ((0.0, "playing", 0.0), (paused, "paused", paused), (paused + 4, "playing", paused)):
        body = {"state": state, "progress_ms": round(position * 1000), **known}
        yield after, (f"{began}:{after}", "/inlet", body)
