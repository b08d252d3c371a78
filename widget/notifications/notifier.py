"""Sends due alerts by the log and by ``NOTIFY_URLS``; never disturbs the service."""

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
# A misconfigured channel must not be called every minute forever.
MAX_BACKOFF_SECONDS = 3600.0
DRAIN_TIMEOUT_SECONDS = 1.0
NOT_EMPTY = "not empty"
_INCIDENT_KEY = "trouble"
_CREATED_KEY = "began"

log = logging.getLogger(__name__)


class Notifier:
    """Checks once a minute and sends each alert once per channel, across restarts and instances."""

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
        self._incident_key = _INCIDENT_KEY if source.needs_authorization else f"{_INCIDENT_KEY}:{source.name}"
        self._logged: frozenset[str] = frozenset()
        self._failures: dict[tuple[str, str], int] = {}
        self._retry_at: dict[tuple[str, str], float] = {}  # monotonic
        self._unrecorded: set[tuple[str, str]] = set()
        self._sending = ShieldedTasks()

    async def run(self) -> None:
        """Run until cancelled.

        An alert that is being sent then has a second to arrive and to be recorded.
        """
        try:
            await self._check_forever()
        finally:
            await self._sending.drain(DRAIN_TIMEOUT_SECONDS)

    async def _check_forever(self) -> None:
        channels: tuple[Channel, ...] = ()
        if self._urls:
            # Apprise loads all of its plug-ins, which would stop the event loop.
            channels, unreadable = await asyncio.to_thread(parse_channels, self._urls)
            for label in unreadable:
                log.error("NOTIFY_URLS: cannot read URL %s; run python -m bootstrap message", label)
        while True:
            await self._try_send(channels)
            await self._clock.sleep(CHECK_INTERVAL_SECONDS)

    async def _try_send(self, channels: Sequence[Channel]) -> None:
        try:
            await self.send_due_alerts(channels)
        except StoreError:
            return  # The store logs why, once a minute at most.
        except NowPlayingError as error:
            log.warning("cannot check for alerts now: %s", error)
        except Exception as error:
            # An alert must never stop the program; the text may contain a URL.
            log.error("cannot check for alerts (%s); trying again in a minute", type(error).__name__)

    async def send_due_alerts(self, channels: Sequence[Channel]) -> None:
        """Log new alerts, and send each channel those that it has not received."""
        health = await self._health()
        self._log_not_configured(health.problem)
        incident = await self._update_incident(health)
        spent = self._seed.fingerprint if self._seed is not None and health.token.seed_is_spent else None
        for alert in await self._due_alerts(incident, spent, self._logged):
            self._logged |= {alert.key}
            if not alert.already_logged:
                log.warning("%s. %s", alert.title, alert.body)
        # Side by side, so that a slow channel does not delay the others.
        await asyncio.gather(*(self._send_due(channel, incident, spent) for channel in channels))

    def _log_not_configured(self, problem: SourceProblem | None) -> None:
        if problem is not None and problem.code == "not_configured" and problem.code not in self._logged:
            self._logged |= {problem.code}
            log.warning("%s", problem.message)

    async def _update_incident(self, health: HealthStatus) -> Incident | None:
        previous, incident = await self._next_incident(health)
        # The usual check changes nothing, and needs no lock.
        if incident is None or incident == previous:
            return incident
        async with self._store.refresh_lock():  # Two instances must not open the same incident.
            previous, incident = await self._next_incident(health)
            if incident is not None and incident != previous:
                await self._store.set_value(self._incident_key, dump_incident(incident))
        return incident

    async def _next_incident(self, health: HealthStatus) -> tuple[Incident | None, Incident | None]:
        """Return the stored incident, and the one that follows from it and ``health``."""
        now, problem = self._clock.now(), health.problem
        previous = load_incident(await self._store.get_value(self._incident_key), now)
        code, until = (None, None) if problem is None else (problem.code, problem.retry_at)
        success_at, is_valid = health.last_success_at, health.token.is_valid
        return previous, update_incident(previous, code, until, success_at, now, is_authorized=is_valid)

    async def _due_alerts(
        self, incident: Incident | None, spent: str | None, sent: frozenset[str]
    ) -> tuple[Alert, ...]:
        now, source = self._clock.now(), self._source
        if not source.needs_authorization:  # A stored token is of no concern now.
            return due_alerts(None, incident, sent, now, self._next_step, source=source)
        token = await effective_authorization(self._store, self._seed, now)
        emptied_at = await self._emptied_at()
        return due_alerts(token, incident, sent, now, self._next_step, emptied_at, source, spent)

    async def _emptied_at(self) -> float | None:
        """Return when the store was created if it was empty then, else None.

        The token of a seed does not count.
        """
        text = await self._store.get_value(_CREATED_KEY)
        if text is None:
            text = repr(self._clock.now()) if await self._is_empty() else NOT_EMPTY
            await self._store.set_value(_CREATED_KEY, text)
        try:
            created_at = float(text)
        except ValueError:
            return None
        return created_at if created_at <= self._clock.now() else None

    async def _is_empty(self) -> bool:
        if await self._store.authorization() is None:
            return True
        return self._seed is not None and await self._store.seed_fingerprint() == self._seed.fingerprint

    async def _send_due(self, channel: Channel, incident: Incident | None, spent: str | None) -> None:
        sent = await self._store.messages_sent(channel.fingerprint)
        for alert in await self._due_alerts(incident, spent, sent):
            attempt = (channel.fingerprint, alert.key)
            if attempt in self._unrecorded:
                await self._sending.run(self._finish(channel, alert, attempt, has_arrived=True))
                continue
            if self._clock.monotonic() < self._retry_at.get(attempt, 0.0):
                continue
            if not await self._store.claim_message(*attempt, self._clock.now()):
                continue
            # This task may be cancelled, and an alert that is not recorded would be sent again.
            await self._sending.run(self._send(channel, alert, attempt))

    async def _send(self, channel: Channel, alert: Alert, attempt: tuple[str, str]) -> None:
        has_arrived = await channel.send(alert.title, alert.body)
        if has_arrived:
            # Until the database has it: sending it again would repeat it.
            self._unrecorded.add(attempt)
        await self._finish(channel, alert, attempt, has_arrived=has_arrived)

    async def _finish(self, channel: Channel, alert: Alert, attempt: tuple[str, str], *, has_arrived: bool) -> None:
        """Record in the store whether ``alert`` arrived, and in memory when to send it again."""
        await self._store.finish_message(*attempt, has_arrived)
        if has_arrived:
            self._unrecorded.discard(attempt)
            log.info("alert sent by %s: %s", channel.label, alert.title)
            return
        failures = self._failures[attempt] = self._failures.get(attempt, 0) + 1
        backoff = min(CHECK_INTERVAL_SECONDS * 2.0 ** (min(failures, 10) - 1), MAX_BACKOFF_SECONDS)
        self._retry_at[attempt] = self._clock.monotonic() + backoff
        log.warning("an alert did not reach %s; it is sent again later", channel.label)
