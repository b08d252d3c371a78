"""The inlet's token: create it, print it once with the players' settings, keep its hash."""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
from collections.abc import Mapping

import click

from widget.model.errors import ConfigurationError
from widget.model.source_values import SHA256_PREFIX
from widget.model.sources import SourceInfo
from widget.server.terminal import Terminal

# 32 characters: beyond guessing, and still possible to type.
TOKEN_BYTES = 24
# Reserved for examples (RFC 2606), so a forgotten one leads nowhere.
EXAMPLE_ADDRESS = "https://music.example.org"


def may_create_token(
    info: SourceInfo, configured: Mapping[str, str], values: Mapping[str, str], *, replace: bool, is_chosen: bool
) -> bool:
    """Return whether to create a token: there is none, or the owner wants it replaced.

    ``replace`` skips the question. Without it a run without ``--source`` (``is_chosen`` is false) keeps the token.
    Raises :class:`ConfigurationError` if there is no terminal to ask on.
    """
    name = _name(info)
    if replace or name in configured or not values.get(name):
        return True
    if not is_chosen:
        return False
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
        raise ConfigurationError(
            "Your players use the current token, and there is no terminal to ask on: add --replace-token to replace it"
        )
    return click.confirm("Your players use the current token. Replace it?", default=False, err=True)


def create_token(
    info: SourceInfo, configured: Mapping[str, str], values: Mapping[str, str]
) -> tuple[str | None, dict[str, str]]:
    """Return a new token, and ``values`` with its hash; None if the owner has set one."""
    name = _name(info)
    if name in configured:
        return None, {key: value for key, value in values.items() if key != name}
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, {**values, name: _hash(token)}


def hash_token(info: SourceInfo, values: Mapping[str, str]) -> dict[str, str]:
    """Return ``values`` with the hash in place of the token: enough to recognize it."""
    name = _name(info)
    token = values.get(name, SHA256_PREFIX)
    return dict(values) if token.startswith(SHA256_PREFIX) else {**values, name: _hash(token)}


def print_player_instructions(
    token: str | None, public_url: str | None, terminal: Terminal, *, is_set: bool = True
) -> None:
    """Print the players' settings; ``token`` is None if it ``is_set`` or was kept."""
    address = public_url or EXAMPLE_ADDRESS
    token_text = token or ("the value of INLET_TOKEN" if is_set else "your token")
    terminal.print_message()
    if token is not None:
        terminal.print_heading("Your token (shown only once; only its hash is stored):")
        terminal.print_result(token)
        terminal.print_message()
    elif not is_set:
        terminal.print_message("The current token stays valid; --replace-token makes a new one.")
    if public_url is None:
        terminal.print_message(f"Replace {address} with the address of your server.")
    terminal.print_heading("Navidrome, in navidrome.toml (then link ListenBrainz in your profile, with the token):")
    terminal.print_unwrapped(f'ListenBrainz.BaseURL = "{address}/1/"')
    terminal.print_heading("Jellyfin, in the settings of its ListenBrainz plug-in:")
    terminal.print_unwrapped(f"ListenBrainz API URL: {address}")
    terminal.print_unwrapped(f"Your user's ListenBrainz API token: {token_text}")
    terminal.print_heading("multi-scrobbler, in listenbrainz.json:")
    client = {
        "id": "now-playing",
        "name": "now-playing",
        "configureAs": "client",
        "data": {"token": token_text, "username": "me", "url": address},
    }
    terminal.print_unwrapped(json.dumps([client]))
    terminal.print_heading("Web Scrobbler, as a webhook (with pauses):")
    terminal.print_unwrapped(f"{address}/inlet/web-scrobbler/{token or 'TOKEN'}")
    terminal.print_heading("Anything else that can submit to ListenBrainz:")
    terminal.print_unwrapped(f"API URL: {address}    token: {token_text}")


def token_state(info: SourceInfo, configured: Mapping[str, str], values: Mapping[str, str]) -> str:
    """Return a description of the players' token."""
    name = _name(info)
    if name in configured:
        return f"set by {name}"
    return "stored (only its hash)" if values.get(name) else "none"


def _name(info: SourceInfo) -> str:
    return next(variable.name for variable in info.variables if variable.secret)


def _hash(token: str) -> str:
    return SHA256_PREFIX + hashlib.sha256(token.encode()).hexdigest()
