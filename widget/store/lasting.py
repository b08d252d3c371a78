"""Whether what is stored outlives the machine."""

import os
from collections.abc import Callable
from pathlib import Path

from widget.store.factory import SQLITE_PREFIX


def is_ephemeral(
    database_url: str, disk_starts_empty: bool, is_mount: Callable[[Path], bool] = os.path.ismount
) -> bool:
    """Whether the next restart may take the database: an SQLite file on no mount, at a host whose disk starts empty."""
    if not disk_starts_empty or not database_url.startswith(SQLITE_PREFIX):
        return False
    path = Path(os.path.realpath(database_url.removeprefix(SQLITE_PREFIX)))
    return not any(is_mount(parent) for parent in path.parents if parent != parent.parent)
