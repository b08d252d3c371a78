"""The token that players send to the inlet: made, shown once with the lines for each player, and kept as its hash."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping

from bootstrap.terminal import Terminal
from widget.model.source_variables import HASHED
from widget.model.sources import Source

TOKEN_BYTES = 24
EXAMPLE_ADDRESS = "https://music.example.org"


def new_token(row: Source, is_set: Mapping[str, str], values: Mapping[str, str]) -> tuple[str | None, dict[str, str]]:
    """A new token, and ``values`` with its hash; None where the owner has set one, which alone counts."""
    name = _name(row)
    if name in is_set:
        return None, {key: value for key, value in values.items() if key != name}
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, {**values, name: _hash(token)}


def hashed(row: Source, values: Mapping[str, str]) -> dict[str, str]:
    """``values``, with the hash in place of the token, which is enough to know it by."""
    name = _name(row)
    token = values.get(name, HASHED)
    return dict(values) if token.startswith(HASHED) else {**values, name: _hash(token)}


def introduce(token: str | None, public_url: str | None, terminal: Terminal) -> None:
    """What is to be entered in each player; ``token`` is None where the owner knows it."""
    address, shown = public_url or EXAMPLE_ADDRESS, token or "the value of INLET_TOKEN"
    terminal.say()
    if token is not None:
        terminal.head("The token, shown this once (its hash alone is stored):")
        terminal.tell(token)
        terminal.say()
    if public_url is None:
        terminal.say(f"In what follows put the address of your own server in place of {address}.")
    terminal.head("Navidrome, in navidrome.toml (then link ListenBrainz in your profile, with the token):")
    terminal.say_whole(f'ListenBrainz.BaseURL = "{address}/1/"')
    terminal.head("Jellyfin, in the settings of its ListenBrainz plug-in:")
    terminal.say_whole(f"ListenBrainz API URL: {address}")
    terminal.say_whole(f"Your user's ListenBrainz API token: {shown}")
    terminal.head("multi-scrobbler, in listenbrainz.json:")
    data = {"token": shown, "username": "me", "url": address}
    terminal.say_whole(json.dumps([{"name": "now-playing", "configureAs": "client", "data": data}]))


def _name(row: Source) -> str:
    return next(variable.name for variable in row.variables if variable.secret)


def _hash(token: str) -> str:
    return HASHED + hashlib.sha256(token.encode()).hexdigest()
