"""Accepts submissions, keeps them for all instances, and serves them to the poller."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from widget.clock import Clock
from widget.model.errors import NotConfigured, SourceError
from widget.model.playback import Item, Playback, PlayedItem
from widget.model.snapshot import SourceProblem
from widget.model.tokens import AuthorizationStatus
from widget.sources.base import PushedState
from widget.sources.inlet.dialects import PlayerUpdate
from widget.sources.inlet.plays import is_same_item
from widget.sources.inlet.serialization import dump_submitted, load_submitted
from widget.sources.inlet.state import SubmittedState
from widget.sources.listenbrainz.submissions import Submission
from widget.store.base import Store

STORE_GRACE_SECONDS = 1.0
"""The store may respond this much later than agreed."""

NOT_CONFIGURED = "There is no token for players yet: run python -m bootstrap --source inlet, or set INLET_TOKEN."


class SubmissionReceiver:
    """Every instance accepts posts, and reads those that the others accepted.

    ``hides`` returns whether an item is hidden, and so not kept; ``keep`` is the number of plays to keep; ``has_token``
    returns whether players have a token at all.
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
        # At least one: it is shown as last played.
        self._keep = max(1, keep)
        self._has_token = has_token
        self._pushed = asyncio.Event()
        # So that the end of a play is noticed without a post.
        self._expires_at: float | None = None

    async def accept(self, message: Submission | PlayerUpdate | None) -> None:
        """Keep ``message``; None changes only the time of the last post. May raise StoreError."""
        now = self._clock.now()
        async with self._store.refresh_lock():  # Two instances may accept at the same time.
            await self._save(self._after(await self._load(), message, now))

    async def clear_now_playing(self, client: str | None = None) -> bool:
        """End the current play, if ``client`` announced it; return whether it did.

        None stands for any client. May raise StoreError.
        """
        now = self._clock.now()
        async with self._store.refresh_lock():
            state = (await self._load()).expired_at(now, self._keep)
            if client is not None and (state.playing is None or state.playing.client != client):
                return False
            await self._save(state.without_now_playing(now, self._keep))
        return True

    async def pushed_state(self) -> PushedState:
        """Return the state of players. Raises :class:`NotConfigured` or StoreError."""
        await self._check()
        now = self._clock.now()
        # Loaded once: playback, current play and history must be of one moment.
        state = (await self._load()).expired_at(now, self._keep)
        playing = state.playing
        self._expires_at = None if playing is None else playing.expires_at
        return PushedState(
            state.playback(now),
            None if playing is None else PlayedItem(playing.item, playing.played_at),
            tuple(PlayedItem(play.item, play.played_at) for play in state.played),
            state.updated_at,
            state.last_push_at,
        )

    async def currently_playing(self) -> Playback:
        """Return the current playback. Raises :class:`NotConfigured` or StoreError."""
        return (await self.pushed_state()).playback

    async def recently_played(self) -> Sequence[PlayedItem]:
        """Return the plays that ended, newest first. Raises :class:`NotConfigured` or StoreError."""
        return (await self.pushed_state()).history

    async def last_push_at(self) -> float | None:
        """Return when the last post was accepted (s since the epoch). May raise StoreError."""
        return (await self._load()).last_push_at

    async def wait_for_push(self, seconds: float) -> None:
        """Return when any instance accepts a post, or when the current play expires.

        Returns after ``seconds`` at the latest.
        """
        if self._expires_at is not None:
            seconds = min(seconds, max(0.0, self._expires_at - self._clock.now()))
        pushed = asyncio.create_task(self._pushed.wait())
        published = asyncio.create_task(_wait_for_state(self._store, seconds))
        passed = asyncio.create_task(self._clock.sleep(seconds))
        tasks = {pushed, published, passed}
        try:
            timeout = seconds + STORE_GRACE_SECONDS
            await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            # A database that fails must end the wait with its error.
            if published.done():
                published.result()
        finally:
            for task in tasks:
                task.cancel()
            # A cancelled wait on the database may take a moment to let go of its connection.
            await asyncio.wait(tasks, timeout=STORE_GRACE_SECONDS)
            self._pushed.clear()

    async def authorization_status(self) -> AuthorizationStatus:
        """Return that there is no authorization."""
        return AuthorizationStatus("not_needed")

    async def known_problem(self) -> SourceProblem | None:
        """Return the problem that players have no token. May raise StoreError."""
        try:
            await self._check()
        except SourceError as error:
            return SourceProblem.of(error, self._clock.now())
        return None

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        """Return nothing, as no service is called."""
        return ()

    async def close(self) -> None:
        """Do nothing: a request that is under way ends with the server."""

    def _after(self, state: SubmittedState, message: Submission | PlayerUpdate | None, now: float) -> SubmittedState:
        if message is None:
            return state.accepted_at(now, is_hidden=True)
        if isinstance(message, PlayerUpdate):
            return self._updated(state, message, now)
        if (item := message.now_playing) is not None:
            if self._hides(item):
                return state.with_hidden(now, self._keep)
            return state.with_now_playing(item, now, self._keep, message.client)
        listens = [listen for listen in message.listens if not self._hides(listen.item)]
        if not listens:
            return state.accepted_at(now, is_hidden=True)
        return state.with_listens(listens, now, self._keep, is_import=message.listen_type == "import")

    def _updated(self, state: SubmittedState, update: PlayerUpdate, now: float) -> SubmittedState:
        item = update.item
        if item is not None and self._hides(item):
            return state.with_hidden(now, self._keep)
        if update.state != "stopped" and item is not None:
            is_paused = update.state == "paused"
            return state.with_progress(
                item, now, self._keep, update.progress_ms, is_paused=is_paused, client=update.client
            )
        state = state.expired_at(now, self._keep)
        if item is not None and (state.playing is None or not is_same_item(state.playing.item, item)):
            return state.accepted_at(now, is_hidden=True)  # The next item began before this one's end was sent.
        return state.with_stop(now, self._keep, update.progress_ms)

    async def _load(self) -> SubmittedState:
        return load_submitted(await self._store.read_state("inlet"))

    async def _save(self, state: SubmittedState) -> None:
        await self._store.publish_state(dump_submitted(state), "inlet")
        # The store's own signal may be 0.2 s late; this instance need not wait for it.
        self._pushed.set()

    async def _check(self) -> None:
        if not await self._has_token():
            raise NotConfigured(NOT_CONFIGURED)


async def _wait_for_state(store: Store, seconds: float) -> None:
    await store.wait_for_state(seconds)
