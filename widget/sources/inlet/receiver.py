"""The inlet: takes what players tell, keeps it in what instances share, and tells it to the watcher."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from widget.clock import Clock
from widget.model.errors import NotConfigured, SourceError
from widget.model.playback import Item, Playback, PlayedItem
from widget.model.snapshot import SourceProblem
from widget.model.tokens import AuthorizationStatus
from widget.sources.inlet.state import SubmittedState, dump_submitted, load_submitted
from widget.sources.listenbrainz.submissions import Submission
from widget.store.base import Store

STORE_GRACE_SECONDS = 1.0
"""So much later than agreed the store may answer."""

NOT_CONFIGURED = "There is no token for players yet: run python -m bootstrap --source inlet, or set INLET_TOKEN."


class SubmissionReceiver:
    """Every instance takes posts, and every instance reads what any of them was told.

    ``hides`` says what is not shown, and so is not kept; ``keep`` how many plays are; ``has_token`` whether there is
    anybody who may tell.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hides: Callable[[Item], bool],
        keep: int,
        has_token: Callable[[], Awaitable[bool]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._hides = hides
        self._keep = max(1, keep)
        self._has_token = has_token
        self._pushed = asyncio.Event()

    # What players do.

    async def accept(self, submission: Submission) -> None:
        """Keeps what was submitted. May raise StoreError."""
        if submission.now_playing is not None:
            item = submission.now_playing
            await self._change(lambda told, now: self._plays(told, item, now))
            return
        shown = tuple(last for last in submission.listens if not self._hides(last.item))
        await self._change(lambda told, now: told.with_listens(shown, now, self._keep) if shown else _heard(told, now))

    async def clear_now_playing(self) -> None:
        """The player has stopped. May raise StoreError."""
        await self._change(lambda told, now: told.without_now_playing(now, self._keep))

    def _plays(self, told: SubmittedState, item: Item, now: float) -> SubmittedState:
        return (
            told.without_now_playing(now, self._keep)
            if self._hides(item)
            else told.with_now_playing(item, now, self._keep)
        )

    async def _change(self, change: Callable[[SubmittedState, float], SubmittedState]) -> None:
        async with self._store.refresh_lock():  # Two instances may be told at the same time.
            told = change(await self._told(), self._clock.now())
            await self._store.publish_state(dump_submitted(told), "inlet")
        self._pushed.set()

    # What the watcher asks.

    async def currently_playing(self) -> Playback:
        """What plays now. Raises :class:`NotConfigured` or StoreError."""
        await self._check()
        now = self._clock.now()
        return (await self._told()).expired_at(now, self._keep).playback(now)

    async def recently_played(self) -> Sequence[PlayedItem]:
        """What was played, newest first. May raise StoreError."""
        return (await self._told()).expired_at(self._clock.now(), self._keep).played

    async def last_push_at(self) -> float | None:
        """When the last post was accepted (s since the epoch). May raise StoreError."""
        return (await self._told()).last_push_at

    async def wait_for_push(self, seconds: float) -> None:
        """Returns when something was told, here or to another instance, after ``seconds`` at the latest."""
        pushed, news = asyncio.create_task(self._pushed.wait()), asyncio.create_task(_news(self._store, seconds))
        try:
            await asyncio.wait(
                {pushed, news}, timeout=seconds + STORE_GRACE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if news.done():
                news.result()
        finally:
            pushed.cancel()
            news.cancel()
            await asyncio.wait({pushed, news}, timeout=STORE_GRACE_SECONDS)
            self._pushed.clear()

    async def authorization_status(self) -> AuthorizationStatus:
        """Nothing ends here."""
        return AuthorizationStatus("not_needed")

    async def known_problem(self) -> SourceProblem | None:
        """Whether nobody may tell anything. May raise StoreError."""
        try:
            await self._check()
        except SourceError as error:
            return SourceProblem.of(error, self._clock.now())
        return None

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        """Nobody is asked."""
        return ()

    async def close(self) -> None:
        """Nothing is under way that must end first."""

    async def _told(self) -> SubmittedState:
        return load_submitted(await self._store.read_state("inlet"))

    async def _check(self) -> None:
        if not await self._has_token():
            raise NotConfigured(NOT_CONFIGURED)


async def _news(store: Store, seconds: float) -> None:
    await store.wait_for_state(seconds)


def _heard(told: SubmittedState, now: float) -> SubmittedState:
    return SubmittedState(told.playing, told.played, now)
