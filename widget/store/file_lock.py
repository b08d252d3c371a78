"""A lock that belongs to a file's name, and dies with the process that holds it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from widget.model.errors import StoreError

if TYPE_CHECKING:
    import filelock

OWNER_ONLY = 0o600


class FileLock:
    """The lock at ``path``. Whoever opens the file later meets the same lock, as long as the file is not replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: filelock.FileLock | None = None
        self._identity: tuple[int, int] | None = None

    @property
    def holds(self) -> bool:
        """Whether we hold it, and others would meet it: its file was neither deleted nor replaced."""
        return self._lock is not None and self._identity == file_identity(self._path)

    def acquire(self) -> bool:
        """Whether it could be had at once. StoreError where it cannot be had at all (a file of another user's, a file
        system without locks)."""
        from filelock import FileLock as Lock
        from filelock import Timeout

        self.release()
        # What waits for its turn is told by Timeout; all else is the operating system's own way of saying no.
        lock = Lock(self._path, mode=OWNER_ONLY, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        except (OSError, NotImplementedError) as error:
            raise StoreError(f"the lock {self._path} cannot be had ({describe_error(error)})") from error
        self._lock, self._identity = lock, file_identity(self._path)
        return True

    def release(self) -> None:
        """Gives it up, where we hold it."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()


def file_identity(path: Path) -> tuple[int, int] | None:
    """What tells the file at ``path`` from another one there; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def describe_error(error: Exception) -> str:
    """Why, in the operating system's or SQLite's own words."""
    told = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return told or type(error).__name__
