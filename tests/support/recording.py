"""A transport that records the hosts of requests."""

import httpx


class Recording(httpx.AsyncBaseTransport):
    """Forward to ``inner``, and keep the hosts in ``hosts``."""

    def __init__(self, inner: httpx.AsyncBaseTransport, hosts: list[str]) -> None:
        self._inner, self._hosts = inner, hosts

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._hosts.append(request.url.host)
        return await self._inner.handle_async_request(request)
