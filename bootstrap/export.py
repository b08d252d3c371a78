"""The settings for a host, in the words of its own tool."""

import shlex
from collections.abc import Callable, Mapping

from widget.clock import format_rfc3339
from widget.model.tokens import Authorization, Credentials

Variables = Mapping[str, str]

DOKKU_APP = "now-playing"
"""Dokku's tool wants the app's name; docs/hosting.md creates it under this name."""


def variables(credentials: Credentials, token: Authorization) -> dict[str, str]:
    """The variables that make a server of ours start with this authorization."""
    values = {
        "SPOTIFY_CLIENT_ID": credentials.client_id,
        "SPOTIFY_CLIENT_SECRET": credentials.client_secret,
        "SPOTIFY_REFRESH_TOKEN": token.refresh_token,
        "SPOTIFY_AUTHORIZED_AT": None if token.authorized_at is None else format_rfc3339(token.authorized_at),
    }
    return {name: value for name, value in values.items() if value}


def as_env(values: Variables) -> str:
    """``NAME=value`` lines, quoted as a POSIX shell and .env readers understand."""
    return "\n".join(f"{name}={shlex.quote(value)}" for name, value in values.items())


def _command(start: str, before_each: str = "") -> Callable[[Variables], str]:
    def written(values: Variables) -> str:
        return " ".join([start, *(f"{before_each}{name}={shlex.quote(value)}" for name, value in values.items())])

    return written


FORMATS: Mapping[str, Callable[[Variables], str]] = {
    "env": as_env,
    "heroku": _command("heroku config:set"),
    "fly": _command("fly secrets set"),
    "railway": _command("railway variables", "--set "),
    "dokku": _command(f"dokku config:set {DOKKU_APP}"),
}
