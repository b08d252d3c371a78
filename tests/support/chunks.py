"""Bodies as they come from the network: chunk by chunk, encoded or not."""

from collections.abc import AsyncIterator, Iterable

import httpx


class Chunks(httpx.AsyncByteStream):
    """A body in chunks; ``taken`` counts the bytes that were read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = chunks
        self.taken = 0
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.taken += len(chunk)
            yield chunk

    async def aclose(self) -> None:
        self.is_closed = True


def encoded(coding: str, *chunks: bytes) -> httpx.Response:
    """Return a response with ``chunks`` as its body and ``coding`` as its content encoding."""
    return httpx.Response(200, headers={"content-encoding": coding}, stream=Chunks(chunks))
