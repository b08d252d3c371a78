"""An authorization beside the database, for a process that ends while the database fails."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from widget.model.errors import StoreError
from widget.model.tokens import Authorization
from widget.store.file_lock import OWNER_ONLY, describe_error
from widget.store.queries import authorization_columns
from widget.store.rows import read_authorization

_USED_KEY = "used_refresh_token"


class UnsavedFile:
    """The file at ``path``, which only its owner can read. Used under the refresh lock."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        return self._path.exists()

    def write(self, used_refresh_token: str, authorization: Authorization) -> bool:
        """Write it to the disk; return whether that worked."""
        text = json.dumps({_USED_KEY: used_refresh_token, **authorization_columns(authorization)})
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            # A file left by a crash would make O_EXCL fail.
            with suppress(FileNotFoundError):
                new.unlink()
            # Its mode is set at creation: with chmod afterwards others could open it in between.
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            # Atomic: a crash leaves the old file or the new one, never half a token.
            new.replace(self._path)
        except OSError:
            return False
        return True

    def read(self) -> tuple[str, Authorization] | None:
        """Return the used refresh token and the authorization that replaces it.

        None for a damaged file. Raises StoreError if the file cannot be read now.
        """
        try:
            row = json.loads(self._path.read_bytes())
            used, authorization = row[_USED_KEY], read_authorization([row])
        except OSError as error:
            # Not damaged: it may hold the only valid token.
            raise StoreError(f"the new token in {self._path} cannot be read ({describe_error(error)})") from error
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return (used, authorization) if isinstance(used, str) and authorization is not None else None

    def delete(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
