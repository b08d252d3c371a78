"""The builder's form: the chosen options, width and preview, and the invalid entries."""

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

FIRST_OPTION_NAMES = ("layout", "theme", "background", "radius")
"""The options that come before "More options"."""

LIMITS: Mapping[str, tuple[float, float]] = {
    "radius": (MIN_RADIUS, MAX_RADIUS),
    "scale": (MIN_SCALE, MAX_SCALE),
    "width": (MIN_WIDTH, MAX_WIDTH),
}
"""The smallest and the largest number of a field."""

FIELD_ERRORS: Mapping[str, str] = {
    "accent": "Use a hex color, like 2E6F95.",
    "background": "Use a hex color, like EFE6D2.",
    "radius": f"Use a whole number from {MIN_RADIUS} to {MAX_RADIUS}.",
    "scale": f"Use a number from {MIN_SCALE:g} to {MAX_SCALE:g}.",
    "width": f"Use a whole number from {MIN_WIDTH} to {MAX_WIDTH}.",
}
"""The message under a field with an invalid entry."""

PRESETS: tuple[tuple[str, WidgetOptions], ...] = (
    ("Default", WidgetOptions()),
    ("Vivid", WidgetOptions(background="vivid", radius=16)),
    ("Glass", WidgetOptions(background="glass", radius=20)),
    ("Mono", WidgetOptions(background="card", font="mono", radius=4)),
    ("Poster", WidgetOptions(layout="cover", background="vivid", radius=16)),
    ("Minimal", WidgetOptions.from_query({"layout": "pill", "background": "card", "radius": "16"})),
)
"""Complete looks, by name."""

_COLOR = re.compile(r"#?[0-9A-Fa-f]{6}")
_TYPING_ERROR = re.compile(r"[#\w.,+-]{1,12}")
"""An invalid entry that its field may show again."""
_MAX_ENTRY_LENGTH = 40


@dataclass(frozen=True, slots=True)
class BuilderForm:
    """The form's values: ``options`` and ``width`` are valid, ``errors`` holds the invalid entries by field.

    An invalid entry that is no typing error is "". ``width`` is in CSS pixels, None for the layout's own. ``backdrop``
    is the preview's background, None to follow the system; the sample in ``options`` is its state.
    """

    options: WidgetOptions
    width: int | None
    backdrop: Backdrop | None
    errors: Mapping[str, str]

    @classmethod
    def from_query(cls, query: QueryParams) -> BuilderForm:
        """Return the choices in ``query``, which comes from the form or :meth:`query`. Never raises."""
        given = {name: query.get(name, "").strip()[:_MAX_ENTRY_LENGTH] for name in ("background", "own", *FIELD_ERRORS)}
        if given["background"] == "own":
            given["background"] = given["own"]
        others = [(name, value) for name, value in query.multi_items() if name not in given]
        options = WidgetOptions.from_query(QueryParams([*others, *given.items()]))
        if "show" in query:
            hidden = set(get_args(Part)) - set(query.getlist("show"))
            # Unchecked boxes are not sent, so the form sends the visible parts, not the hidden ones.
            options = replace(options, without=tuple(part for part in get_args(Part) if part in hidden))
        errors = {
            name: given[name] if _TYPING_ERROR.fullmatch(given[name]) else ""
            for name in FIELD_ERRORS
            if given[name] and not _is_valid(name, given[name])
        }
        width = int(given["width"]) if given["width"] and "width" not in errors else None
        backdrop = next((backdrop for backdrop in get_args(Backdrop) if backdrop == query.get("wall")), None)
        return cls(options, width, backdrop, errors)

    def query(self) -> str:
        """Return the shortest query that restores the valid entries; empty for the defaults."""
        chosen = self.options.non_default()
        for name, value in (("width", self.width), ("sample", self.options.sample), ("wall", self.backdrop)):
            if value is not None:
                chosen[name] = str(value)
        return urlencode(chosen, safe=",")

    @property
    def has_more(self) -> bool:
        """Whether an entry under "More options" is set, so that they are open."""
        return self.width is not None or not {*self.options.non_default(), *self.errors} <= set(FIRST_OPTION_NAMES)

    def with_sample(self, sample: Sample) -> BuilderForm:
        """Return the same choices with ``sample`` in the preview."""
        return replace(self, options=replace(self.options, sample=sample))

    @property
    def preview(self) -> WidgetOptions:
        """The look of the preview: on a chosen backdrop, theme ``auto`` is the one that suits it."""
        if self.backdrop is None or self.options.theme != "auto":
            return self.options
        return replace(self.options, theme="light" if self.backdrop == "light" else "dark")


def _is_valid(name: str, value: str) -> bool:
    if name == "background":
        return value in get_args(Background) or _COLOR.fullmatch(value) is not None
    if name == "accent":
        return _COLOR.fullmatch(value) is not None
    lowest, highest = LIMITS[name]
    is_number = re.fullmatch(r"[0-9]{0,3}(\.[0-9]{1,6})?" if name == "scale" else r"[0-9]{1,3}", value)
    return is_number is not None and value != "" and lowest <= float(value) <= highest
