"""What a visitor sees of a snapshot: one view that the page and the picture draw, each in its own way.

Words, order and what is shown are decided here and nowhere else; a face decides measures and colours alone.
"""

import re
from dataclasses import dataclass
from typing import Literal

from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.model.sources import SPOTIFY, SourceInfo
from widget.web.embed.i18n import Translations
from widget.web.embed.options import Part, WidgetOptions

State = Literal["playing", "paused", "ad", "last", "nothing", "hidden"]

MAX_TEXT_LENGTH = 1000
"""Characters that the pictures lay out at most; nobody's title is that long, and each one costs time."""

TALL_SCRIPTS = "\u0300-\u036f\u0590-\u109f\u1780-\u17ff\u1ab0-\u1aff\u1e00-\u1eff\ufb1d-\ufdff\ufe70-\ufefc"
"""Letters that reach higher or lower than Latin ones, as the inside of a regular expression's brackets: combining
marks, Hebrew, Arabic, the scripts of India, Thai, Lao, Tibetan, Burmese, Khmer, and Vietnamese."""

_TALL = re.compile(f"[{TALL_SCRIPTS}]")
_WEB = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TrackView:
    """One piece of music as it is shown. ``link`` is where it can be heard, None where there is no such page;
    ``name`` what assistive technology calls that link; ``byline`` all artists or the show, perhaps empty."""

    item: Item
    title: str
    byline: str
    explicit: bool
    link: str | None
    accessible_name: str


@dataclass(frozen=True, slots=True)
class HistoryRow(TrackView):
    """One line of what was played before; ``ago`` is how long ago, in the visitor's language."""

    ago: str


@dataclass(frozen=True, slots=True)
class ViewModel:
    """What is shown, in words.

    ``state`` is what is shown, ``label`` the same in words: the state line of ``playing``, ``paused`` and ``last``
    (where :attr:`has_state_line`); for ``ad`` and ``nothing`` it stands in the title's place. ``entry`` is None where
    no music is shown. ``progress_ms`` is set for ``playing`` and ``paused`` where progress and length are known.
    ``rows`` are there for the list alone, newest first. ``link`` leads from the whole card, None where source and
    item have no page; ``name`` is that link's accessible name. ``shown`` are the parts that may be drawn, those of
    ``without`` already taken away.
    """

    state: State
    label: str
    source: SourceInfo
    link: str | None
    accessible_name: str
    visible_parts: frozenset[Part]
    entry: TrackView | None = None
    progress_ms: int | None = None
    rows: tuple[HistoryRow, ...] = ()

    @property
    def item(self) -> Item | None:
        return None if self.entry is None else self.entry.item

    @property
    def title(self) -> str:
        """The item's title; empty without an item (then :attr:`headline` has the words)."""
        return "" if self.entry is None else self.entry.title

    @property
    def headline(self) -> str:
        """What stands in the title's place: the title, else that nothing or an advertisement plays."""
        return self.label if self.entry is None else self.entry.title

    @property
    def byline(self) -> str:
        """Who made it: all artists, or the show."""
        return "" if self.entry is None else self.entry.byline

    @property
    def explicit(self) -> bool:
        """Whether the E mark stands before the artists."""
        return self.entry is not None and self.entry.explicit

    @property
    def is_animated(self) -> bool:
        """Whether music plays now, so that bars and progress move."""
        return self.state == "playing"

    @property
    def duration_ms(self) -> int | None:
        """The length beside a known progress, else None."""
        return None if self.progress_ms is None or self.item is None else self.item.duration_ms

    @property
    def progress_fraction(self) -> float:
        """How much of the item has passed, 0 to 1; 0 where that is unknown."""
        return 0.0 if self.progress_ms is None or not self.duration_ms else self.progress_ms / self.duration_ms

    @property
    def elapsed(self) -> str:
        """The progress as it is read, ``3:07``; empty where it is unknown."""
        return "" if self.progress_ms is None else format_duration(self.progress_ms)

    @property
    def duration(self) -> str:
        """The length as it is read; empty where no progress is known."""
        return "" if self.duration_ms is None else format_duration(self.duration_ms)

    @property
    def source_label(self) -> str | None:
        """The name that stands where the source has no icon (in the foot, or at the end of compact); None for an
        icon, which stands with every view."""
        return None if self.source.icon is not None else self.source.label

    @property
    def has_state_line(self) -> bool:
        """Whether the label stands above the title (card, cover) or before the artists (compact, but for playing)."""
        return "label" in self.visible_parts and self.entry is not None

    @property
    def has_line(self) -> bool:
        """Whether the line of the progress is drawn."""
        return "progress" in self.visible_parts and self.progress_ms is not None

    @property
    def has_times(self) -> bool:
        """Whether elapsed time and duration stand beside the line (never in compact)."""
        return "times" in self.visible_parts and self.progress_ms is not None


def build_view_model(
    snapshot: Snapshot, options: WidgetOptions, words: Translations, now: float, source: SourceInfo = SPOTIFY
) -> ViewModel:
    """The view of ``snapshot`` at ``now`` (s since the epoch), with links to ``source``. Errors look like nothing
    playing; an item without a progress or a length has no line and no times."""
    state, item = _state(snapshot, options)
    label = words["nothing" if state == "hidden" else state]
    entry = None if item is None else _entry(item, words, source)
    length = None if item is None or state == "last" else item.duration_ms
    rows = _rows(snapshot, state, words, source, now) if options.layout == "list" and state != "hidden" else ()
    return ViewModel(
        state,
        label,
        source,
        source.url if entry is None else entry.link,
        _alone(label, words, source) if entry is None else entry.accessible_name,
        frozenset[Part](("artwork", "label", "progress", "times")) - set(options.without),
        entry,
        snapshot.progress_at(now) if length and source.has_progress else None,
        rows,
    )


def byline(item: Item) -> str:
    """All artists of a track, the show of an episode."""
    if item.type == "episode":
        return item.show.name if item.show else ""
    return ", ".join(artist.name for artist in item.artists if artist.name)


def truncate_text(text: str) -> str:
    """``text`` whole up to :data:`LONGEST_TEXT` characters, else its beginning and an ellipsis."""
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[:MAX_TEXT_LENGTH].rstrip()}…"


def format_duration(milliseconds: int) -> str:
    """A time in whole seconds, as players write it: ``0:04``, ``3:07``, ``1:02:03``."""
    minutes, seconds = divmod(max(0, milliseconds) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def format_ago(seconds: float, words: Translations) -> str:
    """How long ago, in whole minutes, hours or days of the visitor's language; one minute at least."""
    minutes = max(1, int(seconds // 60))
    if minutes < 60:
        return words["minutes"].format(n=minutes)
    hours = minutes // 60
    return words["hours"].format(n=hours) if hours < 24 else words["days"].format(n=hours // 24)


def needs_tall_line(text: str) -> bool:
    """Whether ``text`` has letters that need a line of 1.5 times their size; for all others 1.3 is enough."""
    return _TALL.search(text) is not None


def _state(snapshot: Snapshot, options: WidgetOptions) -> tuple[State, Item | None]:
    if snapshot.item is not None and snapshot.status in ("playing", "paused"):
        return ("playing" if snapshot.status == "playing" else "paused"), snapshot.item
    if snapshot.status == "ad":
        return "ad", None
    if options.idle == "hide":
        return "hidden", None
    if options.idle == "last" and snapshot.last_played is not None:
        return "last", snapshot.last_played.item
    return "nothing", None


def _entry(item: Item, words: Translations, source: SourceInfo) -> TrackView:
    title, made_by = truncate_text(item.title), truncate_text(byline(item))
    linked = item.url if item.url is not None and _WEB.match(item.url) else source.url
    if not source.label:
        name = " – ".join(filter(None, (title, made_by)))
    elif made_by:
        name = words["link"].format(title=title, artists=made_by, source=source.label)
    else:
        name = _alone(title, words, source)
    return TrackView(item, title, made_by, item.explicit, linked, name)


def _alone(title: str, words: Translations, source: SourceInfo) -> str:
    return f"{title} – {words['listen'].format(source=source.label)}" if source.label else title


def _rows(
    snapshot: Snapshot, state: State, words: Translations, source: SourceInfo, now: float
) -> tuple[HistoryRow, ...]:
    """What was played before; what stands above as last played does not stand there twice."""
    played = (
        snapshot.recent[1:] if state == "last" and snapshot.recent[:1] == (snapshot.last_played,) else snapshot.recent
    )
    entries = ((_entry(last.item, words, source), last.played_at) for last in played)
    return tuple(
        HistoryRow(
            entry.item,
            entry.title,
            entry.byline,
            entry.explicit,
            entry.link,
            entry.accessible_name,
            format_ago(now - at, words),
        )
        for entry, at in entries
    )
