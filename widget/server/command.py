"""The command ``python -m widget``: options, settings and the server."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from widget.cli_options import database_option, describe_unexpected_error
from widget.config.http_environment import check_http_environment
from widget.config.settings import Settings, load_environ, working_directory
from widget.model.errors import ConfigurationError, StoreError
from widget.server.connections import ConnectionLimits
from widget.server.help import Command
from widget.server.logs import configure_logging
from widget.server.placeholder import serve_while
from widget.server.server import Server, loop_factory
from widget.server.shutdown import ShutdownHandler
from widget.server.sockets import bind_socket, capacity_for, local_url, raise_nofile_limit
from widget.server.stdio import robust_stdio
from widget.server.terminal import Terminal, standard_terminal

if TYPE_CHECKING:
    from widget.store.base import Store

log = logging.getLogger("widget")


@click.command(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: HOST, else 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Port to listen on; 0 means any free port.  [default: PORT, else 8000]",
)
@database_option
@click.option("--demo", is_flag=True, help="Show invented music; needs no account, network or token.")
@click.pass_obj
def serve(shutdown: ShutdownHandler, host: str | None, port: int | None, database: str | None, demo: bool) -> None:
    """Show what you are listening to, as a widget and as JSON.

    \b
      python -m widget --demo      try it: invented music, no account
      python -m bootstrap          connect your service, once
      python -m widget             serve it

    Settings come from the environment, then from .env in the working directory; docs/configuration.md lists them.
    """
    overrides = {"host": host, "port": port, "database_url": database}
    options = {name: value for name, value in overrides.items() if value is not None}
    with robust_stdio():
        terminal = standard_terminal()
        try:
            settings = Settings.from_environ(load_environ(os.environ, working_directory()))
            settings = replace(settings, **options)  # type: ignore[arg-type]
            configure_logging(settings.log_level)
            if not demo:
                for warning in check_http_environment(os.environ):
                    log.warning("%s", warning)
            with bind_socket(settings.host, settings.port) as listener:
                _run(settings, listener, shutdown, terminal, demo)
        except ConfigurationError as error:
            for fault in error.faults:
                terminal.print_error(fault)
            sys.exit(2)
        # A traceback could show a secret, so the place of the error must do.
        except Exception as error:
            log.debug("the server cannot go on", exc_info=True)
            terminal.print_error(describe_unexpected_error(error))
            sys.exit(1)


def main(shutdown: ShutdownHandler, arguments: Sequence[str] | None = None) -> None:
    """Run the command with ``arguments``, else with those of the process, and exit."""
    terminal = standard_terminal()
    color = None if terminal.has_styles else False
    try:
        code = serve.main(arguments, obj=shutdown, standalone_mode=False, color=color, terminal_width=terminal.width)
    except click.ClickException as error:
        terminal.print_click_error(error)
        code = error.exit_code
    sys.exit(code)


def _run(
    settings: Settings, listener: socket.socket, shutdown: ShutdownHandler, terminal: Terminal, demo: bool
) -> None:
    # Before the first connection, as each takes a descriptor.
    capacity = capacity_for(settings.max_streams, raise_nofile_limit())
    if capacity.streams < settings.max_streams:
        log.warning("the limit of open files allows %d streams, not %d", capacity.streams, settings.max_streams)
        settings = replace(settings, max_streams=capacity.streams)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        try:
            runner.run(_serve(settings, listener, shutdown, terminal, capacity.connections, demo))
        except asyncio.CancelledError:
            # Our own cancellation is the normal end after a signal; any other is a fault.
            if not shutdown.started:
                raise


async def _serve(
    settings: Settings,
    listener: socket.socket,
    shutdown: ShutdownHandler,
    terminal: Terminal,
    connections: int,
    demo: bool,
) -> None:
    shutdown.stop = _canceller()  # Opening the database may hang.
    from widget.store.factory import create_store, open_or_warn

    origin = local_url(listener)
    async with AsyncExitStack() as stack:
        demo_run = None
        if demo:
            from widget.demo import demo_environment

            demo_run = await stack.enter_async_context(demo_environment(settings, origin))
            settings = demo_run.settings
            terminal.print_message("This is a demo with invented music; Ctrl-C ends it.")
        # Before the slow imports: a wrong DATABASE_URL is reported at once.
        store = create_store(settings.database_url)
        stack.push_async_callback(store.close)
        opening = asyncio.create_task(open_or_warn(store))
        await asyncio.sleep(0)  # The database opens in a thread during the imports.
        from widget.app import create_app
        from widget.sources.registry import resolve_source

        await opening
        report_address = _once(lambda: terminal.print_address(f"Now playing is shown at {origin}/"))

        def create_server(settings: Settings, store: Store) -> Server:
            app = create_app(settings, http=demo_run.http if demo_run else None, store=store)
            return Server(
                app, limits=ConnectionLimits(connections), started=report_address, end_streams=app.close_streams
            )

        try:
            settings = await resolve_source(settings, store)
        except StoreError:
            resolved = await _resolve_late(settings, store, create_server, listener, shutdown)
            shutdown.stop = _canceller()
            if resolved is None or shutdown.started:
                return
            settings = resolved
        for name in settings.unused_variables:
            log.info("%s is not used: the source is %s", name, settings.source)
        server = create_server(settings, store)
        shutdown.stop = server.stop
        await asyncio.sleep(0)  # A signal until now cancels here: within the server its lifespan would log it.
        await server.serve(sockets=[listener])
        _exit_if_failed(server)


async def _resolve_late(
    settings: Settings,
    store: Store,
    create_server: Callable[[Settings, Store], Server],
    listener: socket.socket,
    shutdown: ShutdownHandler,
) -> Settings | None:
    """Serve 503s until ``store`` can be read, then return the settings.

    None if the program is stopped before.
    """
    from widget.clock import SystemClock
    from widget.sources.registry import resolve_source_when_available, settings_while_unavailable
    from widget.store.unavailable import UnavailableStore

    placeholder = create_server(settings_while_unavailable(settings), UnavailableStore())
    resolving = resolve_source_when_available(settings, store, SystemClock())
    resolved = await serve_while(resolving, placeholder, listener, shutdown)
    _exit_if_failed(placeholder)
    if resolved is not None:
        log.info("the database is reachable now; the source is %s", resolved.source)
    return resolved


def _exit_if_failed(server: Server) -> None:
    if server.lifespan.should_exit:
        sys.exit(1)  # Its start or its end failed, and it has logged why.


def _once(action: Callable[[], None]) -> Callable[[], None]:
    """Return a function that runs ``action`` at its first call only."""
    is_done = False

    def run() -> None:
        nonlocal is_done
        if not is_done:
            is_done = True
            action()

    return run


def _canceller() -> Callable[[], object]:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    return lambda: loop.call_soon_threadsafe(lambda: task and task.cancel())
