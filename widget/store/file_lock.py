"""A lock file that is unlocked when its process ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from widget.model.errors import StoreError

if TYPE_CHECKING:
    import filelock

OWNER_ONLY = 0o600


class FileLock:
    """The lock at ``path``, the same for every process as long as the file is not replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: filelock.FileLock | None = None
        self._identity: tuple[int, int] | None = None

    @property
    def is_held(self) -> bool:
        """Whether we hold it and its file was neither deleted nor replaced."""
        return self._lock is not None and self._identity == file_identity(self._path)

    def acquire(self) -> bool:
        """Try to acquire the lock; return whether that worked.

        Raises StoreError if the file cannot be locked: it is another user's, or the file system has no locks.
        """
        from filelock import FileLock as Lock
        from filelock import Timeout

        self.release()
        lock = Lock(self._path, mode=OWNER_ONLY, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        # flock fails on some network file systems, and on a lock file that a first run as root left.
        except (OSError, NotImplementedError) as error:
            raise StoreError(f"the lock {self._path} cannot be acquired ({describe_error(error)})") from error
        self._lock, self._identity = lock, file_identity(self._path)
        return True

    def release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode of the file, None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def describe_error(error: Exception) -> str:
    """Return the reason in the words of the operating system or SQLite."""
    text = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return text or type(error).__name__
