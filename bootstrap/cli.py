"""The commands; words for people."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from bootstrap.desk import Desk, desk_for
from bootstrap.export import FORMATS, variables
from bootstrap.flow import Wishes, authorize
from bootstrap.report import day, status_object, status_text
from widget.command_line import database_option
from widget.errors import ConfigurationError, NowPlayingError, SourceError
from widget.owner.channels import read_channels
from widget.settings import Settings, read_environ
from widget.sources.spotify.accounts import KNOWN_SCOPES
from widget.sources.spotify.authorization import Granted
from widget.sources.spotify.seed import effective_token
from widget.tokens import Credentials, token_health
from widget.variables import redirect_uri

REVOKE_AT = "https://www.spotify.com/account/apps/"
INTERRUPTED = 130

Result = TypeVar("Result")


def _checked_redirect_uri(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else redirect_uri(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _checked_scopes(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for scope in value:
        if scope not in KNOWN_SCOPES:
            raise click.BadParameter(f"{scope!r} is no scope of Spotify's; it has {', '.join(KNOWN_SCOPES)}")
    return value


def _settings(context: click.Context, database: str | None) -> Settings:
    settings = Settings.from_environ(read_environ(os.environ, Path.cwd()))
    database = database or context.find_root().params.get("database")
    return settings if database is None else replace(settings, database_url=database)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--no-browser", is_flag=True, help="Opens nothing; the callback's whole address may be pasted here.")
@click.option(
    "--redirect-uri",
    callback=_checked_redirect_uri,
    metavar="URI",
    help="As registered in the Spotify dashboard.  [default: SPOTIFY_REDIRECT_URI, else http://127.0.0.1:8888/callback]",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    callback=_checked_scopes,
    metavar="NAME",
    help="One more scope than the two needed (repeatable).",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the consent.",
)
@database_option
@click.option("--demo", is_flag=True, help="Rehearses it all against a built-in simulated Spotify; keeps nothing.")
@click.pass_context
def cli(
    context: click.Context,
    no_browser: bool,
    redirect_uri: str | None,
    scopes: tuple[str, ...],
    timeout: float,
    database: str | None,
    demo: bool,
) -> None:
    """Authorizes this program once at Spotify, and stores the refresh token.

    The client ID and secret come from SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET (environment or .env), else from the
    database, else they are asked for. Without a secret PKCE alone is used.
    """
    if context.invoked_subcommand is not None:
        return
    settings = _settings(context, database)
    settings = settings if redirect_uri is None else replace(settings, redirect_uri=redirect_uri)
    stdin = sys.stdin.fileno() if _may_paste(settings, no_browser) else None
    wishes = Wishes(settings.redirect_uri, timeout, not no_browser, scopes, stdin)
    if demo:
        _run(_rehearse(settings, wishes))
    else:
        # Asked for outside the event loop, which would take the first Ctrl-C for itself.
        _run(_authorize(settings, wishes, _asked_for(*_run(_known_credentials(settings)))))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Prints one JSON object.")
@click.option("--check", is_flag=True, help="Refreshes once, for real.")
@database_option
@click.pass_context
def status(context: click.Context, as_json: bool, check: bool, database: str | None) -> None:
    """Tells whose account it is, until when the authorization lasts, and whether it works."""
    sys.exit(_run(_status(_settings(context, database), as_json, check)))


@cli.command()
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="env", show_default=True, help="For which host."
)
@database_option
@click.pass_context
def export(context: click.Context, form: str, database: str | None) -> None:
    """Prints the settings for a host. This is the one command that prints secrets."""
    click.echo(FORMATS[form](_run(_exported(_settings(context, database)))))


@cli.command()
@click.option("--yes", is_flag=True, help="Does not ask.")
@database_option
@click.pass_context
def forget(context: click.Context, yes: bool, database: str | None) -> None:
    """Deletes all that is stored, client ID and secret too."""
    settings = _settings(context, database)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask on: add --yes")
        click.confirm("Delete the token, the client ID and the secret from the database?", abort=True, err=True)
    click.echo(f"Deleted from {_run(_forget(settings))}.", err=True)
    click.echo(f"To take the access away at Spotify too, remove the app at {REVOKE_AT}", err=True)
    if settings.seed is not None or settings.client_secret is not None:
        click.echo("Note: the environment or .env still holds SPOTIFY_ variables.", err=True)


@cli.command()
@click.pass_context
def message(context: click.Context) -> None:
    """Sends a test message to every address in NOTIFY_URLS, and says which arrived."""
    urls = _settings(context, None).notify_urls
    if not urls:
        raise ConfigurationError("NOTIFY_URLS is not set: write one or more Apprise addresses into it, see README.md")
    channels, unreadable = read_channels(urls)
    if unreadable:
        raise ConfigurationError(
            *(f"NOTIFY_URLS: Apprise cannot read address {label}; see README.md for examples" for label in unreadable)
        )
    title, body = "A test", "Messages about your now-playing widget arrive here."

    async def send() -> list[bool]:
        return list(await asyncio.gather(*(channel.send(title, body) for channel in channels)))

    arrived = _run(send())
    for channel, did in zip(channels, arrived, strict=True):
        click.echo(f"{channel.label}: {'sent' if did else 'it did not arrive'}")
    sys.exit(0 if all(arrived) else 1)


def main() -> None:
    """Runs the command line; every failure is one line and an exit code."""
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        code = cli.main(prog_name="python -m bootstrap", standalone_mode=False)
    except click.exceptions.Exit as stopped:
        code = stopped.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nStopped; nothing was changed.", err=True)
        code = INTERRUPTED
    except ConfigurationError as error:
        code = _tell(error.faults, 2)
    except NowPlayingError as error:
        code = _tell([str(error)], 1)
    sys.exit(code if isinstance(code, int) else 0)


def _tell(faults: Sequence[str], code: int) -> int:
    for fault in faults:
        click.echo(f"Error: {fault}", err=True)
    return code


def _run(command: Coroutine[Any, Any, Result]) -> Result:
    # Postgres is spoken to by a loop of selectors; on Windows the usual one is another.
    loop_factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(command)


async def _rehearse(settings: Settings, wishes: Wishes) -> None:
    from bootstrap.rehearsal import rehearsal

    with tempfile.TemporaryDirectory(prefix="now-playing-rehearsal-", ignore_cleanup_errors=True) as folder:
        async with rehearsal(settings, Path(folder)) as simulated:
            click.echo("A rehearsal: the Spotify of this run is simulated, and nothing is kept.\n", err=True)
            await _authorize(simulated, wishes, _asked_for(simulated.credentials, None))
    click.echo("\nThat was the rehearsal. For the real thing leave out --demo.", err=True)


async def _authorize(settings: Settings, wishes: Wishes, credentials: Credentials) -> None:
    async with desk_for(settings) as desk:
        granted = await authorize(wishes, settings.accounts_url, credentials, desk.authorization)
        _tell_what_was_granted(granted, desk.store.location)


def _may_paste(settings: Settings, no_browser: bool) -> bool:
    needs_it = no_browser or settings.redirect_uri.startswith("https:")
    return sys.stdin is not None and not sys.stdin.closed and (needs_it or sys.stdin.isatty())


async def _known_credentials(settings: Settings) -> tuple[Credentials | None, Credentials | None]:
    """What is known of client ID and secret, and what of it the database holds."""
    async with desk_for(settings) as desk:
        return await desk.credentials(), await desk.store.credentials()


def _asked_for(known: Credentials | None, stored: Credentials | None) -> Credentials:
    """The client ID and secret: what is known, else what the owner types."""
    if known is not None and (known.client_secret or known == stored or not sys.stdin.isatty()):
        return known
    if known is None and not sys.stdin.isatty():
        raise ConfigurationError(
            "SPOTIFY_CLIENT_ID is not set, and there is no terminal to ask on: set it (and SPOTIFY_CLIENT_SECRET), "
            "as shown in the Spotify dashboard under your app's Settings"
        )
    click.echo("From https://developer.spotify.com/dashboard (your app, Settings):", err=True)
    client_id = known.client_id if known is not None else ""
    while not client_id or not client_id.isascii() or not client_id.isprintable() or " " in client_id:
        client_id = click.prompt("Client ID", err=True).strip()
    secret = click.prompt(
        "Client secret (hidden; empty for PKCE alone)", hide_input=True, default="", show_default=False, err=True
    )
    return Credentials(client_id, secret.strip() or None)


def _tell_what_was_granted(granted: Granted, place: str) -> None:
    token, account = granted.token, granted.account
    for warning in granted.warnings:
        click.echo(f"Warning: {warning}", err=True)
    click.echo(f"Account:     {'unknown' if account is None else f'{account.name or account.id} ({account.id})'}")
    click.echo(f"Scopes:      {', '.join(token.scopes)}")
    click.echo(f"Stored in:   {place}")
    if token.expires_at is not None:
        click.echo(f"Works until: {day(token.expires_at)}; Spotify ends every authorization after six months")
    click.echo("Next:        python -m widget              shows it here")
    click.echo("             python -m bootstrap export    prints the settings for your host")


async def _status(settings: Settings, as_json: bool, check: bool) -> int:
    async with desk_for(settings) as desk:
        failed = await _check(desk) if check else False
        token, now = await effective_token(desk.store, settings.seed), time.time()
        if as_json:
            click.echo(json.dumps(status_object(token, now)))
        else:
            click.echo(status_text(token, now, desk.store.location))
        return 0 if token_health(token, now).state in ("ok", "expires_soon") and not failed else 1


async def _check(desk: Desk) -> bool:
    """Whether a refresh, ours or a server's at the same moment, failed."""
    access = desk.access
    try:
        await access.refresh_now(desk.started_at)
    except SourceError as error:
        click.echo(f"Error: {error}", err=True)
        return True
    finally:
        await access.close()
    return False


async def _exported(settings: Settings) -> dict[str, str]:
    async with desk_for(settings) as desk:
        token, credentials = await effective_token(desk.store, settings.seed), await desk.credentials()
        if token is None or credentials is None:
            raise NowPlayingError("There is nothing to export yet: run python -m bootstrap first.")
        if token.needs_authorization:
            raise NowPlayingError("Spotify no longer accepts the stored token: run python -m bootstrap again first.")
        return variables(credentials, token)


async def _forget(settings: Settings) -> str:
    async with desk_for(settings) as desk:
        await desk.store.forget()
        return desk.store.location
