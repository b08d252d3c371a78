"""The store in an SQLite file, readable by its owner alone, shared safely by processes of one machine."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

from widget.model.errors import StoreError
from widget.store import queries
from widget.store.file_lock import FileLock
from widget.store.limits import DEFAULT, RESERVED_BYTES, StoreTimeouts
from widget.store.outage_log import OutageLog
from widget.store.queries import Result, Transaction
from widget.store.sql_store import Store
from widget.store.sqlite_connection import MIN_BUSY_TIMEOUT_SECONDS, SqliteConnection
from widget.store.worker import Worker, acquire_within

LOCK_POLL_SECONDS = 0.02
CHANGE_POLL_SECONDS = 0.2
_ROOM = "room"

Done = TypeVar("Done")


class SqliteStore(Store):
    """Implements :class:`widget.store.base.Store`.

    SQLite runs in a thread of its own with one connection. Locks are files beside the database, whose symbolic links
    are resolved: however it is named, it is one database with one lock.
    """

    def __init__(self, path: Path, limits: StoreTimeouts = DEFAULT) -> None:
        self._path = path
        self._real_path = Path(os.path.realpath(path))
        self._limits = limits
        self._file = SqliteConnection(self._real_path)
        self._worker: Worker | None = None
        self._leadership = self._lock("leader")
        self._one_refresh = asyncio.Lock()
        self._refresh: FileLock | None = None
        self._room_was_proved = False
        self._complaints = OutageLog("the database can be used again")
        self._lock_complaints = OutageLog("the database's locks can be had again")

    @property
    def location(self) -> str:
        return str(self._path)

    async def open(self) -> None:
        if self._worker is None:
            self._worker = Worker("store")
            self._worker.start()
        try:
            await self._do(lambda _: self._file.open())
        except StoreError:
            raise
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await self.resign()
        worker, self._worker = self._worker, None
        if worker is not None:
            # A thread that hangs is left behind, and closes the file once it can; the process ends without it.
            with suppress(TimeoutError, StoreError):
                await worker.run_job(self._file.close, self._limits.close)
            worker.stop(self._file.close)

    async def forget(self) -> None:
        await super().forget()
        # Deleted rows would stay readable in the file and its log.
        await self._do(self._file.vacuum)

    @asynccontextmanager
    async def refresh_lock(self) -> AsyncIterator[None]:
        lock, ends_at = self._lock("refresh"), time.monotonic() + self._limits.refresh
        async with acquire_within(self._one_refresh, self._limits.refresh, self._held_by_another):
            await self._acquire(lock, ends_at)
            self._refresh = lock
            try:
                yield
            finally:
                try:
                    await self._give_room_back()
                finally:
                    self._refresh = None
                    lock.release()

    async def reserve_space(self) -> None:
        # First what fills a log of its own, then all of that into the file, so that the next write begins the log anew
        # and overwrites it: it needs no room that is not there already.
        self._room_was_proved = True
        noise = secrets.token_hex(RESERVED_BYTES // 2)
        await self._transact(queries.save_note(_ROOM, noise), write=True, durable=True)
        await self._do(lambda seconds: self._file.checkpoint("RESTART", seconds))
        if self._refresh is None or not self._refresh.holds:
            raise StoreError(f"the refresh lock of the database {self._path} is not ours any more")

    async def try_lead(self) -> bool:
        return self._leadership.holds or self._take(self._leadership)

    async def resign(self) -> None:
        self._leadership.release()

    async def wait_for_state(self, seconds: float) -> None:
        seen = await self._do(lambda _: self._file.data_version())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self._do(lambda _: self._file.data_version()) == seen:  # noqa: ASYNC110
                    await asyncio.sleep(CHANGE_POLL_SECONDS)

    async def _transact(self, steps: Transaction[Result], *, write: bool = False, durable: bool = False) -> Result:
        return await self._do(lambda seconds: self._file.transact(steps, write, durable, seconds))

    async def _do(self, job: Callable[[float], Done]) -> Done:
        """What ``job`` returns; it is told for how long it may wait for a lock, the wait for its turn taken off."""
        if self._worker is None:
            raise StoreError(f"the database {self._path} is not open")
        return await self._complaints.watch(self._done_in_time(self._worker, job))

    async def _done_in_time(self, worker: Worker, job: Callable[[float], Done]) -> Done:
        asked_at = time.monotonic()
        try:
            return await worker.run_job(
                lambda: job(self._limits.lock - (time.monotonic() - asked_at)), self._limits.statement
            )
        except TimeoutError as error:
            raise StoreError(f"the database {self._path} does not answer") from error

    async def _acquire(self, lock: FileLock, ends_at: float) -> None:
        while not self._take(lock):
            if time.monotonic() >= ends_at:
                raise self._held_by_another()
            await asyncio.sleep(LOCK_POLL_SECONDS)

    def _take(self, lock: FileLock) -> bool:
        try:
            taken = lock.acquire()
        except StoreError as error:
            self._lock_complaints.record_failure(error)
            raise
        if taken:
            self._lock_complaints.record_success()
        return taken

    def _held_by_another(self) -> StoreError:
        error = StoreError(f"another process holds the refresh lock of the database {self._path}")
        self._lock_complaints.record_failure(error)
        return error

    async def _give_room_back(self) -> None:
        """Leaves no room behind that is not proved anew: the next refresh must find out how the disk is then."""
        if not self._room_was_proved or self._worker is None:
            return
        self._room_was_proved = False

        def give_back() -> None:
            self._file.transact(queries.drop_note(_ROOM), True, False, MIN_BUSY_TIMEOUT_SECONDS)
            self._file.checkpoint("TRUNCATE", MIN_BUSY_TIMEOUT_SECONDS)

        with suppress(StoreError, TimeoutError):
            await self._worker.run_job(give_back, self._limits.lock)

    def _lock(self, name: str) -> FileLock:
        return FileLock(self._real_path.with_name(f"{self._real_path.name}.{name}.lock"))
