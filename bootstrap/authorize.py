"""The authorization at the terminal: opens the browser, waits for the callback, tells what came of it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
import webbrowser
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from bootstrap.callback_server import Callback, CallbackListener, Outcome, PortTaken, listening_socket, serving
from bootstrap.pasting import pasted_lines
from bootstrap.terminal import Terminal
from widget.model.errors import AuthorizationError, NowPlayingError, StoreError
from widget.model.tokens import Credentials
from widget.sources.spotify.authorization_flow import Attempt, Authorization, Granted, begin

TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the owner asked for on the command line; ``timeout`` in s."""

    redirect_uri: str
    timeout: float
    browser: bool
    terminal: Terminal
    extra_scopes: Sequence[str] = ()
    stdin: int | None = None
    is_rehearsal: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether the callback can come to a listener of ours; else it can only be pasted."""
        return urlsplit(self.redirect_uri).scheme == "http"


class TimeIsUp(NowPlayingError):  # noqa: N818
    """No callback came in time."""


async def authorize(
    wishes: Wishes, accounts_url: str, credentials: Credentials, authorization: Authorization
) -> Granted:
    """Runs one authorization to its end; raises :class:`NowPlayingError` where it stored nothing."""
    attempt = begin(accounts_url, credentials, wishes.redirect_uri, wishes.extra_scopes)
    async with AsyncExitStack() as stack:
        listener = CallbackListener(attempt)
        if wishes.is_loopback:
            await stack.enter_async_context(serving(listener.app, _socket(wishes)))
        _introduce(wishes, attempt)
        callback = await _waited_for(wishes, listener)
        wishes.terminal.wait("Asking Spotify …")
        try:
            granted = await authorization.finish(attempt, callback.code, callback.error)
        except (AuthorizationError, StoreError) as error:
            listener.show(Outcome("It did not work", (str(error),), worked=False))
            raise
        listener.show(_worked(granted, wishes.is_rehearsal))
    return granted


def _socket(wishes: Wishes) -> socket.socket:
    try:
        return listening_socket(wishes.redirect_uri)
    except PortTaken as error:
        if wishes.is_rehearsal:
            raise
        raise PortTaken(f"{error} Register that redirect URI in the Spotify dashboard too.") from error


def _introduce(wishes: Wishes, attempt: Attempt) -> None:
    terminal = wishes.terminal
    if wishes.is_rehearsal:
        terminal.say("The simulated Spotify sends the browser back to this redirect URI:")
        terminal.say_whole(wishes.redirect_uri)
    else:
        terminal.head("This redirect URI must stand in the Spotify dashboard (your app, Settings), letter by letter:")
        terminal.say_whole(wishes.redirect_uri)
        terminal.say(
            'If it does not, Spotify\'s page shows "INVALID_CLIENT: Invalid redirect URI" (or "redirect_uri: Not '
            'matching configuration") and no answer ever comes here: add it, press Add and Save, and open the address '
            "again."
        )
    terminal.say()
    terminal.head(_how_it_opens(wishes, attempt.url))
    terminal.say_whole(attempt.url)
    if wishes.is_loopback:
        terminal.say("Or, shorter to type on this machine:")
        terminal.say_whole(_login(wishes.redirect_uri))
    if wishes.stdin is not None:
        terminal.say(
            "If the browser runs on another machine, its last page cannot be shown: copy its whole address from the "
            "address bar and paste it here."
        )
    terminal.say()


def _how_it_opens(wishes: Wishes, url: str) -> str:
    if not wishes.browser:
        return "Open this address in a browser and agree:"
    whose = "the simulated" if wishes.is_rehearsal else "Spotify's"
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


async def _waited_for(wishes: Wishes, listener: CallbackListener) -> Callback:
    helpers = [asyncio.create_task(_show_the_waiting(wishes))]
    if wishes.stdin is not None:
        helpers.append(asyncio.create_task(_take_pasted(wishes, wishes.stdin, listener)))
    try:
        async with asyncio.timeout(wishes.timeout):
            return await listener.callback()
    except TimeoutError as error:
        raise TimeIsUp(_time_is_up(wishes)) from error
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)


async def _take_pasted(wishes: Wishes, descriptor: int, listener: CallbackListener) -> None:
    async for line in pasted_lines(descriptor):
        if not line:
            continue
        with suppress(ValueError):
            if listener.take(line.strip("'\"<> ")):
                return
        wishes.terminal.say(
            "That is not the address of this login. Paste the whole address that the browser ends at; it begins with "
            f"{wishes.redirect_uri}?"
        )


async def _show_the_waiting(wishes: Wishes) -> None:
    if not wishes.terminal.can_redraw:
        wishes.terminal.say(f"Waiting for your consent, {wishes.timeout:g} seconds at most …")
        return
    begun = time.monotonic()
    while True:
        left = max(0, round(wishes.timeout - (time.monotonic() - begun)))
        wishes.terminal.wait(f"Waiting for your consent … {left // 60}:{left % 60:02}")
        await asyncio.sleep(TICK_SECONDS)


def _time_is_up(wishes: Wishes) -> str:
    told = f"No answer came within {wishes.timeout:g} seconds, so nothing was stored. Start over"
    if wishes.is_rehearsal:
        return f"{told}."
    return f"{told}; if Spotify's page showed INVALID_CLIENT, register {wishes.redirect_uri} in the dashboard first."


def _worked(granted: Granted, is_rehearsal: bool) -> Outcome:
    account = granted.account
    name = "" if account is None else f", {account.name or account.id}"
    close = "You can close this tab and go back to the terminal."
    close = f"This was a rehearsal; nothing is kept. {close}" if is_rehearsal else close
    return Outcome(f"It worked{name}", (close, *granted.warnings), worked=True)


def _login(redirect_uri: str) -> str:
    return f"http://{urlsplit(redirect_uri).netloc}/login"
