"""Requests to an OpenSubsonic server, and the three ways to log in.

See https://opensubsonic.netlify.app/docs/api-reference/ and
https://opensubsonic.netlify.app/docs/extensions/apikeyauth/
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from widget.clock import Clock, wait_for
from widget.http_client import send
from widget.model.errors import InvalidCredentials
from widget.sources.subsonic.payloads import (
    NO_TOKEN_AUTHENTICATION,
    PARAMETER_MISSING,
    SubsonicError,
    read_cover,
    read_response,
)

if TYPE_CHECKING:
    import httpx

# The last version of the original API; OpenSubsonic servers still expect it.
API_VERSION, CLIENT_NAME = "1.16.1", "now-playing"
RESOLVE_TIMEOUT_SECONDS = 5.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class SubsonicAccount:
    """A user of the server at ``url``, with a password or an API key; the key wins."""

    url: str
    user: str
    password: str | None = field(repr=False)
    api_key: str | None = field(repr=False)

    @property
    def page(self) -> None:
        """A private server is not linked."""
        return None


class SubsonicApi:
    """The requests for ``account``.

    Every method raises SubsonicError for the API's own errors, SourceError for others.
    """

    def __init__(self, account: SubsonicAccount, http: Callable[[], httpx.AsyncClient], clock: Clock) -> None:
        self.account = account
        self._http = http
        self._clock = clock
        self._sends_password = False

    async def call(self, endpoint: str) -> dict[str, Any]:
        """Return the content of ``subsonic-response``."""
        now = self._clock.now()
        return await self._ask(
            endpoint, {}, lambda r: read_response(r.status_code, r.content, r.headers.get("retry-after"), now)
        )

    async def cover(self, cover_id: str, size: int) -> bytes | None:
        """Return the image ``cover_id``, at most ``size`` pixels wide; None if there is none."""
        now = self._clock.now()
        return await self._ask(
            "getCoverArt",
            {"id": cover_id, "size": str(size)},
            lambda r: read_cover(r.status_code, r.content, r.headers.get("content-type", ""), now),
        )

    async def _ask(self, endpoint: str, parameters: dict[str, str], read: Callable[[httpx.Response], Result]) -> Result:
        try:
            return read(await self._send(endpoint, parameters))
        except SubsonicError as error:
            # Nothing is missing in our requests: such a server does not support token and salt.
            if error.code not in (PARAMETER_MISSING, NO_TOKEN_AUTHENTICATION) or self._sends_password:
                raise
            await self._allow_password()
        return read(await self._send(endpoint, parameters))

    async def _send(self, endpoint: str, parameters: dict[str, str]) -> httpx.Response:
        query = {**self._credentials(), "v": API_VERSION, "c": CLIENT_NAME, "f": "json", **parameters}
        http = self._http()
        request = http.build_request("GET", f"{self.account.url}/rest/{endpoint}.view", params=query)
        return await send(http, request, "The music server")

    def _credentials(self) -> dict[str, str]:
        account = self.account
        if account.api_key:
            # Never with u: servers answer error 43 to a key and a user together.
            return {"apiKey": account.api_key}
        password = (account.password or "").encode()
        if self._sends_password:
            # Hexadecimal hides nothing, hence the check in _allow_password.
            return {"u": account.user, "p": f"enc:{password.hex()}"}
        # A new one for each request, as the API asks for; six characters are its minimum.
        salt = secrets.token_hex(8)
        # The API prescribes MD5.
        token = hashlib.md5(password + salt.encode(), usedforsecurity=False).hexdigest()
        return {"u": account.user, "t": token, "s": salt}

    async def _allow_password(self) -> None:
        """Log in with the password from now on.

        Raises InvalidCredentials if there is none, or if others could read it.
        """
        if self.account.api_key:
            raise InvalidCredentials("The music server does not support API keys: set SUBSONIC_PASSWORD instead.")
        if not await self._is_confidential():
            raise InvalidCredentials(
                "The music server needs the password itself, which is sent only over https or in a private network: "
                "use https in SUBSONIC_URL."
            )
        self._sends_password = True

    async def _is_confidential(self) -> bool:
        """Return whether requests go over https, or to addresses of the private network only."""
        parts = urlsplit(self.account.url)
        if parts.scheme == "https":
            return True
        try:
            addresses = await wait_for(self._clock, RESOLVE_TIMEOUT_SECONDS, _resolve(parts.hostname or ""))
        except (OSError, UnicodeError, TimeoutError):
            return False
        return bool(addresses) and not any(ip_address(address).is_global for address in addresses)


async def _resolve(host: str) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None)
    # Without the zone of a link-local address.
    return [str(address[0]).partition("%")[0] for *_, address in found]
