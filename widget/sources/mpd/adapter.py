"""MPD as a source: over a held connection the server announces changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from widget.clock import Clock, wait_for
from widget.config.source_settings import effective_values, merge_values
from widget.model.playback import Playback
from widget.model.source_values import split_mpd_password
from widget.model.sources import MPD
from widget.sources.base import AdapterContext, FetchResult, SourceAdapter
from widget.sources.mpd.connection import MpdConnection, MpdServer
from widget.sources.mpd.payloads import file_of, read_playback
from widget.sources.polling_adapter import create_polling_adapter

HOST, PORT, LABEL = "MPD_HOST", "MPD_PORT", "MPD_LABEL"
MAX_RESTART_MS, MIN_FALL_MS = 1_500, 3_000
"""A position up to the first, that fell by the second or by half of the item, is the beginning of another play."""

MAX_CLOCK_DRIFT_SECONDS = 1.0
"""A greater difference between the two clocks than at the last request is no drift: one was set."""

NOT_CONFIGURED = "There is no MPD server yet: run python -m bootstrap --source mpd, or set MPD_HOST."


def account_from(values: Mapping[str, str]) -> MpdServer | None:
    """Return the server that the variables in ``values`` name; None without a host."""
    if not values.get(HOST):
        return None
    password, host = split_mpd_password(values[HOST])
    return MpdServer(host, int(values[PORT]), password)


class MpdClient:
    """Holds one connection from the first poll on.

    The state is requested only after the server announced a change; in between a poll is a ``ping``.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._connection: MpdConnection | None = None
        self._playback: Playback | None = None
        self._changed = asyncio.Event()
        self._is_stale = True
        self._clock_offset = 0.0

    async def now_playing(self, server: MpdServer) -> FetchResult:
        """Return the current playback. Raises SourceUnreachable or InvalidCredentials."""
        connection = await self._connect(server)
        # The playback holds a time, which means nothing after the clock was set or the machine slept.
        clock_offset = self._clock.now() - self._clock.monotonic()
        was_set = abs(clock_offset - self._clock_offset) > MAX_CLOCK_DRIFT_SECONDS
        # MPD pushes every change, so most polls need no more than a sign of life.
        if self._playback is None or self._is_stale or was_set:
            # Before the request: a change during it must not be lost.
            self._is_stale, self._clock_offset = False, clock_offset
            status, song = await connection.player()
            self._playback = _mark_restart(read_playback(status, song, self._clock.now()), self._playback)
        else:
            await connection.ping()
        return FetchResult(self._playback, ())

    async def recently_played(self, server: MpdServer) -> FetchResult:
        """Return nothing: MPD keeps no history."""
        return FetchResult(None, ())

    async def wait_for_change(self, seconds: float) -> bool:
        """Wait at most ``seconds`` for a change or a lost connection; return whether one came."""
        try:
            await wait_for(self._clock, seconds, self._changed.wait())
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    async def _connect(self, server: MpdServer) -> MpdConnection:
        current = self._connection
        if current is not None and not current.is_lost and current.server == server:
            return current
        await self.close()
        # The playback of another connection does not show a restart.
        self._playback = None
        self._connection = connection = MpdConnection(server, self._clock, self._notify)
        await connection.open()
        connection.watch()
        return connection

    def _notify(self) -> None:
        self._is_stale = True
        self._changed.set()


def _mark_restart(playback: Playback, before: Playback | None) -> Playback:
    """Return ``playback``, marked as a restart if the item plays from its beginning again."""
    if before is None or before.status != "playing" or playback.status != "playing" or before.item != playback.item:
        return playback
    expected_ms, position_ms = before.progress_at(playback.observed_at), playback.progress_ms
    if expected_ms is None or position_ms is None or position_ms > MAX_RESTART_MS:
        return playback
    # Half of the item, so that a repeat of a very short one counts too.
    least_ms = min(MIN_FALL_MS, ((playback.item and playback.item.duration_ms) or MIN_FALL_MS) / 2)
    return replace(playback, is_restart=expected_ms - position_ms >= least_ms)


def create_adapter(context: AdapterContext) -> SourceAdapter:
    """Return the adapter.

    Pictures are loaded over separate connections, so that no change waits for them.
    """
    settings = context.settings
    client = MpdClient(context.clock)

    async def load_artwork(url: str) -> bytes | None:
        server = account_from(await effective_values(context.store, MPD, settings.source_values))
        if server is None:
            return None
        connection = MpdConnection(server, context.clock)
        try:
            await connection.open()
            return await connection.picture(file_of(url))
        finally:
            connection.close()

    adapter = create_polling_adapter(context, MPD, client, account_from, NOT_CONFIGURED, client.close)
    values = merge_values(MPD, settings.source_values, settings.stored_source_values)
    source = replace(adapter.source, label=values[LABEL])
    return replace(adapter, source=source, wait_for_change=client.wait_for_change, load_artwork=load_artwork)
