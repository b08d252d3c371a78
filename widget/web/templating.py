"""The template environment."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = tuple(Path(__file__).parent / package / "templates" for package in ("embed", "builder"))


@lru_cache(maxsize=1)
def jinja_environment() -> Environment:
    """Return the environment of the server's own pages."""
    return template_environment(*TEMPLATES)


def template_environment(*folders: Path) -> Environment:
    """Return an environment that escapes everything, whatever the file is called."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folders),
        # Not select_autoescape, which leaves .svg and .html.j2 unescaped.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A deployed template does not change; the check would cost a system call per render.
        auto_reload=False,
    )
