"""The view that page and pictures draw of a snapshot, each in its own way.

Words, order and visible parts are decided here and nowhere else; a renderer decides measures and colors alone.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.model.sources import SPOTIFY, SourceInfo
from widget.web.embed.i18n import Translations
from widget.web.embed.options import Part, WidgetOptions

State = Literal["playing", "paused", "ad", "last", "nothing", "hidden"]

MAX_TEXT_LENGTH = 1000
"""Characters that pages and pictures lay out at most: longer titles only cost time."""

MAX_WIDE_CARD_CELLS = 26
"""Letters, wide ones counted twice, that one line of a card of 560 px holds in every font."""

TALL_SCRIPTS = "\u0300-\u036f\u0590-\u109f\u1780-\u17ff\u1ab0-\u1aff\u1e00-\u1eff\ufb1d-\ufdff\ufe70-\ufefc"
"""Letters that reach higher or lower than Latin ones, as the inside of a regular expression's brackets: combining
marks, Hebrew, Arabic, the scripts of India, Thai, Lao, Tibetan, Burmese, Khmer, and Vietnamese."""

_TALL = re.compile(f"[{TALL_SCRIPTS}]")
_WEB = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TrackView:
    """One item in words.

    ``link`` is its page, or the source's, None if neither has one; ``accessible_name`` names that link. ``byline``
    holds all artists or the show, ``album`` the album; both may be empty.
    """

    item: Item
    title: str
    byline: str
    album: str
    explicit: bool
    link: str | None
    accessible_name: str


@dataclass(frozen=True, slots=True)
class HistoryRow(TrackView):
    """One earlier item; ``ago`` is the time since then, short, ``ago_name`` as it is read aloud."""

    ago: str
    ago_name: str


@dataclass(frozen=True, slots=True)
class ViewModel:
    """A snapshot in words.

    ``label`` is the ``state`` in words: the state line of an item, or in the title's place if there is none.
    ``entry`` is None if no item is displayed. ``progress_ms`` is set for ``playing`` and ``paused`` if progress and
    length are known. ``rows`` are those of a list, newest first. ``link`` leads from the whole card, None if source
    and item have no page; ``accessible_name`` names it.
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
        """The item's title; empty without an item."""
        return "" if self.entry is None else self.entry.title

    @property
    def headline(self) -> str:
        """The words in the title's place: the title, else the label."""
        return self.label if self.entry is None else self.entry.title

    @property
    def byline(self) -> str:
        """All artists, or the show."""
        return "" if self.entry is None else self.entry.byline

    @property
    def explicit(self) -> bool:
        """Whether the E mark is shown before the artists."""
        return self.entry is not None and self.entry.explicit

    @property
    def is_animated(self) -> bool:
        """Whether bars and progress move."""
        return self.state == "playing"

    @property
    def duration_ms(self) -> int | None:
        """The item's length beside a known progress, else None."""
        return None if self.progress_ms is None or self.item is None else self.item.duration_ms

    @property
    def progress_fraction(self) -> float:
        """The part of the item that has passed, 0 to 1; 0 if it is unknown."""
        return 0.0 if self.progress_ms is None or not self.duration_ms else self.progress_ms / self.duration_ms

    @property
    def elapsed(self) -> str:
        """The progress as ``3:07``; empty if it is unknown."""
        return "" if self.progress_ms is None else format_duration(self.progress_ms)

    @property
    def duration(self) -> str:
        """The length as ``3:07``; empty if no progress is known."""
        return "" if self.duration_ms is None else format_duration(self.duration_ms)

    @property
    def source_label(self) -> str | None:
        """The source's name, which is shown if it has no icon; None if it has one."""
        return None if self.source.icon is not None else self.source.label

    @property
    def has_state_line(self) -> bool:
        """Whether the state is shown above the title, or in compact before the artists."""
        return "label" in self.visible_parts and self.entry is not None

    @property
    def has_line(self) -> bool:
        """Whether the progress bar is drawn."""
        return "progress" in self.visible_parts and self.progress_ms is not None

    @property
    def has_times(self) -> bool:
        """Whether elapsed time and duration are drawn (never in compact)."""
        return "times" in self.visible_parts and self.progress_ms is not None


def build_view_model(
    snapshot: Snapshot, options: WidgetOptions, words: Translations, now: float, source: SourceInfo = SPOTIFY
) -> ViewModel:
    """Return the view of ``snapshot`` at ``now`` (s since the epoch), with links to ``source``.

    Errors look like nothing playing. An item without a progress or a length has neither line nor times.
    """
    state, item = _state(snapshot, options)
    entry = None if item is None else _entry(item, words, source)
    label = words["break" if state == "ad" and item is not None else "nothing" if state == "hidden" else state]
    length = item.duration_ms if item is not None and state in ("playing", "paused") else None
    rows = _rows(snapshot, item, words, source, now) if options.layout == "list" and state != "hidden" else ()
    return ViewModel(
        state,
        label,
        source,
        source.url if entry is None else entry.link,
        _source_name(label, words, source) if entry is None else entry.accessible_name,
        frozenset[Part](("artwork", "label", "progress", "times")) - set(options.without),
        entry,
        snapshot.progress_at(now) if length and source.has_progress else None,
        rows,
    )


def byline(item: Item) -> str:
    """Return all artists of a track, or the show of an episode."""
    if item.type == "episode":
        return item.show.name if item.show else ""
    return ", ".join(artist.name for artist in item.artists if artist.name)


def truncate_text(text: str) -> str:
    """Return ``text``, with an ellipsis after :data:`MAX_TEXT_LENGTH` characters."""
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[:MAX_TEXT_LENGTH].rstrip()}…"


def format_duration(milliseconds: int) -> str:
    """Format a time in whole seconds: ``0:04``, ``3:07``, ``1:02:03``."""
    minutes, seconds = divmod(max(0, milliseconds) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def format_ago(seconds: float, words: Translations) -> str:
    """Format how long ago, in whole minutes, hours or days; at least one minute."""
    minutes = max(1, int(seconds // 60))
    if minutes < 60:
        return words["minutes"].format(n=minutes)
    hours = minutes // 60
    return words["hours"].format(n=hours) if hours < 24 else words["days"].format(n=hours // 24)


def is_right_to_left(text: str) -> bool:
    """Return whether the first strong character of ``text`` is right-to-left (UAX #9, rule P2)."""
    directions = (unicodedata.bidirectional(character) for character in text[:MAX_TEXT_LENGTH])
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"


def needs_tall_line(text: str) -> bool:
    """Return whether ``text`` has letters that need a line-height of 1.5 instead of 1.3."""
    return _TALL.search(text) is not None


def may_wrap(text: str) -> bool:
    """Return whether ``text`` may need two lines as the title of the narrowest card that shows an album."""
    letters = [character for character in text if not unicodedata.category(character).startswith("M")]
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in letters) > MAX_WIDE_CARD_CELLS


def _state(snapshot: Snapshot, options: WidgetOptions) -> tuple[State, Item | None]:
    last = None if snapshot.last_played is None else snapshot.last_played.item
    if snapshot.item is not None and snapshot.status in ("playing", "paused"):
        return ("playing" if snapshot.status == "playing" else "paused"), snapshot.item
    if snapshot.status == "ad":
        return "ad", last
    if options.idle == "hide":
        return "hidden", None
    return ("last", last) if options.idle == "last" and last is not None else ("nothing", None)


def _entry(item: Item, words: Translations, source: SourceInfo) -> TrackView:
    title, made_by = truncate_text(item.title), truncate_text(byline(item))
    album = truncate_text(item.album.name) if item.album is not None and item.type != "episode" else ""
    linked = item.url if item.url is not None and _WEB.match(item.url) else source.url
    # An inlet without a label has no name to read out.
    if not source.label:
        name = " – ".join(filter(None, (title, made_by)))
    elif made_by:
        name = words["link"].format(title=title, artists=made_by, source=source.label)
    else:
        name = _source_name(title, words, source)
    return TrackView(item, title, made_by, album, item.explicit, linked, name)


def _source_name(text: str, words: Translations, source: SourceInfo) -> str:
    return f"{text} – {words['listen'].format(source=source.label)}" if source.label else text


def _rows(
    snapshot: Snapshot, displayed: Item | None, words: Translations, source: SourceInfo, now: float
) -> tuple[HistoryRow, ...]:
    """Return the earlier items, less the last played one if it is displayed above them."""
    played = snapshot.recent
    # Else a list would show the same play twice.
    is_above = snapshot.last_played is not None and displayed is snapshot.last_played.item
    if is_above and played[:1] == (snapshot.last_played,):
        played = played[1:]
    rows = []
    for last in played:
        entry, ago = _entry(last.item, words, source), format_ago(now - last.played_at, words)
        rows.append(
            HistoryRow(
                entry.item,
                entry.title,
                entry.byline,
                entry.album,
                entry.explicit,
                entry.link,
                entry.accessible_name,
                ago,
                words["ago"].format(time=ago),
            )
        )
    return tuple(rows)
