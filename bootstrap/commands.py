"""What each command does, once its options are read."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from bootstrap import source_setup
from bootstrap.authorize import AuthorizeOptions, authorize
from bootstrap.callback_server import serve_app
from bootstrap.context import CommandContext, command_context
from bootstrap.export import variables
from bootstrap.prompts import prompt_credentials
from bootstrap.status import authorization_rows, status_object, status_rows
from bootstrap.terminal import Terminal
from widget.config.http_environment import check_http_environment
from widget.config.settings import Settings
from widget.config.source_settings import ACTIVE_SOURCE_KEY
from widget.demo import demo_settings, make_spotify_simulator
from widget.http_client import http_client
from widget.model.errors import ConfigurationError, NowPlayingError, SourceError
from widget.model.sources import SourceInfo
from widget.model.tokens import Credentials, authorization_status
from widget.notifications.channels import parse_channels
from widget.now_playing.serialization import load_state
from widget.sources.spotify.token_selection import effective_authorization

REVOKE_AT = "https://www.spotify.com/account/apps/"


def warn_about_http_environment(terminal: Terminal) -> None:
    """Raises :class:`ConfigurationError` where no HTTP client can be made."""
    for warning in check_http_environment(os.environ):
        terminal.print_warning(warning)


async def load_credentials(settings: Settings) -> tuple[Credentials | None, Credentials | None]:
    """What is known of client ID and secret, and what of it the database holds."""
    async with command_context(settings) as desk:
        return await desk.credentials(), await desk.store.credentials()


async def run_authorize(settings: Settings, wishes: AuthorizeOptions, credentials: Credentials) -> None:
    """Authorizes, stores, and says what was stored and what comes next."""
    async with command_context(settings) as desk:
        await desk.check_storage()
        granted = await authorize(wishes, settings.accounts_url, credentials, desk.authorization)
        for warning in granted.warnings:
            wishes.terminal.print_warning(warning)
        wishes.terminal.print_table(authorization_rows(granted, desk.store.location))


async def run_demo_authorize(settings: Settings, wishes: AuthorizeOptions) -> None:
    """The same against the simulation, in a database that is gone afterwards."""
    from bootstrap.commands import demo_spotify

    terminal = wishes.terminal
    with tempfile.TemporaryDirectory(prefix="now-playing-rehearsal-", ignore_cleanup_errors=True) as folder:
        async with demo_spotify(settings, Path(folder)) as (simulated, http), command_context(simulated, http) as desk:
            terminal.print_heading(
                "A rehearsal: the Spotify of this run is simulated on this machine, and nothing is kept."
            )
            terminal.print_message()
            credentials = prompt_credentials(simulated.credentials, None, terminal)
            granted = await authorize(wishes, simulated.accounts_url, credentials, desk.authorization)
            terminal.print_table(authorization_rows(granted, None))
    terminal.print_message()
    terminal.print_message("That was the rehearsal; nothing was kept. For the real thing leave out --demo.")


async def run_demo_setup(settings: Settings, row: SourceInfo, terminal: Terminal) -> None:
    """Sets up ``row`` against its simulation, in a database that is gone afterwards."""
    from widget.demo import demo_environment

    async with demo_environment(replace(settings, source=row.name)) as stage:
        simulated = stage.settings
        terminal.print_heading(
            f"A rehearsal: the {row.label} of this run is simulated on this machine, and nothing is kept."
        )
        terminal.print_message()
        known = await source_setup.load_source_values(simulated, row)
        await source_setup.set_up(simulated, row, known.values, terminal, stage.http)
    terminal.print_message()
    terminal.print_message("That was the rehearsal; nothing was kept. For the real thing leave out --demo.")


async def status(settings: Settings, terminal: Terminal, *, as_json: bool, check: bool) -> int:
    """Says how the authorization stands; the exit code."""
    async with command_context(settings) as desk:
        failed = await _check(desk, terminal) if check else False
        now = time.time()
        token = await effective_authorization(desk.store, settings.seed, now)
        if as_json:
            success = load_state(await desk.store.read_state(), now).updated_at
            terminal.print_result(json.dumps(status_object(token, now, success)))
        else:
            terminal.print_table(status_rows(token, now, desk.store.location))
        return 0 if authorization_status(token, now).state in ("ok", "expires_soon") and not failed else 1


async def _check(desk: CommandContext, terminal: Terminal) -> bool:
    """Whether a refresh, ours or a server's at the same moment, failed."""
    access = desk.access
    terminal.show_progress("Asking Spotify …")
    try:
        await access.refresh_now(desk.started_at)
    except SourceError as error:
        terminal.print_error(str(error))
        return True
    finally:
        await access.close()
    return False


async def run_export(settings: Settings) -> dict[str, str]:
    """The variables for a host; raises :class:`NowPlayingError` where there are none."""
    async with command_context(settings) as desk:
        token = await effective_authorization(desk.store, settings.seed, time.time())
        credentials = await desk.credentials()
        if token is None or credentials is None:
            raise NowPlayingError("There is nothing to export yet: run python -m bootstrap first.")
        if token.needs_authorization:
            raise NowPlayingError("Spotify no longer accepts the stored token: run python -m bootstrap again first.")
        # Only who has set up another source too must tell a host which one runs.
        chosen = {"SOURCE": "spotify"} if await source_setup.is_anything_stored(desk) else {}
        return chosen | variables(credentials, token)


async def has_stored_data(settings: Settings) -> tuple[bool, str]:
    """Whether there is a token, or a client ID, to forget; and where."""
    async with command_context(settings) as desk:
        token, credentials = await desk.store.authorization(), await desk.store.credentials()
        of_others = (
            await source_setup.is_anything_stored(desk) or await desk.store.get_value(ACTIVE_SOURCE_KEY) is not None
        )
        return token is not None or credentials is not None or of_others, desk.store.location


async def forget(settings: Settings, terminal: Terminal) -> None:
    """Deletes all that is stored, and says what stays elsewhere."""
    async with command_context(settings) as desk:
        of_spotify = await desk.store.authorization() is not None
        await desk.store.forget()
        terminal.print_message(f"Deleted from {desk.store.location}.")
    if of_spotify:
        terminal.print_message(f"To take the access away at Spotify too, remove the app at {REVOKE_AT}")
    if settings.source_variables_set:
        terminal.print_message(f"Note: the environment or .env still holds {', '.join(settings.source_variables_set)}.")


async def send_test_messages(urls: Sequence[str], terminal: Terminal) -> bool:
    """Writes to every address, and says which message arrived; whether all did."""
    if not urls:
        raise ConfigurationError(
            "NOTIFY_URLS is not set: write one or more Apprise addresses into it, as docs/operations.md shows"
        )
    channels, unreadable = parse_channels(urls)
    if unreadable:
        raise ConfigurationError(
            *(
                f"NOTIFY_URLS: Apprise cannot read address {label}; docs/operations.md shows examples"
                for label in unreadable
            )
        )
    terminal.show_progress(f"Sending {'a message' if len(channels) == 1 else f'{len(channels)} messages'} …")
    title, body = "A test", "Messages about your now-playing widget arrive here."
    arrived = await asyncio.gather(*(channel.send(title, body) for channel in channels))
    for channel, did in zip(channels, arrived, strict=True):
        terminal.print_result(f"{channel.label}: {'sent' if did else 'it did not arrive'}")
    return all(arrived)


@asynccontextmanager
async def demo_spotify(settings: Settings, folder: Path) -> AsyncIterator[tuple[Settings, httpx.AsyncClient]]:
    """The settings that lead to the simulation, which stores in ``folder``, and a client that goes by no proxy."""
    simulator = make_spotify_simulator(settings.redirect_uri)
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    direct = http_client(httpx.AsyncHTTPTransport(trust_env=False))
    async with serve_app(simulator.app, listener), direct as http:
        yield replace(demo_settings(simulator, settings, folder), accounts_url=address, api_url=f"{address}/v1"), http
