"""What the owner chose in the builder: the look, the width, what to look at, and what was entered wrongly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from widget.samples.snapshots import Sample
from widget.web.embed.options import (
    LARGEST_RADIUS,
    LARGEST_SCALE,
    SMALLEST_RADIUS,
    SMALLEST_SCALE,
    Ground,
    Options,
    Part,
)
from widget.web.embed.sizes import NARROWEST, WIDEST

Wall = Literal["light", "dark", "photo"]

WRONG: Mapping[str, str] = {
    "accent": "Six digits from 0–9 and A–F, such as 2E6F95.",
    "background": "Six digits from 0–9 and A–F, such as EFE6D2.",
    "radius": f"A whole number from {SMALLEST_RADIUS} to {LARGEST_RADIUS}.",
    "scale": f"A number from {SMALLEST_SCALE:g} to {LARGEST_SCALE:g}.",
    "width": f"A whole number from {NARROWEST} to {WIDEST}.",
}
"""What is said under a field in which something else stands."""

_COLOUR = re.compile(r"#?[0-9A-Fa-f]{6}")
_REPEATED = re.compile(r"[#\w.,+-]{1,12}")
"""What may stand in a field again though it is wrong: what a person may have mistyped, nothing else."""
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Choices:
    """``options`` is the look; what was entered wrongly is left out of it and stands in ``wrong``: the field and,
    as far as it is harmless, the entry.

    ``width`` is in pixels, None for the layout's own. ``wall`` is what the preview hangs on, None for what suits the
    system; ``sample`` (in ``options``) what it shows.
    """

    options: Options
    width: int | None
    wall: Wall | None
    wrong: Mapping[str, str]

    @classmethod
    def from_query(cls, query: QueryParams) -> Choices:
        """The choices in ``query``: as the form sends them, or as :meth:`query` writes them. Never raises."""
        given = {name: query.get(name, "").strip()[:_LONGEST] for name in ("background", "own", *WRONG)}
        if given["background"] == "own":
            given["background"] = given["own"]
        options = Options.from_query(QueryParams({**query, **given}))
        if "show" in query:
            hidden = set(get_args(Part)) - set(query.getlist("show"))
            options = replace(options, without=tuple(part for part in get_args(Part) if part in hidden))
        wrong = {
            name: given[name] if _REPEATED.fullmatch(given[name]) else ""
            for name in WRONG
            if given[name] and not _is_right(name, given[name])
        }
        width = int(given["width"]) if given["width"] and "width" not in wrong else None
        wall = next((wall for wall in get_args(Wall) if wall == query.get("wall")), None)
        return cls(options, width, wall, wrong)

    def query(self) -> str:
        """The shortest query that brings all of it back, less what is wrong; empty for the beginning."""
        chosen = self.options.chosen()
        for name, value in (("width", self.width), ("sample", self.options.sample), ("wall", self.wall)):
            if value is not None:
                chosen[name] = str(value)
        return urlencode(chosen, safe=",")

    def showing(self, sample: Sample) -> Choices:
        """The same with ``sample`` in the preview."""
        return replace(self, options=replace(self.options, sample=sample))

    @property
    def preview(self) -> Options:
        """The look of the preview: an automatic theme is the one that suits the wall, where one was chosen."""
        if self.wall is None or self.options.theme != "auto":
            return self.options
        return replace(self.options, theme="light" if self.wall == "light" else "dark")


def _is_right(name: str, value: str) -> bool:
    if name == "background":
        return value in get_args(Ground) or _COLOUR.fullmatch(value) is not None
    if name == "accent":
        return _COLOUR.fullmatch(value) is not None
    lowest, highest = {
        "radius": (SMALLEST_RADIUS, LARGEST_RADIUS),
        "scale": (SMALLEST_SCALE, LARGEST_SCALE),
        "width": (NARROWEST, WIDEST),
    }[name]
    is_number = re.fullmatch(r"[0-9]{0,3}(\.[0-9]{1,6})?" if name == "scale" else r"[0-9]{1,3}", value)
    return is_number is not None and value != "" and lowest <= float(value) <= highest
