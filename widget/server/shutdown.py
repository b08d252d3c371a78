"""Signals that end the program within three seconds and with exit code 0."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
SHUTDOWN_TIMEOUT_SECONDS = 2.2
"""After that it exits whatever it does: a thread that waits for a database cannot be interrupted."""


class ShutdownHandler:
    """Calls ``stop`` on the main thread after a signal; exits at once if that is not set yet."""

    def __init__(self) -> None:
        self.stop: Callable[[], object] | None = None
        self.started = False

    def install(self) -> None:
        """Handle the signals from now on. A SIGHUP that is ignored (nohup) stays ignored."""
        for name in SIGNALS:
            number = getattr(signal, name, None)
            if number is not None and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                signal.signal(number, self._begin)

    def _begin(self, number: int, frame: FrameType | None) -> None:
        if not self.started:
            self.started = True
            # A thread, as the event loop itself may hang in a call to a library.
            deadline = threading.Timer(SHUTDOWN_TIMEOUT_SECONDS, os._exit, (0,))
            deadline.daemon = True
            deadline.start()
        if self.stop is None:
            os._exit(0)  # The module being imported could catch an exception, or print it.
        self.stop()
