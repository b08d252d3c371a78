"""What instances share about the source that they ask."""

from widget.model.sources import SourceName
from widget.store.base import Store


class Sharing:
    """The store, as the watcher sees it: what was shared about another source is not there."""

    def __init__(self, store: Store, source: SourceName) -> None:
        self._store = store
        self._source = source

    async def try_lead(self) -> bool:
        """Becomes, or stays, the one instance that asks."""
        return await self._store.try_lead()

    async def resign(self) -> None:
        """Lets another instance lead."""
        await self._store.resign()

    async def publish_state(self, knowledge: str) -> None:
        """What the leader knows, for the others to show."""
        await self._store.publish_state(knowledge, self._source)

    async def read_state(self) -> str | None:
        """What the leader shared last."""
        return await self._store.read_state(self._source)

    async def wait_for_state(self, seconds: float) -> None:
        """Returns when something may have been shared, after ``seconds`` at the latest."""
        await self._store.wait_for_state(seconds)
