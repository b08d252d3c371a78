"""The command line: options, help and subcommands."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from bootstrap import commands
from bootstrap.authorize import AuthorizeOptions, graphical_browser
from bootstrap.errors import EXIT_INTERRUPTED, Invocation, run_with_exit_code
from bootstrap.export import FORMATS
from bootstrap.inlet_setup import may_create_token
from bootstrap.prompts import prompt_credentials, prompt_source_values
from bootstrap.source_setup import active_source, load_source_values, set_up
from widget.cli_options import database_option
from widget.config.settings import Settings, load_environ, working_directory
from widget.model.parsers import parse_redirect_uri
from widget.model.sources import SOURCES, SourceInfo, SourceName
from widget.server.help import Group
from widget.server.stdio import open_missing_descriptors
from widget.server.terminal import Terminal, standard_terminal
from widget.sources.spotify.accounts_api import KNOWN_SCOPES

SPOTIFY_ONLY_OPTIONS = {
    "--no-browser": "no_browser",
    "--redirect-uri": "redirect_uri",
    "--scope": "scopes",
    "--timeout": "timeout",
}

Result = TypeVar("Result")


def _check_redirect_uri(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else parse_redirect_uri(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _check_scopes(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for scope in value:
        if scope not in KNOWN_SCOPES:
            raise click.BadParameter(f"Spotify has no scope {scope!r}; it has {', '.join(KNOWN_SCOPES)}")
    return value


def _check_timeout(context: click.Context, parameter: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a number of seconds")
    return value


def _environ() -> Mapping[str, str]:
    return load_environ(os.environ, working_directory())


def _settings(context: click.Context, database: str | None) -> Settings:
    """Return the settings for ``--source``, else ``SOURCE``.

    Options may come before a subcommand too.
    """
    options = context.find_root().params
    source, environ = options.get("source"), _environ()
    settings = Settings.from_environ(environ if source is None else {**environ, "SOURCE": source})
    database = database or options.get("database")
    return settings if database is None else replace(settings, database_url=database)


def _settings_and_source(
    context: click.Context, database: str | None, *, demo: bool = False
) -> tuple[Settings, SourceInfo]:
    """Return the settings and the source; a demo opens no database to find out."""
    settings = _settings(context, database)
    name: SourceName = "spotify"
    if settings.source is not None or not demo:
        name = _run(active_source(settings))
    return settings.for_source(name), SOURCES[name]


def _reject_spotify_options(context: click.Context, info: SourceInfo) -> None:
    for option, parameter in SPOTIFY_ONLY_OPTIONS.items():
        if context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} is only for Spotify, and the source is {info.label}")


@click.group(cls=Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--source",
    type=click.Choice(list(SOURCES)),
    metavar="NAME",
    help=f"The source to set up: {', '.join(SOURCES)}.  [default: SOURCE, else the last one, else spotify]",
)
@click.option("--no-browser", is_flag=True, help="Don't open a browser; paste the callback address instead.")
@click.option(
    "--redirect-uri",
    callback=_check_redirect_uri,
    metavar="URI",
    help="As registered in Spotify's dashboard.  [default: SPOTIFY_REDIRECT_URI, else http://127.0.0.1:8888/callback]",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    callback=_check_scopes,
    metavar="NAME",
    help="Request an extra scope (repeatable).",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    callback=_check_timeout,
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for your consent.",
)
@database_option
@click.option("--replace-token", is_flag=True, help="Create a new token for the inlet without asking.")
@click.option("--demo", is_flag=True, help="Rehearse it with a simulated service; nothing is saved.")
@click.pass_context
def cli(
    context: click.Context,
    source: str | None,  # Read by _settings.
    no_browser: bool,
    redirect_uri: str | None,
    scopes: tuple[str, ...],
    timeout: float,
    database: str | None,
    replace_token: bool,
    demo: bool,
) -> None:
    """Connect your music service, once.

    \b
      python -m bootstrap          connect your service
      python -m bootstrap status   does it work, until when
      python -m bootstrap export   settings for a host

    For Spotify this opens the consent page in your browser and stores the token. The client ID and secret come from
    SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET (environment or .env), else from the database, else you are asked.
    Without a secret, PKCE is used alone.

    Other sources need no authorization: you are asked for a key or a user name, which is tried once and stored.
    """
    if context.invoked_subcommand is not None:
        return
    terminal = _terminal(context)
    settings, info = _settings_and_source(context, database, demo=demo)
    if replace_token and not info.is_pushed:
        raise click.UsageError(f"--replace-token is only for the inlet, and the source is {info.label}")
    if not info.needs_authorization:
        _reject_spotify_options(context, info)
        _set_up(settings, info, terminal, demo=demo, replace_token=replace_token, is_chosen=source is not None)
        return
    settings = settings if redirect_uri is None else replace(settings, redirect_uri=redirect_uri)
    stdin = sys.stdin.fileno() if _can_paste(settings, no_browser) else None
    options = AuthorizeOptions(settings.redirect_uri, timeout, not no_browser, terminal, scopes, stdin, is_demo=demo)
    if demo:
        _run(commands.run_demo_authorize(settings, options))
        return
    commands.check_http_environment(terminal)
    known, stored = _run(commands.load_credentials(settings))
    # Prompted outside the event loop, which would take the first Ctrl-C for itself.
    credentials = prompt_credentials(known, stored, terminal)
    source_before = _run(load_source_values(settings, info)).stored_source
    _run(commands.run_authorize(settings, options, credentials))
    _warn_about_source(info, source_before, terminal)


def _set_up(
    settings: Settings, info: SourceInfo, terminal: Terminal, *, demo: bool, replace_token: bool, is_chosen: bool
) -> None:
    if demo:
        _run(commands.run_demo_setup(settings, info, terminal))
        return
    commands.check_http_environment(terminal)
    known = _run(load_source_values(settings, info))
    # Prompted outside the event loop, which would take the first Ctrl-C for itself.
    values = prompt_source_values(info, settings.source_values, known.values, terminal)
    keep_token = info.is_pushed and not may_create_token(
        info, settings.source_values, values, replace=replace_token, is_chosen=is_chosen
    )
    _run(set_up(settings, info, values, terminal, keep_token=keep_token))
    _warn_about_source(info, known.stored_source, terminal)


def _warn_about_source(info: SourceInfo, source_before: str, terminal: Terminal) -> None:
    """Warn or say which source the server shows from now on."""
    configured = _environ().get("SOURCE") or info.name
    if configured != info.name:
        terminal.print_warning(
            f"SOURCE is set to {configured} and overrides what was just stored: set it to {info.name}."
        )
    elif source_before != info.name:
        terminal.print_message("A running server shows the new source after a restart.")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--check", is_flag=True, help="Try it with one real request.")
@database_option
@click.pass_context
def status(context: click.Context, as_json: bool, check: bool, database: str | None) -> None:
    """Show whether the authorization works, and until when.

    Also shows the account and the scopes; for other sources, the user and the last response.
    """
    settings, info = _settings_and_source(context, database)
    terminal = _terminal(context)
    if check:
        commands.check_http_environment(terminal)
    check_since = context.obj.started_at if check else None
    sys.exit(_run(commands.run_status(settings, info, terminal, as_json=as_json, check_since=check_since)))


@cli.command()
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="env", show_default=True, help="The host's tool."
)
@database_option
@click.pass_context
def export(context: click.Context, form: str, database: str | None) -> None:
    """Print the settings for a host. The only command that prints secrets."""
    settings, info = _settings_and_source(context, database)
    _terminal(context).print_result(FORMATS[form](_run(commands.run_export(settings, info))))


@cli.command()
@click.option("--yes", is_flag=True, help="Don't ask.")
@database_option
@click.pass_context
def forget(context: click.Context, yes: bool, database: str | None) -> None:
    """Delete everything that is stored, for every source."""
    terminal = _terminal(context)
    settings = _settings(context, database)
    has_data, location = _run(commands.has_stored_data(settings))
    if not has_data:
        terminal.print_message(f"Nothing is stored in {location}, so there is nothing to forget.")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask on: add --yes")
        click.confirm("Delete all tokens, keys, names and secrets from the database?", abort=True, err=True)
    _run(commands.run_forget(settings, terminal))


@cli.command()
@click.pass_context
def message(context: click.Context) -> None:
    """Send a test message to each address in NOTIFY_URLS.

    Prints which ones arrived. The exit code is 1 if one did not, 2 if none is set or one cannot be read.
    """
    urls = _settings(context, None).notify_urls
    sys.exit(0 if _run(commands.send_test_messages(urls, _terminal(context))) else 1)


def main(started_at: float) -> None:
    """Run the command line; every failure is one line and an exit code."""
    open_missing_descriptors()
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        code = run_with_exit_code(cli, Invocation(standard_terminal(), started_at))
    except KeyboardInterrupt:  # A second one while "Stopped." is printed.
        code = EXIT_INTERRUPTED
    sys.exit(code)


def _terminal(context: click.Context) -> Terminal:
    terminal: Terminal = context.obj.terminal
    return terminal


def _run(command: Coroutine[Any, Any, Result]) -> Result:
    # psycopg needs a selector loop; the default on Windows is another.
    loop_factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(command)


def _can_paste(settings: Settings, no_browser: bool) -> bool:
    if sys.stdin is None or sys.stdin.closed:
        return False
    must_paste = no_browser or settings.redirect_uri.startswith("https:")
    return must_paste or sys.stdin.isatty() or graphical_browser(os.environ.get("BROWSER", "")) is None
