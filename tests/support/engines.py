"""Firefox and WebKit, each started once; without one the tests that need it skip (in CI they fail)."""

import os
import socket
import subprocess
import tempfile
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.live_server import free_port
from tests.support.programs import require

if TYPE_CHECKING:
    from selenium.webdriver import Remote

FIREFOX = Path("/usr/bin/firefox-esr")
WEBKIT_DRIVER = Path("/usr/bin/WebKitWebDriver")
XVFB = Path("/usr/bin/Xvfb")
START_TIMEOUT_SECONDS = 60
WAIT_TIMEOUT_SECONDS = 30
DARK_PREFERENCE = "ui.systemUsesDarkTheme"


class Engine(ABC):
    """One tab of a browser. Scripts are function bodies; they run in the frame that was entered last."""

    name: str

    @abstractmethod
    def open(self, url: str) -> None:
        """Load ``url`` in the top frame."""

    @abstractmethod
    def run(self, script: str, *arguments: Any) -> Any:
        """Return the result of the function body ``script``."""

    @abstractmethod
    def enter(self, frame: str) -> None:
        """Enter the iframe to which the JavaScript expression ``frame`` evaluates."""

    @abstractmethod
    def leave(self) -> None:
        """Go back to the top frame."""

    @abstractmethod
    def click(self, selector: str) -> None:
        """Click as a person does."""

    @abstractmethod
    def type(self, selector: str, keys: str) -> None:
        """Press ``keys`` in the element; WebDriver's code points stand for Control and the like."""

    @abstractmethod
    def screenshot(self) -> bytes:
        """Return a PNG of the window, whichever frame was entered."""

    def wait(self, expression: str) -> None:
        """Wait until ``expression`` is true. Raises AssertionError after some seconds, with its last value."""
        deadline = time.monotonic() + WAIT_TIMEOUT_SECONDS
        while not (value := self.run(f"return {expression}")):
            assert time.monotonic() < deadline, f"{expression} is {value!r}"
            time.sleep(0.05)

    def wait_for_text(self, selector: str, text: str) -> None:
        self.wait(f"document.querySelector({selector!r})?.textContent.trim() === {text!r}")


class Firefox(Engine):
    """Firefox by its own protocol, for which Debian has no WebDriver."""

    name = "firefox"

    def __init__(self, port: int) -> None:
        with warnings.catch_warnings():  # One of its parts has an invalid escape sequence.
            warnings.simplefilter("ignore")
            from marionette_driver.marionette import Marionette
        self._marionette = Marionette(host="127.0.0.1", port=port)
        self._marionette.start_session()
        self._marionette.set_context("content")

    def open(self, url: str) -> None:
        self.leave()
        self._marionette.navigate(url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self._marionette.execute_script(script, script_args=arguments, sandbox=None)

    def enter(self, frame: str) -> None:
        self._marionette.switch_to_frame(self.run(f"return {frame}"))

    def leave(self) -> None:
        self._marionette.switch_to_frame()

    def click(self, selector: str) -> None:
        self._marionette.find_element("css selector", selector).click()

    def type(self, selector: str, keys: str) -> None:
        self._marionette.find_element("css selector", selector).send_keys(keys)

    def screenshot(self) -> bytes:
        picture: bytes = self._marionette.screenshot(format="binary", full=False)
        return picture

    def close(self) -> None:
        self._marionette.delete_session()

    def prefer(self, *, dark: bool) -> None:
        """Make the system that the browser sees a dark or a light one."""
        self._marionette.set_pref(DARK_PREFERENCE, int(dark))


class WebKit(Engine):
    """WebKitGTK's own small browser."""

    name = "webkit"

    def __init__(self, driver: "Remote") -> None:
        self._driver = driver

    def open(self, url: str) -> None:
        self.leave()
        self._driver.get(url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self._driver.execute_script(script, *arguments)

    def enter(self, frame: str) -> None:
        self._driver.switch_to.frame(self.run(f"return {frame}"))

    def leave(self) -> None:
        self._driver.switch_to.default_content()

    def click(self, selector: str) -> None:
        self._driver.find_element("css selector", selector).click()

    def type(self, selector: str, keys: str) -> None:
        self._driver.find_element("css selector", selector).send_keys(keys)

    def screenshot(self) -> bytes:
        return self._driver.get_screenshot_as_png()  # That of one element is black.


@contextmanager
def firefox() -> Iterator[Firefox]:
    """Yield Firefox without a window, with its own profile; scroll bars take room."""
    require(FIREFOX)
    port = free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        settings = {
            "marionette.port": port,
            DARK_PREFERENCE: 0,
            "widget.gtk.overlay-scrollbars.enabled": "false",
            "browser.shell.checkDefaultBrowser": "false",
        }
        lines = (f'user_pref("{name}", {value});\n' for name, value in settings.items())
        (Path(profile) / "user.js").write_text("".join(lines))
        arguments = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile]
        process = subprocess.Popen([FIREFOX, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for_port(port)
            engine = Firefox(port)
            yield engine
            engine.close()
        finally:
            _end(process)


@contextmanager
def webkit(*, dark: bool = False) -> Iterator[WebKit]:
    """Yield WebKit on a virtual screen, on a light or a dark system."""
    # Here, for it takes as long as a dozen tests, in each worker.
    from selenium.webdriver import Remote, WebKitGTKOptions
    from selenium.webdriver.remote.client_config import ClientConfig
    from selenium.webdriver.remote.remote_connection import RemoteConnection
    from selenium.webdriver.webkitgtk.service import Service

    require(WEBKIT_DRIVER)
    with _screen() as display:
        options = WebKitGTKOptions()
        options.binary_location = str(next(Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser")))
        options.add_argument("--automation")
        environment = {**os.environ, "DISPLAY": display, "GTK_THEME": "Adwaita:dark" if dark else "Adwaita"}
        service = Service(str(WEBKIT_DRIVER), env=environment)
        service.start()
        try:
            server = RemoteConnection(client_config=ClientConfig(remote_server_addr=service.service_url))
            driver = Remote(server, options=options)
            yield WebKit(driver)
            driver.quit()
        finally:
            service.stop()


@contextmanager
def _screen() -> Iterator[str]:
    """Yield the name of a virtual screen, for ``DISPLAY``."""
    require(XVFB)
    reading, writing = os.pipe()
    command = [str(XVFB), "-displayfd", str(writing), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as number:
            yield f":{number.readline().strip()}"
    finally:
        _end(process)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "Firefox does not listen"
            time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
