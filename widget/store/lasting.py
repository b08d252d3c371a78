"""Whether what is stored outlives the machine."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from widget.store.choice import SQLITE_PREFIX

_HOSTS = ("DYNO", "RENDER", "K_SERVICE")
"""Set by Heroku, Render and Cloud Run in every program that they run."""


def may_not_last(
    database_url: str, environ: Mapping[str, str], is_mount: Callable[[Path], bool] = os.path.ismount
) -> bool:
    """Whether the next restart may take the database: an SQLite file on no mount, at a host whose disk starts empty."""
    starts_empty = any(environ.get(name) for name in _HOSTS) or any(name.startswith("KOYEB_") for name in environ)
    if not starts_empty or not database_url.startswith(SQLITE_PREFIX):
        return False
    path = Path(os.path.realpath(database_url.removeprefix(SQLITE_PREFIX)))
    return not any(is_mount(parent) for parent in path.parents if parent != parent.parent)
