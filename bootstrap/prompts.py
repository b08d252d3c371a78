"""Prompts for credentials and for the values of a source."""

import sys
from collections.abc import Mapping

import click

from widget.model.errors import ConfigurationError
from widget.model.sources import SourceInfo, SourceVariable
from widget.model.tokens import Credentials
from widget.server.terminal import Terminal


def prompt_credentials(known: Credentials | None, stored: Credentials | None, terminal: Terminal) -> Credentials:
    """Return the known client ID and secret, or prompt for them.

    Raises :class:`ConfigurationError` if the ID is missing and stdin is not a terminal.
    """
    # A stored ID without a secret means PKCE was chosen; one from the environment alone leaves that open.
    if known is not None and (known.client_secret or known == stored or not _can_prompt()):
        return known
    if known is None and not _can_prompt():
        raise ConfigurationError(
            "SPOTIFY_CLIENT_ID is not set, and there is no terminal to ask on: set it (and SPOTIFY_CLIENT_SECRET), "
            "as shown in the Spotify dashboard under your app's Settings"
        )
    terminal.print_heading("From https://developer.spotify.com/dashboard (your app, Settings):")
    client_id = known.client_id if known is not None else ""
    while not client_id or not client_id.isascii() or not client_id.isprintable() or " " in client_id:
        # Prompts go to stderr, so that stdout can be redirected.
        client_id = click.prompt("Client ID", err=True).strip()
    secret = click.prompt(
        "Client secret (hidden; leave empty for PKCE only)", hide_input=True, default="", show_default=False, err=True
    )
    return Credentials(client_id, secret.strip() or None)


def prompt_source_values(
    info: SourceInfo, configured: Mapping[str, str], known: Mapping[str, str], terminal: Terminal
) -> dict[str, str]:
    """Return the values of a source: those that are set, else typed, else stored.

    Raises :class:`ConfigurationError` if one is missing and stdin is not a terminal.
    """
    values = dict(known)
    for variable in info.variables:
        if variable.prompt is None or variable.name in configured or info.is_replaced(variable, values):
            continue
        if _can_prompt():
            values[variable.name] = _prompt(variable, values.get(variable.name), terminal)
        elif not values.get(variable.name):
            raise ConfigurationError(
                f"{variable.name} is not set, and there is no terminal to ask on: set it "
                f"({variable.hint or 'docs/configuration.md'})"
            )
    return values


def _can_prompt() -> bool:
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def _prompt(variable: SourceVariable, known: str | None, terminal: Terminal) -> str:
    if variable.hint:
        terminal.print_message(f"{variable.hint[0].upper()}{variable.hint[1:]}")
    while True:
        text: str = click.prompt(
            variable.prompt or variable.name,
            hide_input=variable.secret and not variable.typed_openly,
            default=known,
            show_default=known is not None and not variable.secret,
            err=True,
        )
        try:
            return variable.parse(text.strip())
        except ValueError as error:
            terminal.print_error(f"Invalid value: {error}")
