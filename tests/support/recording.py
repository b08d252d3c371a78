"""A transport that shows where requests went."""

import httpx


class Recording(httpx.AsyncBaseTransport):
    """Hands on to ``inner``, and keeps the hosts in ``asked``."""

    def __init__(self, inner: httpx.AsyncBaseTransport, asked: list[str]) -> None:
        self._inner, self._asked = inner, asked

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._asked.append(request.url.host)
        return await self._inner.handle_async_request(request)
