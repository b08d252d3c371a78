"""The client ID and the secret, asked for at the terminal."""

import sys

import click

from bootstrap.terminal import Terminal
from widget.model.errors import ConfigurationError
from widget.model.tokens import Credentials


def prompt_credentials(known: Credentials | None, stored: Credentials | None, terminal: Terminal) -> Credentials:
    """The client ID and secret: what is known, else what the owner types.

    Raises :class:`ConfigurationError` where there is nobody to ask.
    """
    may_ask = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
    if known is not None and (known.client_secret or known == stored or not may_ask):
        return known
    if known is None and not may_ask:
        raise ConfigurationError(
            "SPOTIFY_CLIENT_ID is not set, and there is no terminal to ask on: set it (and SPOTIFY_CLIENT_SECRET), "
            "as shown in the Spotify dashboard under your app's Settings"
        )
    terminal.print_heading("From https://developer.spotify.com/dashboard (your app, Settings):")
    client_id = known.client_id if known is not None else ""
    while not client_id or not client_id.isascii() or not client_id.isprintable() or " " in client_id:
        client_id = click.prompt("Client ID", err=True).strip()
    secret = click.prompt(
        "Client secret (hidden; empty for PKCE alone)", hide_input=True, default="", show_default=False, err=True
    )
    return Credentials(client_id, secret.strip() or None)
