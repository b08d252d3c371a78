"""The work of each command, once its options are parsed."""

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

from bootstrap.authorize import AuthorizeOptions, authorize
from bootstrap.callback_server import serve_app
from bootstrap.context import command_context
from bootstrap.export import exported_variables
from bootstrap.prompts import prompt_credentials
from bootstrap.source_setup import has_source_values, load_source_values, set_up
from bootstrap.status import authorization_rows, load_status, status_object, status_rows
from widget.config import http_environment
from widget.config.settings import Settings
from widget.config.source_settings import ACTIVE_SOURCE_KEY
from widget.demo import demo_environment, demo_settings, make_spotify_simulator
from widget.http_client import http_client
from widget.model.errors import ConfigurationError
from widget.model.sources import SourceInfo
from widget.model.tokens import Credentials
from widget.notifications.channels import parse_channels
from widget.server.terminal import Terminal

REVOKE_URL = "https://www.spotify.com/account/apps/"
_DEMO_END = "That was the rehearsal; nothing was saved. For the real thing leave out --demo."


def check_http_environment(terminal: Terminal) -> None:
    """Raise :class:`ConfigurationError` if no HTTP client can be created in this environment."""
    for warning in http_environment.check_http_environment(os.environ):
        terminal.print_warning(warning)


async def load_credentials(settings: Settings) -> tuple[Credentials | None, Credentials | None]:
    """Return the effective client ID and secret, and the stored ones."""
    async with command_context(settings) as context:
        return await context.credentials(), await context.store.credentials()


async def run_authorize(settings: Settings, options: AuthorizeOptions, credentials: Credentials) -> None:
    """Authorize, store the result and print it with the next steps."""
    async with command_context(settings) as context:
        # Before the consent: a code works once, and would be lost.
        await context.check_storage()
        result = await authorize(options, settings.accounts_url, credentials, context.authorization_flow)
        for warning in result.warnings:
            options.terminal.print_warning(warning)
        options.terminal.print_table(authorization_rows(result, context.store.location))


async def run_demo_authorize(settings: Settings, options: AuthorizeOptions) -> None:
    """Rehearse :func:`run_authorize` with the simulated Spotify, in a temporary database."""
    terminal = options.terminal
    with tempfile.TemporaryDirectory(prefix="now-playing-rehearsal-", ignore_cleanup_errors=True) as folder:
        async with (
            demo_spotify(settings, Path(folder)) as (simulated, http),
            command_context(simulated, http) as context,
        ):
            _print_demo_heading("Spotify", terminal)
            credentials = prompt_credentials(simulated.credentials, None, terminal)
            result = await authorize(options, simulated.accounts_url, credentials, context.authorization_flow)
            terminal.print_table(authorization_rows(result, None))
    terminal.print_message()
    terminal.print_message(_DEMO_END)


async def run_demo_setup(settings: Settings, info: SourceInfo, terminal: Terminal) -> None:
    """Set ``info`` up against its simulation, in a temporary database."""
    async with demo_environment(replace(settings, source=info.name)) as demo:
        _print_demo_heading(info.label, terminal)
        known = await load_source_values(demo.settings, info)
        await set_up(demo.settings, info, known.values, terminal, demo.http)
    terminal.print_message()
    terminal.print_message(_DEMO_END)


def _print_demo_heading(label: str, terminal: Terminal) -> None:
    terminal.print_heading(f"Rehearsal: {label} is simulated on this computer. Nothing is saved.")
    terminal.print_message()


@asynccontextmanager
async def demo_spotify(settings: Settings, folder: Path) -> AsyncIterator[tuple[Settings, httpx.AsyncClient]]:
    """Serve the simulated Spotify, so that a browser can open its consent page.

    Yields the settings that lead to it, with a database in ``folder``, and a client that uses no proxy.
    """
    simulator = make_spotify_simulator(settings.redirect_uri)
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    # A proxy could not reach this computer's own port.
    direct = http_client(httpx.AsyncHTTPTransport(trust_env=False))
    async with serve_app(simulator.app, listener), direct as http:
        simulated = demo_settings(simulator, settings, folder)
        yield replace(simulated, accounts_url=address, api_url=f"{address}/v1"), http


async def run_status(
    settings: Settings, info: SourceInfo, terminal: Terminal, *, as_json: bool, check_since: float | None
) -> int:
    """Print the status and return the exit code; with ``check_since`` after one real request."""
    async with command_context(settings, read_only=check_since is None) as context:
        status = await load_status(context, info, terminal, check_since=check_since)
        now = time.time()
        if as_json:
            terminal.print_result(json.dumps(status_object(status, now)))
        else:
            terminal.print_table(status_rows(status, now, context.store.location))
    return 0 if status.is_good else 1


async def run_export(settings: Settings, info: SourceInfo) -> dict[str, str]:
    """Return the variables for a host."""
    async with command_context(settings, read_only=True) as context:
        return await exported_variables(context, info, time.time())


async def has_stored_data(settings: Settings) -> tuple[bool, str]:
    """Return whether there is anything to delete, and the database's location."""
    async with command_context(settings, read_only=True) as context:
        store = context.store
        stored = (await store.authorization(), await store.credentials(), await store.get_value(ACTIVE_SOURCE_KEY))
        return any(one is not None for one in stored) or await has_source_values(context), store.location


async def run_forget(settings: Settings, terminal: Terminal) -> None:
    """Delete everything stored, and say how to delete the data kept elsewhere."""
    async with command_context(settings) as context:
        was_authorized = await context.store.authorization() is not None
        await context.store.forget()
        terminal.print_message(f"Deleted from {context.store.location}.")
    # Deleting the token here does not end the grant at Spotify.
    if was_authorized:
        terminal.print_message(f"To revoke the access at Spotify too, remove the app at {REVOKE_URL}")
    # They would bring everything back at the next start.
    if settings.source_variables_set:
        terminal.print_message(
            f"Note: the environment or .env still contains {', '.join(settings.source_variables_set)}."
        )


async def send_test_messages(urls: Sequence[str], terminal: Terminal) -> bool:
    """Send a test to every address and print which arrived; return whether all did."""
    if not urls:
        raise ConfigurationError("NOTIFY_URLS is not set: add one or more Apprise URLs, see docs/operations.md")
    channels, unreadable = parse_channels(urls)
    if unreadable:
        raise ConfigurationError(
            *(f"NOTIFY_URLS: Apprise cannot read address {label}; see docs/operations.md" for label in unreadable)
        )
    terminal.show_progress(f"Sending {'a message' if len(channels) == 1 else f'{len(channels)} messages'} …")
    title, body = "Test", "Alerts about your now-playing widget arrive here."
    arrived = await asyncio.gather(*(channel.send(title, body) for channel in channels))
    for channel, did in zip(channels, arrived, strict=True):
        terminal.print_result(f"{channel.label}: {'sent' if did else 'not delivered'}")
    return all(arrived)
