"""The owner's choices in the builder: look, width, preview, and the invalid entries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from widget.samples.snapshots import Sample
from widget.web.embed.options import (
    MAX_RADIUS,
    MAX_SCALE,
    MIN_RADIUS,
    MIN_SCALE,
    Background,
    Part,
    WidgetOptions,
)
from widget.web.embed.sizes import MAX_WIDTH, MIN_WIDTH

Backdrop = Literal["light", "dark", "photo"]

FIELD_ERRORS: Mapping[str, str] = {
    "accent": "Use a hex color, like 2E6F95.",
    "background": "Use a hex color, like EFE6D2.",
    "radius": f"Use a whole number from {MIN_RADIUS} to {MAX_RADIUS}.",
    "scale": f"Use a number from {MIN_SCALE:g} to {MAX_SCALE:g}.",
    "width": f"Use a whole number from {MIN_WIDTH} to {MAX_WIDTH}.",
}
"""The message under a field with an invalid entry."""

READY_LOOKS: tuple[tuple[str, WidgetOptions], ...] = (
    ("Default", WidgetOptions()),
    ("Vivid", WidgetOptions(background="vivid", radius=16)),
    ("Glass", WidgetOptions(background="glass", radius=20)),
    ("Mono", WidgetOptions(background="card", font="mono", radius=4)),
    ("Poster", WidgetOptions(layout="cover", background="vivid", radius=16)),
    ("Minimal", WidgetOptions.from_query({"layout": "pill", "background": "card", "radius": "16"})),
)
"""Looks that are finished with one click."""

_COLOR = re.compile(r"#?[0-9A-Fa-f]{6}")
_REPEATED = re.compile(r"[#\w.,+-]{1,12}")
"""An invalid entry that may stand in its field again: a typing error, nothing else."""
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class BuilderForm:
    """``options`` is the look without the invalid entries, which stand in ``wrong``: the field and,
    as far as it is harmless, the entry.

    ``width`` is in pixels, None for the layout's own. ``wall`` is the preview's background, None to follow the
    system; ``sample`` (in ``options``) is its state.
    """

    options: WidgetOptions
    width: int | None
    backdrop: Backdrop | None
    errors: Mapping[str, str]

    @classmethod
    def from_query(cls, query: QueryParams) -> BuilderForm:
        """The choices in ``query``: as the form sends them, or as :meth:`query` writes them. Never raises."""
        given = {name: query.get(name, "").strip()[:_LONGEST] for name in ("background", "own", *FIELD_ERRORS)}
        if given["background"] == "own":
            given["background"] = given["own"]
        others = [(name, value) for name, value in query.multi_items() if name not in given]
        options = WidgetOptions.from_query(QueryParams([*others, *given.items()]))
        if "show" in query:
            hidden = set(get_args(Part)) - set(query.getlist("show"))
            # Unchecked boxes are not sent, so the form sends the visible parts, not the hidden ones.
            options = replace(options, without=tuple(part for part in get_args(Part) if part in hidden))
        wrong = {
            name: given[name] if _REPEATED.fullmatch(given[name]) else ""
            for name in FIELD_ERRORS
            if given[name] and not _is_right(name, given[name])
        }
        width = int(given["width"]) if given["width"] and "width" not in wrong else None
        wall = next((wall for wall in get_args(Backdrop) if wall == query.get("wall")), None)
        return cls(options, width, wall, wrong)

    def query(self) -> str:
        """The shortest query that brings all of it back, less what is wrong; empty for the beginning."""
        chosen = self.options.non_default()
        for name, value in (("width", self.width), ("sample", self.options.sample), ("wall", self.backdrop)):
            if value is not None:
                chosen[name] = str(value)
        return urlencode(chosen, safe=",")

    @property
    def has_more(self) -> bool:
        """Whether something under "More options" is set, so that they stand open."""
        chosen = {*self.options.non_default(), *self.errors}
        return self.width is not None or not chosen <= {"layout", "theme", "background", "radius"}

    def with_sample(self, sample: Sample) -> BuilderForm:
        """The same with ``sample`` in the preview."""
        return replace(self, options=replace(self.options, sample=sample))

    @property
    def preview(self) -> WidgetOptions:
        """The look of the preview: an automatic theme is the one that suits the wall, where one was chosen."""
        if self.backdrop is None or self.options.theme != "auto":
            return self.options
        return replace(self.options, theme="light" if self.backdrop == "light" else "dark")


def _is_right(name: str, value: str) -> bool:
    if name == "background":
        return value in get_args(Background) or _COLOR.fullmatch(value) is not None
    if name == "accent":
        return _COLOR.fullmatch(value) is not None
    lowest, highest = {
        "radius": (MIN_RADIUS, MAX_RADIUS),
        "scale": (MIN_SCALE, MAX_SCALE),
        "width": (MIN_WIDTH, MAX_WIDTH),
    }[name]
    is_number = re.fullmatch(r"[0-9]{0,3}(\.[0-9]{1,6})?" if name == "scale" else r"[0-9]{1,3}", value)
    return is_number is not None and value != "" and lowest <= float(value) <= highest
