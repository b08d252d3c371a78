"""A Spotify that rotates the refresh token each time, and checks our database at each poll."""

import asyncio
import itertools
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.payloads import json_body
from tests.support.scripted import NOW, TOKEN


class StrictSpotify:
    """``unsaved`` holds the refresh tokens that were not on disk when their access token was used, ``refused`` those
    that came too late. With ``patient`` an old refresh token dies only when the access token of the next is used.

    ``hold_tokens`` and ``hold_calls`` keep such requests waiting while they are true; one that waited is dropped.
    """

    def __init__(self, database: Path, refresh_token: str, *, access_seconds: int = 1, patient: bool = False) -> None:
        self.valid = {refresh_token}
        self.unsaved: list[str] = []
        self.refused: list[str] = []
        self.rotations = 0
        self.waiting = 0
        self.delay = 0.0
        self.hold_tokens = self.hold_calls = False
        self._database = database
        self._access_seconds = access_seconds
        self._patient = patient
        self._numbers = itertools.count(1)
        self._refresh_of: dict[str, str] = {}

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route(TOKEN, self._token, methods=["POST"]), Route(NOW, self._now)])

    async def _token(self, request: Request) -> Response:
        sent = parse_qs((await request.body()).decode())["refresh_token"][0]
        if self.hold_tokens:
            return await self._drop("hold_tokens")
        if sent not in self.valid:
            self.refused.append(sent)
            return JSONResponse({"error": "invalid_grant", "error_description": "Refresh token revoked"}, 400)
        number = next(self._numbers)
        access, refresh = f"BQ-{number}", f"AQ-{number}"
        self._refresh_of[access] = refresh
        self.valid = {*self.valid, refresh} if self._patient else {refresh}
        self.rotations += 1
        await asyncio.sleep(self.delay)
        return JSONResponse(self._answer(access, refresh))

    async def _now(self, request: Request) -> Response:
        refresh = self._refresh_of[request.headers["authorization"].removeprefix("Bearer ")]
        if self._stored() != refresh:
            self.unsaved.append(refresh)
        self.valid = {refresh}
        if self.hold_calls:
            return await self._drop("hold_calls")
        return JSONResponse(json_body("track"))

    async def _drop(self, name: str) -> Response:
        self.waiting += 1
        while getattr(self, name):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self.waiting -= 1
        return Response(status_code=503)

    def _answer(self, access: str, refresh: str) -> dict[str, Any]:
        names = {"access_token": access, "refresh_token": refresh, "expires_in": self._access_seconds}
        return {**json_body("token_rotated"), **names}

    def _stored(self) -> str | None:
        with closing(sqlite3.connect(self._database)) as connection:
            row = connection.execute("SELECT refresh_token FROM token").fetchone()
        return None if row is None else str(row[0])
