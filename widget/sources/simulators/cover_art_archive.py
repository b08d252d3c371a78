"""A simulated Cover Art Archive, which redirects over two other hosts as the real one."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from widget.samples.artwork import load_image
from widget.sources.simulators import record
from widget.sources.simulators.playlist import PIECES, SimulatedTrack


class CoverArtSimulator:
    """``app`` serves coverartarchive.org and archive.org; ``requests`` are the requested URLs."""

    def __init__(self, pieces: Sequence[SimulatedTrack] = PIECES) -> None:
        self._drawings = {piece.release: piece.drawing for piece in pieces if piece.release}
        self.requests: list[str] = []
        self.app = Starlette(
            routes=[
                Route("/release/{release}/front-500", self._front),
                Route("/release-group/{release}/front-500", self._front),
                Route("/download/{release}/front.jpg", self._download),
                Route("/12/items/{release}/front.jpg", self._image),
            ]
        )

    async def _front(self, request: Request) -> Response:
        release = self._record(request)
        if release not in self._drawings:
            return PlainTextResponse(f"No cover image found for release {release}", 404)
        # 307, then 302, as the real servers answer.
        return RedirectResponse(f"https://archive.org/download/{release}/front.jpg", 307)

    async def _download(self, request: Request) -> Response:
        return RedirectResponse(f"https://ia801500.us.archive.org/12/items/{self._record(request)}/front.jpg", 302)

    async def _image(self, request: Request) -> Response:
        image = load_image(f"{self._drawings.get(self._record(request))}-300")
        return PlainTextResponse("Not found", 404) if image is None else Response(image, media_type="image/jpeg")

    def _record(self, request: Request) -> str:
        record(self.requests, str(request.url))
        return str(request.path_params["release"])
