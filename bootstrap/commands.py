"""What each command does, once its options are read."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bootstrap import source_setup
from bootstrap.authorize import Wishes, authorize
from bootstrap.context import Desk, desk_for
from bootstrap.export import variables
from bootstrap.prompts import asked_for
from bootstrap.status import granted_rows, status_object, status_rows
from bootstrap.terminal import Terminal
from widget.config.http_environment import prepare_environment
from widget.config.settings import Settings
from widget.config.source_settings import CHOSEN
from widget.model.errors import ConfigurationError, NowPlayingError, SourceError
from widget.model.sources import Source
from widget.model.tokens import Credentials, token_health
from widget.notifications.channels import read_channels
from widget.now_playing.serialization import from_text
from widget.sources.spotify.token_selection import effective_token

REVOKE_AT = "https://www.spotify.com/account/apps/"


def look_at_the_environment(terminal: Terminal) -> None:
    """Raises :class:`ConfigurationError` where no HTTP client can be made."""
    for warning in prepare_environment(os.environ):
        terminal.warn(warning)


async def known_credentials(settings: Settings) -> tuple[Credentials | None, Credentials | None]:
    """What is known of client ID and secret, and what of it the database holds."""
    async with desk_for(settings) as desk:
        return await desk.credentials(), await desk.store.credentials()


async def authorize_for_real(settings: Settings, wishes: Wishes, credentials: Credentials) -> None:
    """Authorizes, stores, and says what was stored and what comes next."""
    async with desk_for(settings) as desk:
        await desk.prove_room()
        granted = await authorize(wishes, settings.accounts_url, credentials, desk.authorization)
        for warning in granted.warnings:
            wishes.terminal.warn(warning)
        wishes.terminal.tell_rows(granted_rows(granted, desk.store.location))


async def rehearse(settings: Settings, wishes: Wishes) -> None:
    """The same against the simulation, in a database that is gone afterwards."""
    from bootstrap.rehearsal import rehearsal

    terminal = wishes.terminal
    with tempfile.TemporaryDirectory(prefix="now-playing-rehearsal-", ignore_cleanup_errors=True) as folder:
        async with rehearsal(settings, Path(folder)) as (simulated, http), desk_for(simulated, http) as desk:
            terminal.head("A rehearsal: the Spotify of this run is simulated on this machine, and nothing is kept.")
            terminal.say()
            credentials = asked_for(simulated.credentials, None, terminal)
            granted = await authorize(wishes, simulated.accounts_url, credentials, desk.authorization)
            terminal.tell_rows(granted_rows(granted, None))
    terminal.say()
    terminal.say("That was the rehearsal; nothing was kept. For the real thing leave out --demo.")


async def rehearse_other(settings: Settings, row: Source, terminal: Terminal) -> None:
    """Sets up ``row`` against its simulation, in a database that is gone afterwards."""
    from widget.demo import staged

    async with staged(replace(settings, source=row.name)) as stage:
        simulated = stage.settings
        terminal.head(f"A rehearsal: the {row.label} of this run is simulated on this machine, and nothing is kept.")
        terminal.say()
        known = await source_setup.known(simulated, row)
        await source_setup.set_up(simulated, row, known.values, terminal, stage.http)
    terminal.say()
    terminal.say("That was the rehearsal; nothing was kept. For the real thing leave out --demo.")


async def status(settings: Settings, terminal: Terminal, *, as_json: bool, check: bool) -> int:
    """Says how the authorization stands; the exit code."""
    async with desk_for(settings) as desk:
        failed = await _check(desk, terminal) if check else False
        now = time.time()
        token = await effective_token(desk.store, settings.seed, now)
        if as_json:
            success = from_text(await desk.store.shared(), now).updated_at
            terminal.tell(json.dumps(status_object(token, now, success)))
        else:
            terminal.tell_rows(status_rows(token, now, desk.store.location))
        return 0 if token_health(token, now).state in ("ok", "expires_soon") and not failed else 1


async def _check(desk: Desk, terminal: Terminal) -> bool:
    """Whether a refresh, ours or a server's at the same moment, failed."""
    access = desk.access
    terminal.wait("Asking Spotify …")
    try:
        await access.refresh_now(desk.started_at)
    except SourceError as error:
        terminal.fail(str(error))
        return True
    finally:
        await access.close()
    return False


async def exported(settings: Settings) -> dict[str, str]:
    """The variables for a host; raises :class:`NowPlayingError` where there are none."""
    async with desk_for(settings) as desk:
        token = await effective_token(desk.store, settings.seed, time.time())
        credentials = await desk.credentials()
        if token is None or credentials is None:
            raise NowPlayingError("There is nothing to export yet: run python -m bootstrap first.")
        if token.needs_authorization:
            raise NowPlayingError("Spotify no longer accepts the stored token: run python -m bootstrap again first.")
        # Only who has set up another source too must tell a host which one runs.
        chosen = {"SOURCE": "spotify"} if await source_setup.is_anything_stored(desk) else {}
        return chosen | variables(credentials, token)


async def is_anything_stored(settings: Settings) -> tuple[bool, str]:
    """Whether there is a token, or a client ID, to forget; and where."""
    async with desk_for(settings) as desk:
        token, credentials = await desk.store.token(), await desk.store.credentials()
        of_others = await source_setup.is_anything_stored(desk) or await desk.store.note(CHOSEN) is not None
        return token is not None or credentials is not None or of_others, desk.store.location


async def forget(settings: Settings, terminal: Terminal) -> None:
    """Deletes all that is stored, and says what stays elsewhere."""
    async with desk_for(settings) as desk:
        of_spotify = await desk.store.token() is not None
        await desk.store.forget()
        terminal.say(f"Deleted from {desk.store.location}.")
    if of_spotify:
        terminal.say(f"To take the access away at Spotify too, remove the app at {REVOKE_AT}")
    if settings.named:
        terminal.say(f"Note: the environment or .env still holds {', '.join(settings.named)}.")


async def send_test_messages(urls: Sequence[str], terminal: Terminal) -> bool:
    """Writes to every address, and says which message arrived; whether all did."""
    if not urls:
        raise ConfigurationError("NOTIFY_URLS is not set: write one or more Apprise addresses into it, see README.md")
    channels, unreadable = read_channels(urls)
    if unreadable:
        raise ConfigurationError(
            *(f"NOTIFY_URLS: Apprise cannot read address {label}; see README.md for examples" for label in unreadable)
        )
    terminal.wait(f"Sending {'a message' if len(channels) == 1 else f'{len(channels)} messages'} …")
    title, body = "A test", "Messages about your now-playing widget arrive here."
    arrived = await asyncio.gather(*(channel.send(title, body) for channel in channels))
    for channel, did in zip(channels, arrived, strict=True):
        terminal.tell(f"{channel.label}: {'sent' if did else 'it did not arrive'}")
    return all(arrived)
