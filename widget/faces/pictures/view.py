"""What a visitor sees of a snapshot, whatever face shows it."""

from dataclasses import dataclass
from typing import Literal

from widget.faces.pictures.options import Options
from widget.faces.pictures.words import Words
from widget.playback import Item
from widget.snapshot import Snapshot

State = Literal["playing", "paused", "ad", "last", "nothing", "hidden"]


@dataclass(frozen=True, slots=True)
class View:
    """``state`` says what is shown; ``item`` is what of, None for an advertisement or nothing.

    ``label`` is the state in words; ``progress_ms`` is set only where a progress is shown.
    """

    state: State
    label: str
    item: Item | None = None
    progress_ms: int | None = None

    @property
    def title(self) -> str:
        return "" if self.item is None else self.item.title

    @property
    def byline(self) -> str:
        """Who made it: all artists, or the show."""
        return "" if self.item is None else byline(self.item)

    @property
    def moves(self) -> bool:
        """Whether music plays now."""
        return self.state == "playing"


def byline(item: Item) -> str:
    """All artists of a track, the show of an episode."""
    if item.type == "episode":
        return item.show.name if item.show else ""
    return ", ".join(artist.name for artist in item.artists if artist.name)


def view_of(snapshot: Snapshot, options: Options, words: Words, now: float) -> View:
    """The view of ``snapshot`` at ``now`` (s since the epoch). Errors look like nothing playing."""
    if snapshot.item is not None and snapshot.status in ("playing", "paused"):
        state: State = "playing" if snapshot.status == "playing" else "paused"
        has_length = snapshot.item.duration_ms is not None
        return View(state, words[state], snapshot.item, snapshot.progress_at(now) if has_length else None)
    if snapshot.status == "ad":
        return View("ad", words["ad"])
    if options.idle == "hide":
        return View("hidden", words["nothing"])
    if options.idle == "last" and snapshot.last_played is not None:
        return View("last", words["last"], snapshot.last_played.item)
    return View("nothing", words["nothing"])
