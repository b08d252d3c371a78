"""Puts the wing of Spotify together."""

from widget.model.sources import SPOTIFY
from widget.sources.base import Parts, Wing
from widget.sources.rate_limiter import Gate
from widget.sources.spotify.accounts_api import AccountsService
from widget.sources.spotify.adapter import Gateway
from widget.sources.spotify.authorization_flow import Authorization
from widget.sources.spotify.daily_refresh import Caretaker
from widget.sources.spotify.reauthorization import ServerRenewal
from widget.sources.spotify.token_manager import Access
from widget.sources.spotify.web_api import WebApi
from widget.sources.spotify.whose import RunningAccount
from widget.store.lasting import may_not_last


def wing(parts: Parts) -> Wing:
    """The wing, with what ``/setup`` authorizes by."""
    settings, store, clock = parts.settings, parts.store, parts.clock
    gate = Gate(store, clock, settings.calls_a_day)
    accounts = AccountsService(parts.http, settings.accounts_url, clock)
    api = WebApi(parts.http, settings.api_url, clock)
    may_go = may_not_last(settings.database_url, settings.disk_starts_empty)
    access = Access(store, accounts, gate, clock, settings.credentials, settings.seed, disk_may_go=may_go)
    renewal = ServerRenewal(
        store,
        Authorization(store, accounts, api, gate, clock, settings.seed),
        RunningAccount(store, access, api, gate, clock, settings.seed),
        clock,
        key=settings.setup_key,
        accounts_url=settings.accounts_url,
        credentials=settings.credentials,
    )
    gateway = Gateway(access, api, gate, store, clock, settings.seed, lists=settings.recent > 0, disk_may_go=may_go)
    return Wing(SPOTIFY, gateway, renewal, (Caretaker(access, clock),))
