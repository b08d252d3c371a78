"""An OpenSubsonic server as a source: the playback of one user, and covers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from widget.clock import Clock
from widget.config.source_settings import effective_values, merge_values
from widget.model.errors import SourceError
from widget.model.playback import PRIVATE_ARTWORK_SCHEME
from widget.model.sources import SUBSONIC
from widget.sources.base import AdapterContext, FetchResult, SourceAdapter
from widget.sources.polling_adapter import create_polling_adapter
from widget.sources.subsonic.api import SubsonicAccount, SubsonicApi
from widget.sources.subsonic.payloads import (
    UNKNOWN_ENDPOINT_CODES,
    SubsonicError,
    error_for_code,
    read_entries,
    read_extensions,
    server_label,
)
from widget.sources.subsonic.play_tracker import PlayTracker

if TYPE_CHECKING:
    import httpx

URL, USER, PASSWORD, API_KEY = "SUBSONIC_URL", "SUBSONIC_USER", "SUBSONIC_PASSWORD", "SUBSONIC_API_KEY"
LABEL = "SUBSONIC_LABEL"
NOT_CONFIGURED = (
    "There is no music server yet: run python -m bootstrap --source subsonic, or set SUBSONIC_URL, SUBSONIC_USER and "
    "SUBSONIC_PASSWORD or SUBSONIC_API_KEY."
)
# A server gains an extension by an upgrade, which is rare.
EXTENSIONS_SECONDS = 86_400.0
EXTENSIONS_RETRY_SECONDS = 600.0
# As wide as Spotify's largest, which the layouts are made for.
COVER_SIZE = 640


def account_from(values: Mapping[str, str]) -> SubsonicAccount | None:
    """Return the account that the variables in ``values`` name; None if something is missing."""
    password, api_key = values.get(PASSWORD), values.get(API_KEY)
    if not values.get(URL) or not values.get(USER) or not (password or api_key):
        return None
    return SubsonicAccount(values[URL], values[USER], password, api_key)


class SubsonicClient:
    """Requests for one user.

    Remembers the play, the kind of login and the server's extensions of one account.

    ``label`` is the name that the owner gave the server, None if it may name itself.
    """

    def __init__(self, http: Callable[[], httpx.AsyncClient], clock: Clock, label: str | None) -> None:
        self._http = http
        self._clock = clock
        self._label = label
        self._api: SubsonicApi | None = None
        self._tracker = PlayTracker()
        self._observed_at = 0.0
        self._extensions: frozenset[str] = frozenset()
        self._ask_extensions_at = 0.0  # monotonic

    async def now_playing(self, account: SubsonicAccount) -> FetchResult:
        """Return the current playback of ``account``. Raises SourceError."""
        api = self._api_of(account)
        sent_at, begun = self._clock.now(), self._clock.monotonic()
        try:
            response = await api.call("getNowPlaying")
        except SubsonicError as error:
            raise error_for_code(error.code) from error
        # Not now(): the wall clock may be set during the request.
        observed_at = sent_at + (self._clock.monotonic() - begun)
        if observed_at < self._observed_at:
            # The clock was set back: no time that was noted before means anything.
            self._tracker = PlayTracker()
        self._observed_at = observed_at
        await self._refresh_extensions(api)
        entries = read_entries(response, account.user)
        playback = self._tracker.observe(entries, observed_at, has_reports="playbackReport" in self._extensions)
        label = self._label or server_label(response) or SUBSONIC.label
        return FetchResult(replace(playback, source_label=label), ())

    async def recently_played(self, account: SubsonicAccount) -> FetchResult:
        """Return nothing: the API does not list the plays of a user."""
        return FetchResult(None, ())

    async def cover(self, account: SubsonicAccount, cover_id: str) -> bytes | None:
        """Return an image; None if there is none. Raises SourceError."""
        try:
            return await self._api_of(account).cover(cover_id, COVER_SIZE)
        except SubsonicError as error:
            raise error_for_code(error.code) from error

    def _api_of(self, account: SubsonicAccount) -> SubsonicApi:
        if self._api is None or self._api.account != account:
            self._api = SubsonicApi(account, self._http, self._clock)
            # Another account, perhaps another server: nothing that was learned holds.
            self._tracker, self._ask_extensions_at = PlayTracker(), 0.0
        return self._api

    async def _refresh_extensions(self, api: SubsonicApi) -> None:
        """Request the extensions once a day; until then the known ones stay."""
        now = self._clock.monotonic()
        if now < self._ask_extensions_at:
            return
        seconds = EXTENSIONS_SECONDS
        try:
            self._extensions = read_extensions(await api.call("getOpenSubsonicExtensions"))
        except SubsonicError as error:
            self._extensions = frozenset()
            seconds = EXTENSIONS_SECONDS if error.code in UNKNOWN_ENDPOINT_CODES else EXTENSIONS_RETRY_SECONDS
        # An outage does not change the server, so its known extensions stay.
        except SourceError:
            seconds = EXTENSIONS_RETRY_SECONDS
        self._ask_extensions_at = now + seconds


def create_adapter(context: AdapterContext) -> SourceAdapter:
    """Return the adapter; covers are loaded with the user's own log-in."""
    settings = context.settings
    label = merge_values(SUBSONIC, settings.source_values, settings.stored_source_values).get(LABEL)
    client = SubsonicClient(context.http, context.clock, label)

    async def load_artwork(url: str) -> bytes | None:
        account = account_from(await effective_values(context.store, SUBSONIC, settings.source_values))
        return None if account is None else await client.cover(account, url.removeprefix(PRIVATE_ARTWORK_SCHEME))

    adapter = create_polling_adapter(context, SUBSONIC, client, account_from, NOT_CONFIGURED)
    source = replace(adapter.source, label=label or SUBSONIC.label)
    return replace(adapter, source=source, load_artwork=load_artwork)
