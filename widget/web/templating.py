"""The template environment."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment

TEMPLATES = tuple(Path(__file__).parent / package / "templates" for package in ("embed", "builder"))


@lru_cache(maxsize=1)
def jinja_environment() -> Environment:
    """Return the environment of the server's own pages."""
    return template_environment(*TEMPLATES)


def template_environment(*folders: Path, bytecode: Path | None = None) -> Environment:
    """Return an environment that escapes everything, whatever the file is called.

    ``bytecode`` is the folder of compiled templates, None for that of Python's own bytecode.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = bytecode or python_bytecode_folder()
    return Environment(
        loader=FileSystemLoader(folders),
        # Not select_autoescape, which leaves .svg and .html.j2 unescaped.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A deployed template does not change; the check would cost a system call per render.
        auto_reload=False,
        bytecode_cache=None if folder is None else _bytecode_cache(folder),
    )


def python_bytecode_folder() -> Path | None:
    """Return the folder of this module's own bytecode; None if Python is to write none."""
    with suppress(NotImplementedError):
        if not sys.dont_write_bytecode:
            return Path(importlib.util.cache_from_source(__file__)).parent
    return None


def _bytecode_cache(folder: Path) -> BytecodeCache:
    """Return a cache of compiled templates: compiling the pages takes 100 ms and 3 MB that never come back."""
    from jinja2.bccache import Bucket, FileSystemBytecodeCache

    class OptionalCache(FileSystemBytecodeCache):
        def load_bytecode(self, bucket: Bucket) -> None:
            try:
                super().load_bytecode(bucket)
            except Exception:
                bucket.reset()  # A file that was cut off raises anything, and is written anew.

        def dump_bytecode(self, bucket: Bucket) -> None:
            # The program may be installed where it must not write.
            with suppress(OSError):
                super().dump_bytecode(bucket)

    return OptionalCache(str(folder))
