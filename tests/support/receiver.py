"""A local message service for Apprise's ``json://`` address, with a configurable response."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass
class Receiver:
    """``received`` holds the JSON bodies that were answered with 2xx."""

    status: int = 200
    delay: float = 0.0
    received: list[dict[str, Any]] = field(default_factory=list)
    attempts: int = 0

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._take, methods=["POST"])])

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.received]

    async def _take(self, request: Request) -> Response:
        self.attempts += 1
        await asyncio.sleep(self.delay)
        if self.status < 300:
            self.received.append(await request.json())
        return Response(status_code=self.status)
