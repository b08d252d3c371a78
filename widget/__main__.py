"""``python -m widget``: serves."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import click
import uvicorn

from widget.command_line import database_option
from widget.environment import prepare_environment
from widget.errors import ConfigurationError
from widget.settings import Settings, read_environ

KEEP_ALIVE_SECONDS = 95
"""Longer than the routers of hosts keep idle connections (Heroku: 90 s), so that none of them meets a closed one."""

GRACE_SECONDS = 1
BACKLOG = 2048

log = logging.getLogger("widget")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", help="Address to listen on.  [default: HOST, else 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="Port to listen on; 0 means any.  [default: PORT, else 8000]"
)
@database_option
@click.option("--demo", is_flag=True, help="Shows invented music; needs no account, no network and no token.")
def main(host: str | None, port: int | None, database: str | None, demo: bool) -> None:
    """Serves the now-playing widget, and keeps itself authorized.

    Settings come from the environment, then from .env in the working directory; README.md tells all of them.
    """
    try:
        settings = Settings.from_environ(read_environ(os.environ, Path.cwd()))
        overrides = {"host": host, "port": port, "database_url": database}
        given = {name: value for name, value in overrides.items() if value is not None}
        settings = replace(settings, **given)  # type: ignore[arg-type]
        _configure_logging(settings.log_level)
        if not demo:
            for warning in prepare_environment(os.environ):
                log.warning("%s", warning)
        with _listening(settings.host, settings.port) as listener:
            _serve(settings, listener, demo)
    except ConfigurationError as error:
        for fault in error.faults:
            click.echo(f"Error: {fault}", err=True)
        sys.exit(2)


def _serve(settings: Settings, listener: socket.socket, demo: bool) -> None:
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            # uvicorn takes them over, ends in peace, and raises them again: then this is the end.
            signal.signal(getattr(signal, name), _end)
    config = uvicorn.Config(
        "",  # The application comes once there is a loop to make it in.
        workers=1,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
        ws="none",
    )
    # Postgres is spoken to by a loop of selectors; on Windows the usual one is another.
    loop_factory = asyncio.SelectorEventLoop if sys.platform == "win32" else config.get_loop_factory()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_run(settings, listener, config, demo))


async def _run(settings: Settings, listener: socket.socket, config: uvicorn.Config, demo: bool) -> None:
    from widget.app import create_app
    from widget.sources.choice import settled
    from widget.store.choice import open_or_go_on, store_for

    async with AsyncExitStack() as stack:
        http = None
        if demo:
            from widget.demo import staged

            settings, http = await stack.enter_async_context(staged(settings))
        store = store_for(settings.database_url)
        stack.push_async_callback(store.close)
        await open_or_go_on(store)
        settings = await settled(settings, store)
        for name in settings.ignored:
            log.info("%s is not used: what plays is told by %s.", name, settings.source)
        app = create_app(settings, http=http, store=store)
        config.app = app
        server = _Server(config, _address(listener), app.end_streams)
        await server.serve(sockets=[listener])
        if server.lifespan.should_exit:
            sys.exit(1)  # It could not begin, or not end, and has logged why.


class _Server(uvicorn.Server):
    """Says where it listens once it does, and keeps the garbage collector off what stays for ever."""

    def __init__(self, config: uvicorn.Config, address: str, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._address = address
        self._end_streams = end_streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        click.echo(f"Now playing is shown at {self._address}")
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Ends the program where the port is taken (exit code 1) or the host is none (2)."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"HOST cannot be right: {host!r} is no address of this machine") from error
    listener = socket.socket(family, kind, protocol)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(place)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        click.echo(
            f"Error: cannot listen on {host}, port {port} ({error.strerror}); choose another by --port.", err=True
        )
        sys.exit(1)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _configure_logging(level: str) -> None:
    logging.basicConfig(level=level.upper(), format="%(levelname)s: %(message)s", stream=sys.stderr)
    # These tell every request, or (httpcore, when debugging) every header.
    for name in ("httpx", "httpcore", "hpack", "uvicorn", "asyncio", "filelock", "apprise"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def _end(*_: object) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    main()
