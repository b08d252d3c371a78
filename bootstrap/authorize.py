"""Authorization at the terminal: open the browser, wait for the callback, show the result."""

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
from pathlib import PurePath
from urllib.parse import urlsplit

from bootstrap.callback_server import (
    Callback,
    CallbackListener,
    PortInUse,
    ResultPage,
    bind_redirect_socket,
    serve_app,
)
from widget.model.errors import AuthorizationError, NowPlayingError, StoreError
from widget.model.tokens import Credentials
from widget.server.terminal import Terminal
from widget.sources.spotify.authorization_flow import (
    AuthorizationFlow,
    AuthorizationRequest,
    AuthorizationResult,
    start_authorization,
)

COUNTDOWN_SECONDS = 1.0
_STDIN_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class AuthorizeOptions:
    """The options of the command; ``timeout`` is in seconds, ``stdin`` a descriptor to paste to."""

    redirect_uri: str
    timeout: float
    open_browser: bool
    terminal: Terminal
    extra_scopes: Sequence[str] = ()
    stdin: int | None = None
    is_demo: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether a local server can receive the callback; otherwise it must be pasted."""
        return urlsplit(self.redirect_uri).scheme == "http"


class AuthorizationTimeout(NowPlayingError):  # noqa: N818
    """No callback came in time."""


async def authorize(
    options: AuthorizeOptions, accounts_url: str, credentials: Credentials, flow: AuthorizationFlow
) -> AuthorizationResult:
    """Run one authorization. Raises :class:`NowPlayingError` if nothing was stored."""
    request = start_authorization(accounts_url, credentials, options.redirect_uri, options.extra_scopes)
    async with AsyncExitStack() as stack:
        listener = CallbackListener(request)
        if options.is_loopback:
            # Before the browser opens: a port that is taken would send the callback into another program.
            await stack.enter_async_context(serve_app(listener.app, _bind(options)))
        _print_instructions(options, request)
        callback = await _wait_for_callback(options, listener)
        options.terminal.show_progress("Asking Spotify …")
        try:
            result = await flow.finish(request, callback.code, callback.error)
        except (AuthorizationError, StoreError) as error:
            # The browser waits for the outcome, too.
            listener.finish(ResultPage("It did not work", (str(error),), worked=False))
            raise
        listener.finish(_success_page(result, options.is_demo))
    return result


def _bind(options: AuthorizeOptions) -> socket.socket:
    try:
        return bind_redirect_socket(options.redirect_uri)
    except PortInUse as error:
        if options.is_demo:
            raise
        raise PortInUse(f"{error} Register that redirect URI in the Spotify dashboard too.") from error


def _print_instructions(options: AuthorizeOptions, request: AuthorizationRequest) -> None:
    terminal = options.terminal
    if options.is_demo:
        terminal.print_message("The simulated Spotify sends the browser back to this redirect URI:")
        terminal.print_unwrapped(options.redirect_uri)
    else:
        terminal.print_heading("Add this redirect URI to your app in Spotify's dashboard (Settings), exactly as shown:")
        terminal.print_unwrapped(options.redirect_uri)
        terminal.print_message(
            'Otherwise Spotify\'s page shows "INVALID_CLIENT: Invalid redirect URI" (or "redirect_uri: Not matching '
            'configuration") and nothing comes back here: add it, press Add and Save, and open the address again.'
        )
    terminal.print_message()
    terminal.print_heading(_open_browser(options, request.url))
    terminal.print_unwrapped(request.url)
    if options.is_loopback:
        terminal.print_message("Or, shorter to type on this computer:")
        terminal.print_unwrapped(f"http://{urlsplit(options.redirect_uri).netloc}/login")
    if options.stdin is not None:
        terminal.print_message(
            "If the browser runs on another computer, its last page cannot load: copy that page's full address from "
            "the address bar and paste it here."
        )
    terminal.print_message()


def _open_browser(options: AuthorizeOptions, url: str) -> str:
    """Open the browser if wanted and return the heading of the address."""
    if not options.open_browser:
        return "Open this address in a browser and agree:"
    browser = graphical_browser(os.environ.get("BROWSER", ""))
    if browser is None:
        return "No browser could be opened here. Open this address yourself:"
    # In a thread: some browsers block until they are closed.
    threading.Thread(target=browser.open, args=(url,), name="browser", daemon=True).start()
    page = "the simulated consent page" if options.is_demo else "Spotify's consent page"
    return f"Your browser opens {page}. If it does not, open this address:"


def graphical_browser(configured: str) -> webbrowser.BaseBrowser | None:
    """Return the browser to open; a text browser only if ``configured`` (``BROWSER``) names it.

    Lynx, w3m or links would take over the terminal, with the address and the prompt to paste on it.
    """
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return None
    # In webbrowser exactly the browsers that run in the terminal are GenericBrowser itself.
    if type(browser) is webbrowser.GenericBrowser and not _is_named(browser.name, configured):
        return None
    return browser


def _is_named(name: str, configured: str) -> bool:
    commands = [entry.split() for entry in configured.split(os.pathsep)]
    return PurePath(name).name in {PurePath(words[0].strip("'\"")).name for words in commands if words}


async def _wait_for_callback(options: AuthorizeOptions, listener: CallbackListener) -> Callback:
    helpers = [asyncio.create_task(_show_countdown(options))]
    if options.stdin is not None:
        helpers.append(asyncio.create_task(_accept_pasted(options, options.stdin, listener)))
    try:
        async with asyncio.timeout(options.timeout):
            return await listener.callback()
    except TimeoutError as error:
        raise AuthorizationTimeout(_timeout_message(options)) from error
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)


async def _accept_pasted(options: AuthorizeOptions, descriptor: int, listener: CallbackListener) -> None:
    async for line in read_stdin_lines(descriptor):
        if not line:
            continue
        with suppress(ValueError):
            # Terminals and mail programs wrap addresses in quotes or angle brackets.
            if listener.accept_url(line.strip("'\"<> ")):
                return
        options.terminal.print_message(
            "That is not the address of this login. Paste the full address of the browser's last page; it begins with "
            f"{options.redirect_uri}?"
        )


async def _show_countdown(options: AuthorizeOptions) -> None:
    if not options.terminal.can_redraw:
        options.terminal.print_message(f"Waiting for your consent, at most {options.timeout:g} seconds …")
        return
    started_at = time.monotonic()
    while True:
        left = max(0, round(options.timeout - (time.monotonic() - started_at)))
        options.terminal.show_progress(f"Waiting for your consent … {left // 60}:{left % 60:02}")
        await asyncio.sleep(COUNTDOWN_SECONDS)


def _timeout_message(options: AuthorizeOptions) -> str:
    message = f"No response within {options.timeout:g} seconds, so nothing was stored. Start over"
    if options.is_demo:
        return f"{message}."
    return f"{message}; if Spotify's page showed INVALID_CLIENT, add {options.redirect_uri} in the dashboard first."


def _success_page(result: AuthorizationResult, is_demo: bool) -> ResultPage:
    account = result.account
    name = "" if account is None else f", {account.name or account.id}"
    close = "You can close this tab and go back to the terminal."
    close = f"This was a rehearsal; nothing is saved. {close}" if is_demo else close
    return ResultPage(f"It worked{name}", (close, *result.warnings), worked=True)


async def read_stdin_lines(descriptor: int) -> AsyncIterator[str]:
    """Yield the lines from ``descriptor`` until its end."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def put(line: str | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lines.put_nowait, line)

    # A daemon thread on the bare descriptor: it holds no lock of sys.stdin when the program ends.
    threading.Thread(target=_read_lines, args=(descriptor, put), name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


def _read_lines(descriptor: int, put: Callable[[str | None], None]) -> None:
    rest = b""
    while chunk := _read_chunk(descriptor):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            put(line.decode("utf-8", "replace").strip())
    if rest.strip():
        put(rest.decode("utf-8", "replace").strip())
    put(None)


def _read_chunk(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _STDIN_CHUNK_BYTES)
    except OSError:
        return b""
