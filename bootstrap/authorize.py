"""The authorization at the terminal: opens the browser, waits for the callback, tells what came of it."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
import webbrowser
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from bootstrap.callback_server import Callback, CallbackListener, PortInUse, ResultPage, bind_redirect_socket, serve_app
from bootstrap.terminal import Terminal
from widget.model.errors import AuthorizationError, NowPlayingError, StoreError
from widget.model.tokens import Credentials
from widget.sources.spotify.authorization_flow import (
    AuthorizationFlow,
    AuthorizationRequest,
    AuthorizationResult,
    start_authorization,
)

TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class AuthorizeOptions:
    """What the owner asked for on the command line; ``timeout`` in s."""

    redirect_uri: str
    timeout: float
    browser: bool
    terminal: Terminal
    extra_scopes: Sequence[str] = ()
    stdin: int | None = None
    is_demo: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether the callback can come to a listener of ours; else it can only be pasted."""
        return urlsplit(self.redirect_uri).scheme == "http"


class AuthorizationTimeout(NowPlayingError):  # noqa: N818
    """No callback came in time."""


async def authorize(
    wishes: AuthorizeOptions, accounts_url: str, credentials: Credentials, authorization: AuthorizationFlow
) -> AuthorizationResult:
    """Runs one authorization to its end; raises :class:`NowPlayingError` where it stored nothing."""
    attempt = start_authorization(accounts_url, credentials, wishes.redirect_uri, wishes.extra_scopes)
    async with AsyncExitStack() as stack:
        listener = CallbackListener(attempt)
        if wishes.is_loopback:
            await stack.enter_async_context(serve_app(listener.app, _socket(wishes)))
        _introduce(wishes, attempt)
        callback = await _waited_for(wishes, listener)
        wishes.terminal.show_progress("Asking Spotify …")
        try:
            granted = await authorization.finish(attempt, callback.code, callback.error)
        except (AuthorizationError, StoreError) as error:
            listener.finish(ResultPage("It did not work", (str(error),), worked=False))
            raise
        listener.finish(_worked(granted, wishes.is_demo))
    return granted


def _socket(wishes: AuthorizeOptions) -> socket.socket:
    try:
        return bind_redirect_socket(wishes.redirect_uri)
    except PortInUse as error:
        if wishes.is_demo:
            raise
        raise PortInUse(f"{error} Register that redirect URI in the Spotify dashboard too.") from error


def _introduce(wishes: AuthorizeOptions, attempt: AuthorizationRequest) -> None:
    terminal = wishes.terminal
    if wishes.is_demo:
        terminal.print_message("The simulated Spotify sends the browser back to this redirect URI:")
        terminal.print_unwrapped(wishes.redirect_uri)
    else:
        terminal.print_heading(
            "This redirect URI must stand in the Spotify dashboard (your app, Settings), letter by letter:"
        )
        terminal.print_unwrapped(wishes.redirect_uri)
        terminal.print_message(
            'If it does not, Spotify\'s page shows "INVALID_CLIENT: Invalid redirect URI" (or "redirect_uri: Not '
            'matching configuration") and no answer ever comes here: add it, press Add and Save, and open the address '
            "again."
        )
    terminal.print_message()
    terminal.print_heading(_how_it_opens(wishes, attempt.url))
    terminal.print_unwrapped(attempt.url)
    if wishes.is_loopback:
        terminal.print_message("Or, shorter to type on this machine:")
        terminal.print_unwrapped(_login(wishes.redirect_uri))
    if wishes.stdin is not None:
        terminal.print_message(
            "If the browser runs on another machine, its last page cannot be shown: copy its whole address from the "
            "address bar and paste it here."
        )
    terminal.print_message()


def _how_it_opens(wishes: AuthorizeOptions, url: str) -> str:
    if not wishes.browser:
        return "Open this address in a browser and agree:"
    whose = "the simulated" if wishes.is_demo else "Spotify's"
    if _opens_browser(url):
        return f"Your browser opens {whose} consent page. If it does not, open this address:"
    return "No browser could be opened here. Open this address yourself:"


def _opens_browser(url: str) -> bool:
    """Whether there is a browser to open; it opens beside us, for some wait until they are closed."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    threading.Thread(target=webbrowser.open, args=(url,), name="browser", daemon=True).start()
    return True


async def _waited_for(wishes: AuthorizeOptions, listener: CallbackListener) -> Callback:
    helpers = [asyncio.create_task(_show_the_waiting(wishes))]
    if wishes.stdin is not None:
        helpers.append(asyncio.create_task(_take_pasted(wishes, wishes.stdin, listener)))
    try:
        async with asyncio.timeout(wishes.timeout):
            return await listener.callback()
    except TimeoutError as error:
        raise AuthorizationTimeout(_time_is_up(wishes)) from error
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)


async def _take_pasted(wishes: AuthorizeOptions, descriptor: int, listener: CallbackListener) -> None:
    async for line in read_stdin_lines(descriptor):
        if not line:
            continue
        with suppress(ValueError):
            if listener.accept_url(line.strip("'\"<> ")):
                return
        wishes.terminal.print_message(
            "That is not the address of this login. Paste the whole address that the browser ends at; it begins with "
            f"{wishes.redirect_uri}?"
        )


async def _show_the_waiting(wishes: AuthorizeOptions) -> None:
    if not wishes.terminal.can_redraw:
        wishes.terminal.print_message(f"Waiting for your consent, {wishes.timeout:g} seconds at most …")
        return
    begun = time.monotonic()
    while True:
        left = max(0, round(wishes.timeout - (time.monotonic() - begun)))
        wishes.terminal.show_progress(f"Waiting for your consent … {left // 60}:{left % 60:02}")
        await asyncio.sleep(TICK_SECONDS)


def _time_is_up(wishes: AuthorizeOptions) -> str:
    told = f"No answer came within {wishes.timeout:g} seconds, so nothing was stored. Start over"
    if wishes.is_demo:
        return f"{told}."
    return f"{told}; if Spotify's page showed INVALID_CLIENT, register {wishes.redirect_uri} in the dashboard first."


def _worked(granted: AuthorizationResult, is_rehearsal: bool) -> ResultPage:
    account = granted.account
    name = "" if account is None else f", {account.name or account.id}"
    close = "You can close this tab and go back to the terminal."
    close = f"This was a rehearsal; nothing is kept. {close}" if is_rehearsal else close
    return ResultPage(f"It worked{name}", (close, *granted.warnings), worked=True)


def _login(redirect_uri: str) -> str:
    return f"http://{urlsplit(redirect_uri).netloc}/login"


_CHUNK_BYTES = 65_536


async def read_stdin_lines(descriptor: int) -> AsyncIterator[str]:
    """The lines that are written to ``descriptor``, until its end."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def put(line: str | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lines.put_nowait, line)

    # A daemon thread over the bare descriptor: no lock of Python's own stdin is held when the program ends.
    threading.Thread(target=_read, args=(descriptor, put), name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


def _read(descriptor: int, put: Callable[[str | None], None]) -> None:
    rest = b""
    while chunk := _chunk(descriptor):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            put(line.decode("utf-8", "replace").strip())
    if rest.strip():
        put(rest.decode("utf-8", "replace").strip())
    put(None)


def _chunk(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK_BYTES)
    except OSError:
        return b""
