"""The token that players send to the inlet: made, shown once with the lines for each player, and kept as its hash."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping

from bootstrap.terminal import Terminal
from widget.model.sources import SHA256_PREFIX, SourceInfo

TOKEN_BYTES = 24
EXAMPLE_ADDRESS = "https://music.example.org"


def create_token(
    row: SourceInfo, is_set: Mapping[str, str], values: Mapping[str, str]
) -> tuple[str | None, dict[str, str]]:
    """A new token, and ``values`` with its hash; None where the owner has set one, which alone counts."""
    name = _name(row)
    if name in is_set:
        return None, {key: value for key, value in values.items() if key != name}
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, {**values, name: _hash(token)}


def hash_token(row: SourceInfo, values: Mapping[str, str]) -> dict[str, str]:
    """``values``, with the hash in place of the token, which is enough to know it by."""
    name = _name(row)
    token = values.get(name, SHA256_PREFIX)
    return dict(values) if token.startswith(SHA256_PREFIX) else {**values, name: _hash(token)}


def print_player_instructions(token: str | None, public_url: str | None, terminal: Terminal) -> None:
    """What is to be entered in each player; ``token`` is None where the owner knows it."""
    address, shown = public_url or EXAMPLE_ADDRESS, token or "the value of INLET_TOKEN"
    terminal.print_message()
    if token is not None:
        terminal.print_heading("The token, shown this once (its hash alone is stored):")
        terminal.print_result(token)
        terminal.print_message()
    if public_url is None:
        terminal.print_message(f"In what follows put the address of your own server in place of {address}.")
    terminal.print_heading("Navidrome, in navidrome.toml (then link ListenBrainz in your profile, with the token):")
    terminal.print_unwrapped(f'ListenBrainz.BaseURL = "{address}/1/"')
    terminal.print_heading("Jellyfin, in the settings of its ListenBrainz plug-in:")
    terminal.print_unwrapped(f"ListenBrainz API URL: {address}")
    terminal.print_unwrapped(f"Your user's ListenBrainz API token: {shown}")
    terminal.print_heading("multi-scrobbler, in listenbrainz.json:")
    data = {"token": shown, "username": "me", "url": address}
    terminal.print_unwrapped(json.dumps([{"name": "now-playing", "configureAs": "client", "data": data}]))


def _name(row: SourceInfo) -> str:
    return next(variable.name for variable in row.variables if variable.secret)


def _hash(token: str) -> str:
    return SHA256_PREFIX + hashlib.sha256(token.encode()).hexdigest()
