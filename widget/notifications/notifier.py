"""Tells the owner what is due, by the log and by the channels in ``NOTIFY_URLS``; never disturbs the service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from widget.background import ShieldedTasks
from widget.clock import Clock
from widget.model.errors import NowPlayingError, StoreError
from widget.model.snapshot import SourceProblem
from widget.model.sources import SPOTIFY, SourceInfo
from widget.model.tokens import SeedToken
from widget.notifications.alerts import Alert, Incident, due_alerts, dump_incident, load_incident, update_incident
from widget.notifications.channels import Channel, parse_channels
from widget.notifications.health import HealthStatus
from widget.sources.spotify.token_selection import effective_authorization
from widget.store.base import Store

CHECK_INTERVAL_SECONDS = 60.0
MAX_BACKOFF_SECONDS = 3600.0
DRAIN_TIMEOUT_SECONDS = 1.0
NOT_EMPTY = "not empty"
_TROUBLE = "trouble"
_BEGAN = "began"

log = logging.getLogger(__name__)


class Notifier:
    """Looks once a minute; each channel receives each message once, over restarts and over instances."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        health: Callable[[], Awaitable[HealthStatus]],
        notify_urls: Sequence[str],
        seed: SeedToken | None,
        next_step: str,
        source: SourceInfo = SPOTIFY,
    ) -> None:
        self._store = store
        self._clock = clock
        self._health = health
        self._urls = notify_urls
        self._seed = seed
        self._next_step = next_step
        self._source = source
        self._trouble_note = _TROUBLE if source.needs_authorization else f"{_TROUBLE}:{source.name}"
        self._logged: frozenset[str] = frozenset()
        self._failed: dict[tuple[str, str], int] = {}
        self._not_before: dict[tuple[str, str], float] = {}  # monotonic
        self._under_way = ShieldedTasks()

    async def run(self) -> None:
        """Runs until it is cancelled; then a message under way has a second to arrive and to be noted."""
        try:
            await self._look_again_and_again()
        finally:
            await self._under_way.drain(DRAIN_TIMEOUT_SECONDS)

    async def _look_again_and_again(self) -> None:
        channels: tuple[Channel, ...] = ()
        if self._urls:
            channels, unreadable = await asyncio.to_thread(parse_channels, self._urls)
            for label in unreadable:
                log.error("NOTIFY_URLS: address %s cannot be read; see python -m bootstrap message", label)
        while True:
            await self._survive(channels)
            await self._clock.sleep(CHECK_INTERVAL_SECONDS)

    async def _survive(self, channels: Sequence[Channel]) -> None:
        try:
            await self.send_due_alerts(channels)
        except StoreError:
            return  # The store itself says why, and no oftener than is good.
        except NowPlayingError as error:
            log.warning("messages wait: %s", error)
        except Exception as error:
            # Nothing about messages may stop the program; the text may hold an address.
            log.error("messages failed (%s); going on", type(error).__name__)

    async def send_due_alerts(self, channels: Sequence[Channel]) -> None:
        """One look: logs what is new, and writes to every channel what it has not received."""
        health = await self._health()
        self._log_once(health.problem)
        trouble = await self._current_trouble(health)
        spent = self._seed.fingerprint if self._seed is not None and health.token.seed_is_spent else None
        for message in await self._due(trouble, spent, self._logged):
            self._logged |= {message.key}
            if not message.already_logged:
                log.warning("%s. %s", message.title, message.body)
        await asyncio.gather(*(self._write(channel, trouble, spent) for channel in channels))

    def _log_once(self, problem: SourceProblem | None) -> None:
        """A program that was never set up says so at its start."""
        if problem is not None and problem.code == "not_configured" and problem.code not in self._logged:
            self._logged |= {problem.code}
            log.warning("%s", problem.message)

    async def _current_trouble(self, health: HealthStatus) -> Incident | None:
        now, problem = self._clock.now(), health.problem
        if problem is None and await self._store.get_value(self._trouble_note) is None:
            return None
        async with self._store.refresh_lock():  # Two instances must not begin the same trouble twice.
            previous = load_incident(await self._store.get_value(self._trouble_note), now)
            code, until = (None, None) if problem is None else (problem.code, problem.retry_at)
            is_authorized = health.token.state in ("ok", "expires_soon")
            trouble = update_incident(previous, code, until, health.last_success_at, now, is_authorized=is_authorized)
            if trouble is not None and trouble != previous:
                await self._store.set_value(self._trouble_note, dump_incident(trouble))
        return trouble

    async def _due(self, trouble: Incident | None, spent: str | None, told: frozenset[str]) -> tuple[Alert, ...]:
        now, source = self._clock.now(), self._source
        if not source.needs_authorization:  # A token that another source left here is nobody's concern now.
            return due_alerts(None, trouble, told, now, self._next_step, source=source)
        token = await effective_authorization(self._store, self._seed, now)
        began = await self._began_empty_at()
        return due_alerts(token, trouble, told, now, self._next_step, began, source, spent)

    async def _began_empty_at(self) -> float | None:
        """When the store began, where it held nothing then but what our own seed may have brought; None elsewhere."""
        text = await self._store.get_value(_BEGAN)
        if text is None:
            text = repr(self._clock.now()) if await self._holds_nothing_else() else NOT_EMPTY
            await self._store.set_value(_BEGAN, text)
        try:
            began = float(text)
        except ValueError:
            return None
        return began if began <= self._clock.now() else None

    async def _holds_nothing_else(self) -> bool:
        if await self._store.authorization() is None:
            return True
        return self._seed is not None and await self._store.seed_fingerprint() == self._seed.fingerprint

    async def _write(self, channel: Channel, trouble: Incident | None, spent: str | None) -> None:
        told = await self._store.messages_sent(channel.fingerprint)
        for message in await self._due(trouble, spent, told):
            attempt = (channel.fingerprint, message.key)
            if self._clock.monotonic() < self._not_before.get(attempt, 0.0):
                continue
            if not await self._store.claim_message(*attempt, self._clock.now()):
                continue
            # Whoever waits here may be cancelled, and what arrived without a note would be sent again.
            await self._under_way.run(self._send(channel, message, attempt))

    async def _send(self, channel: Channel, message: Alert, attempt: tuple[str, str]) -> None:
        arrived = await channel.send(message.title, message.body)
        await self._store.finish_message(*attempt, arrived)
        self._remember(channel, message, attempt, arrived)

    def _remember(self, channel: Channel, message: Alert, attempt: tuple[str, str], arrived: bool) -> None:
        if arrived:
            log.info("told the owner by %s: %s", channel.label, message.title)
            return
        failures = self._failed[attempt] = self._failed.get(attempt, 0) + 1
        backoff = min(CHECK_INTERVAL_SECONDS * 2.0 ** (min(failures, 10) - 1), MAX_BACKOFF_SECONDS)
        self._not_before[attempt] = self._clock.monotonic() + backoff
        log.warning("a message to %s did not arrive; it is tried again", channel.label)
