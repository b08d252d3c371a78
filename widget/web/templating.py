"""The one template environment."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = tuple(Path(__file__).parent / flat / "templates" for flat in ("embed", "builder"))


@lru_cache(maxsize=1)
def jinja_environment() -> Environment:
    """Templates in which everything is escaped, whatever the file is called."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
