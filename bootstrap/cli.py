"""The commands and their options."""

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

from bootstrap import commands, source_setup
from bootstrap.authorize import AuthorizeOptions
from bootstrap.errors import EXIT_INTERRUPTED, run_with_exit_code
from bootstrap.export import FORMATS
from bootstrap.inlet_setup import may_create_token
from bootstrap.prompts import prompt_credentials
from bootstrap.terminal import Terminal, standard_terminal
from widget.cli_options import database_option
from widget.config.settings import Settings, load_environ, working_directory
from widget.model.parsers import parse_redirect_uri
from widget.model.sources import SOURCES, SourceInfo, SourceName
from widget.server.stdio import open_missing_descriptors
from widget.sources.spotify.accounts_api import KNOWN_SCOPES


class _Formatter(click.HelpFormatter):
    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{click.style(f'{heading}:', bold=True)}\n")

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, click.style(prefix or "Usage:", bold=True) + " ")


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command whose help has bold headings; click itself leaves the styles out of a pipe."""

    context_class = _Context


class Group(click.Group):
    """The same for a command with others under it."""

    context_class = _Context
    command_class = Command


SPOTIFY_ONLY_OPTIONS = {
    "--no-browser": "no_browser",
    "--redirect-uri": "redirect_uri",
    "--scope": "scopes",
    "--timeout": "timeout",
}

Result = TypeVar("Result")


def _checked_redirect_uri(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else parse_redirect_uri(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _checked_scopes(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for scope in value:
        if scope not in KNOWN_SCOPES:
            raise click.BadParameter(f"{scope!r} is no scope of Spotify's; it has {', '.join(KNOWN_SCOPES)}")
    return value


def _checked_timeout(context: click.Context, parameter: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is no number of seconds")
    return value


def _environ() -> Mapping[str, str]:
    return load_environ(os.environ, working_directory())


def _settings(context: click.Context, database: str | None) -> Settings:
    """The settings for the source of ``--source``, else of ``SOURCE``; options may stand before a subcommand too."""
    options = context.find_root().params
    source, environ = options.get("source"), _environ()
    settings = Settings.from_environ(environ if source is None else {**environ, "SOURCE": source})
    database = database or options.get("database")
    return settings if database is None else replace(settings, database_url=database)


def _settled(context: click.Context, database: str | None, *, demo: bool = False) -> tuple[Settings, SourceInfo]:
    """The settings for the source that is meant, and its row in the table; a demo opens no database to learn it."""
    settings = _settings(context, database)
    name = _source_meant(settings, demo)
    return settings.for_source(name), SOURCES[name]


def _source_meant(settings: Settings, demo: bool) -> SourceName:
    if settings.source is not None:
        return settings.source
    return "spotify" if demo else _run(source_setup.active_source(settings))


def _refuse_what_is_spotify_s(context: click.Context, row: SourceInfo) -> None:
    for option, parameter in SPOTIFY_ONLY_OPTIONS.items():
        if context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} is for Spotify alone, and this is about {row.label}")


@click.group(cls=Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--source",
    type=click.Choice(list(SOURCES)),
    metavar="NAME",
    help=f"One of {', '.join(SOURCES)}.  [default: SOURCE, else as last time, else spotify]",
)
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
    callback=_checked_timeout,
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the consent.",
)
@click.option("--replace-token", is_flag=True, help="Create a new token for the inlet without asking.")
@database_option
@click.option("--demo", is_flag=True, help="Rehearses it all against a built-in simulated service; keeps nothing.")
@click.pass_context
def cli(
    context: click.Context,
    source: str | None,  # Read by _settings.
    no_browser: bool,
    redirect_uri: str | None,
    scopes: tuple[str, ...],
    timeout: float,
    replace_token: bool,
    database: str | None,
    demo: bool,
) -> None:
    """Authorizes this program once at Spotify, and stores the refresh token.

    The client ID and secret come from SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET (environment or .env), else from the
    database, else they are asked for. Without a secret PKCE alone is used.

    Another source than Spotify needs no authorization: its key or user is asked for, tried once, and stored.
    """
    if context.invoked_subcommand is not None:
        return
    terminal: Terminal = context.obj
    settings, row = _settled(context, database, demo=demo)
    if replace_token and not row.is_pushed:
        raise click.UsageError(f"--replace-token is for the inlet alone, and this is about {row.label}")
    if not row.needs_authorization:
        _refuse_what_is_spotify_s(context, row)
        _set_up(settings, row, terminal, demo=demo, replace_token=replace_token, is_chosen=source is not None)
        return
    settings = settings if redirect_uri is None else replace(settings, redirect_uri=redirect_uri)
    stdin = sys.stdin.fileno() if _may_paste(settings, no_browser) else None
    wishes = AuthorizeOptions(settings.redirect_uri, timeout, not no_browser, terminal, scopes, stdin, is_demo=demo)
    if demo:
        _run(commands.run_demo_authorize(settings, wishes))
        return
    commands.warn_about_http_environment(terminal)
    known, stored = _run(commands.load_credentials(settings))
    # Asked for outside the event loop, which would take the first Ctrl-C for itself.
    credentials = prompt_credentials(known, stored, terminal)
    before = _run(source_setup.load_source_values(settings, row)).chosen
    _run(commands.run_authorize(settings, wishes, credentials))
    _tell_what_runs(row, before, terminal)


def _set_up(
    settings: Settings, row: SourceInfo, terminal: Terminal, *, demo: bool, replace_token: bool, is_chosen: bool
) -> None:
    if demo:
        _run(commands.run_demo_setup(settings, row, terminal))
        return
    commands.warn_about_http_environment(terminal)
    known = _run(source_setup.load_source_values(settings, row))
    # Asked for outside the event loop, which would take the first Ctrl-C for itself.
    values = source_setup.prompt_source_values(row, settings, known, terminal)
    keep = row.is_pushed and not may_create_token(
        row, settings.source_values, values, replace=replace_token, is_chosen=is_chosen
    )
    _run(source_setup.set_up(settings, row, values, terminal, keep_token=keep))
    _tell_what_runs(row, known.chosen, terminal)


def _tell_what_runs(row: SourceInfo, before: str, terminal: Terminal) -> None:
    """What the owner must know who changed the source: ``before`` is the one that ran without ``SOURCE``."""
    is_set = _environ().get("SOURCE") or row.name
    if is_set != row.name:
        terminal.print_warning(f"SOURCE is set to {is_set}, and goes before what was stored now: set it to {row.name}.")
    elif before != row.name:
        terminal.print_message("A server that runs already shows the new source once it is started again.")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Prints one JSON object.")
@click.option("--check", is_flag=True, help="Asks once, for real.")
@database_option
@click.pass_context
def status(context: click.Context, as_json: bool, check: bool, database: str | None) -> None:
    """Tells how the authorization stands.

    Whose account it is, which scopes it has, until when it lasts, and whether it works.
    """
    settings, row = _settled(context, database)
    if check:
        commands.warn_about_http_environment(context.obj)
    if row.needs_authorization:
        sys.exit(_run(commands.status(settings, context.obj, as_json=as_json, check=check)))
    sys.exit(_run(source_setup.status(settings, row, context.obj, as_json=as_json, check=check)))


@cli.command()
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="env", show_default=True, help="For which host."
)
@database_option
@click.pass_context
def export(context: click.Context, form: str, database: str | None) -> None:
    """Prints the settings for a host. This is the one command that prints secrets."""
    settings, row = _settled(context, database)
    wanted = commands.run_export(settings) if row.needs_authorization else source_setup.export_source(settings, row)
    context.obj.print_result(FORMATS[form](_run(wanted)))


@cli.command()
@click.option("--yes", is_flag=True, help="Does not ask.")
@database_option
@click.pass_context
def forget(context: click.Context, yes: bool, database: str | None) -> None:
    """Deletes all that is stored, of every source."""
    terminal: Terminal = context.obj
    settings = _settings(context, database)
    stored, place = _run(commands.has_stored_data(settings))
    if not stored:
        terminal.print_message(f"Nothing is stored in {place}, so there is nothing to forget.")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask on: add --yes")
        click.confirm("Delete all tokens, keys, names and secrets from the database?", abort=True, err=True)
    _run(commands.forget(settings, terminal))


@cli.command()
@click.pass_context
def message(context: click.Context) -> None:
    """Sends a test message to each of NOTIFY_URLS.

    It says which arrived; the exit code is 1 where one did not, and 2 where none is set or one cannot be read.
    """
    urls = _settings(context, None).notify_urls
    sys.exit(0 if _run(commands.send_test_messages(urls, context.obj)) else 1)


def main() -> None:
    """Runs the command line; every failure is one line and an exit code."""
    open_missing_descriptors()
    logging.getLogger().addHandler(logging.NullHandler())
    terminal = standard_terminal()
    try:
        code = run_with_exit_code(cli, terminal)
    except KeyboardInterrupt:  # A second one, in the middle of the farewell.
        code = EXIT_INTERRUPTED
    sys.exit(code)


def _run(command: Coroutine[Any, Any, Result]) -> Result:
    # Postgres is spoken to by a loop of selectors; on Windows the usual one is another.
    loop_factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(command)


def _may_paste(settings: Settings, no_browser: bool) -> bool:
    needs_it = no_browser or settings.redirect_uri.startswith("https:")
    return sys.stdin is not None and not sys.stdin.closed and (needs_it or sys.stdin.isatty())
