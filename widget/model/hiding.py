"""Music that the owner would rather not show counts as nothing playing, before a snapshot exists."""

from collections.abc import Iterable
from dataclasses import dataclass

from widget.model.playback import Item, Playback, PlayedItem


@dataclass(frozen=True, slots=True)
class HideList:
    """What ``HIDE_EXPLICIT`` and ``HIDE`` ask for; ``uris`` are canonical Spotify URIs, or folded names such as
    ``artist:nova``."""

    explicit: bool = False
    uris: frozenset[str] = frozenset()

    def hides(self, item: Item | None) -> bool:
        """Whether ``item`` is not to be shown: by itself, its album, artist, show, or the playlist it plays from."""
        if item is None:
            return False
        return (self.explicit and item.explicit) or bool(self.uris & item.hide_keys)

    def filter_playback(self, playback: Playback) -> Playback:
        """``playback``, or nothing playing where its item is hidden."""
        return Playback("idle", playback.observed_at) if self.hides(playback.item) else playback

    def filter_history(self, played: Iterable[PlayedItem]) -> tuple[PlayedItem, ...]:
        """Those of ``played`` that may be shown."""
        return tuple(last for last in played if not self.hides(last.item))


EMPTY_HIDE_LIST = HideList()
