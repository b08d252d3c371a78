"""The programs that tests run beside this one."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def require(*wanted: str | Path) -> str:
    """Return the path of the first of these commands or paths, all of which must be installed.

    If one is missing the test skips; in CI, where nothing may be skipped, it fails.
    """
    found = [_path(str(one)) for one in wanted]
    missing = [str(one) for one, path in zip(wanted, found, strict=True) if path is None]
    if missing:
        skip_or_fail(f"not installed: {', '.join(missing)}")
    return str(found[0])


def skip_or_fail(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and in CI nothing may be skipped")
    pytest.skip(reason)


def _path(wanted: str) -> str | None:
    if "/" in wanted:
        return wanted if Path(wanted).exists() else None
    return shutil.which(wanted) or shutil.which(wanted, path="/usr/sbin:/usr/bin")
