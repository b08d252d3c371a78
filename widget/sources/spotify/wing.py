"""Puts the wing of Spotify together."""

from widget.model.sources import SPOTIFY
from widget.sources.base import AdapterContext, SourceAdapter
from widget.sources.rate_limiter import RateLimiter
from widget.sources.spotify.accounts_api import AccountsApi
from widget.sources.spotify.adapter import SpotifyClient
from widget.sources.spotify.authorization_flow import AuthorizationFlow
from widget.sources.spotify.daily_refresh import DailyRefresh
from widget.sources.spotify.reauthorization import SpotifyReauthorization
from widget.sources.spotify.token_manager import TokenManager
from widget.sources.spotify.web_api import WebApi
from widget.sources.spotify.whose import CurrentAccount
from widget.store.factory import is_ephemeral


def create_adapter(parts: AdapterContext) -> SourceAdapter:
    """The wing, with what ``/setup`` authorizes by."""
    settings, store, clock = parts.settings, parts.store, parts.clock
    gate = RateLimiter(store, clock, settings.daily_call_limit)
    accounts = AccountsApi(parts.http, settings.accounts_url, clock)
    api = WebApi(parts.http, settings.api_url, clock)
    may_go = is_ephemeral(settings.database_url, settings.has_ephemeral_disk)
    access = TokenManager(store, accounts, gate, clock, settings.credentials, settings.seed, disk_may_go=may_go)
    renewal = SpotifyReauthorization(
        store,
        AuthorizationFlow(store, accounts, api, gate, clock, settings.seed),
        CurrentAccount(store, access, api, gate, clock, settings.seed),
        clock,
        key=settings.setup_key,
        accounts_url=settings.accounts_url,
        credentials=settings.credentials,
    )
    gateway = SpotifyClient(
        access, api, gate, store, clock, settings.seed, lists=settings.recent > 0, disk_may_go=may_go
    )
    return SourceAdapter(SPOTIFY, gateway, renewal, (DailyRefresh(access, clock),))
