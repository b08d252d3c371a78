"""Settings for a host, in the syntax of its tool."""

import shlex
from collections.abc import Callable, Mapping

from bootstrap.context import CommandContext
from bootstrap.inlet_setup import hash_token
from bootstrap.source_setup import has_source_values, is_complete, non_default_values
from widget.clock import format_rfc3339
from widget.config.source_settings import effective_values
from widget.model.errors import NowPlayingError
from widget.model.sources import SourceInfo
from widget.model.tokens import Authorization, Credentials
from widget.sources.spotify.token_selection import effective_authorization

Variables = Mapping[str, str]

DOKKU_APP = "now-playing"
"""Dokku's tool needs the app's name; docs/hosting.md creates it under this one."""


async def exported_variables(context: CommandContext, info: SourceInfo, now: float) -> dict[str, str]:
    """Return the variables for a host. Raises :class:`NowPlayingError` if there are none."""
    if info.needs_authorization:
        return await _spotify_variables(context, now)
    values = await effective_values(context.store, info, context.settings.source_values)
    if not is_complete(info, values):
        raise NowPlayingError(f"There is nothing to export yet: run {info.setup_command} first.")
    kept = non_default_values(info, values)
    return {"SOURCE": info.name, **(hash_token(info, kept) if info.is_pushed else kept)}


async def _spotify_variables(context: CommandContext, now: float) -> dict[str, str]:
    authorization = await effective_authorization(context.store, context.settings.seed, now)
    credentials = await context.credentials()
    if authorization is None or credentials is None:
        raise NowPlayingError("There is nothing to export yet: run python -m bootstrap first.")
    if authorization.needs_authorization:
        raise NowPlayingError("Spotify no longer accepts the stored token: run python -m bootstrap again first.")
    # SOURCE matters only to owners who have set up another source too.
    source = {"SOURCE": "spotify"} if await has_source_values(context) else {}
    return source | variables(credentials, authorization)


def variables(credentials: Credentials, authorization: Authorization) -> dict[str, str]:
    """Return the variables with which a server starts with this authorization."""
    authorized_at = authorization.authorized_at
    values = {
        "SPOTIFY_CLIENT_ID": credentials.client_id,
        "SPOTIFY_CLIENT_SECRET": credentials.client_secret,
        "SPOTIFY_REFRESH_TOKEN": authorization.refresh_token,
        "SPOTIFY_AUTHORIZED_AT": None if authorized_at is None else format_rfc3339(authorized_at),
    }
    # An empty value means unset anyway.
    return {name: value for name, value in values.items() if value}


def as_env(values: Variables) -> str:
    """Return ``NAME=value`` lines, quoted for a POSIX shell and for ``.env``."""
    return "\n".join(f"{name}={shlex.quote(value)}" for name, value in values.items())


def _command(start: str, before_each: str = "") -> Callable[[Variables], str]:
    def format_command(values: Variables) -> str:
        return " ".join([start, *(f"{before_each}{name}={shlex.quote(value)}" for name, value in values.items())])

    return format_command


FORMATS: Mapping[str, Callable[[Variables], str]] = {
    "env": as_env,
    "heroku": _command("heroku config:set"),
    "fly": _command("fly secrets set"),
    "railway": _command("railway variables", "--set "),
    "dokku": _command(f"dokku config:set {DOKKU_APP}"),
}
