"""The store in an SQLite file, shared by the processes of one machine."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

from widget.model.errors import StoreError
from widget.model.tokens import Authorization, Credentials
from widget.store import queries
from widget.store.base import DEFAULT_TIMEOUTS, RESERVED_BYTES, Store, StoreTimeouts
from widget.store.file_lock import FileLock
from widget.store.outage_log import OutageLog
from widget.store.queries import Result, Transaction
from widget.store.sqlite_connection import MIN_BUSY_TIMEOUT_SECONDS, SqliteConnection
from widget.store.unsaved_file import UnsavedFile
from widget.store.worker import Worker, acquire_within

# flock has no time limit, and a blocking call would occupy a thread for each waiter.
LOCK_POLL_SECONDS = 0.02
# SQLite cannot notify other processes; followers have to show a change within 250 ms.
CHANGE_POLL_SECONDS = 0.2
_RESERVED_KEY = "room"

Value = TypeVar("Value")

log = logging.getLogger(__name__)


class SqliteStore(Store):
    """SQLite runs in a separate thread with one connection.

    Locks are files beside the database, whose symbolic links are resolved: one database has one lock under every name.
    """

    def __init__(self, path: Path, timeouts: StoreTimeouts = DEFAULT_TIMEOUTS) -> None:
        self._path = path
        # Resolved once: a relative path must not move with the working directory.
        self._real_path = Path(os.path.realpath(path))
        self._timeouts = timeouts
        self._connection = SqliteConnection(self._real_path)
        self._worker: Worker | None = None
        self._leader_lock = self._lock("leader")
        self._local_refresh_lock = asyncio.Lock()
        self._held_refresh_lock: FileLock | None = None
        self._has_reserved = False
        self._unsaved = UnsavedFile(self._beside("unsaved"))
        self._outage_log = OutageLog("the database can be used again")
        self._lock_outage_log = OutageLog("the database's locks can be acquired again")
        self._unsaved_outage_log = OutageLog("the file with the new token can be read again")

    @property
    def location(self) -> str:
        return str(self._path)

    async def open(self, *, migrate: bool = True) -> None:
        if self._worker is None:
            self._worker = Worker("store")
            self._worker.start()
        try:
            await self._run(lambda _: self._connection.open(migrate=migrate))
        except StoreError:
            raise
        except BaseException:
            await self.close()
            raise
        if migrate and self._unsaved.exists():
            with suppress(StoreError):  # Another process refreshes; it takes the file over itself.
                async with self.refresh_lock():
                    pass

    async def close(self) -> None:
        await self.resign()
        worker, self._worker = self._worker, None
        if worker is not None:
            # A thread that hangs is left behind and closes the file once it can; the process ends without it.
            with suppress(TimeoutError, StoreError):
                await worker.run_job(self._connection.close, self._timeouts.close)
            worker.stop(self._connection.close)

    async def forget(self) -> None:
        await super().forget()
        self._unsaved.delete()
        # Deleted rows would stay readable in the file and its log.
        await self._run(self._connection.vacuum)

    @asynccontextmanager
    async def refresh_lock(self) -> AsyncIterator[None]:
        lock, deadline = self._lock("refresh"), time.monotonic() + self._timeouts.refresh
        async with acquire_within(self._local_refresh_lock, self._timeouts.refresh, self._lock_timeout):
            await self._acquire(lock, deadline)
            self._held_refresh_lock = lock
            try:
                await self._take_over_unsaved()
                yield
            finally:
                try:
                    await self._release_space()
                finally:
                    self._held_refresh_lock = None
                    lock.release()

    async def reserve_space(self) -> None:
        # First fill the log, then move all of it into the file: the next write restarts the log and overwrites it,
        # so it needs no space that is not there already.
        self._has_reserved = True
        filler = secrets.token_hex(RESERVED_BYTES // 2)
        await self._transact(queries.set_value(_RESERVED_KEY, filler), write=True, durable=True)
        await self._run(lambda seconds: self._connection.checkpoint("RESTART", seconds))
        if self._held_refresh_lock is None or not self._held_refresh_lock.is_held:
            raise StoreError(f"the refresh lock of the database {self._path} was lost")

    async def save_refresh(
        self,
        used_refresh_token: str,
        authorization: Authorization,
        credentials: Credentials | None = None,
        seed_fingerprint: str | None = None,
    ) -> bool:
        saved = await super().save_refresh(used_refresh_token, authorization, credentials, seed_fingerprint)
        self._unsaved.delete()
        return saved

    async def save_for_next_start(self, used_refresh_token: str, authorization: Authorization) -> bool:
        # In another thread: the store's may be waiting for the very lock that keeps the token out.
        worker = Worker("unsaved")
        worker.start()
        try:
            return await worker.run_job(
                lambda: self._unsaved.write(used_refresh_token, authorization), self._timeouts.close
            )
        except TimeoutError:
            return False
        finally:
            worker.stop(lambda: None)

    async def try_lead(self) -> bool:
        return self._leader_lock.is_held or self._try_lock(self._leader_lock)

    async def resign(self) -> None:
        self._leader_lock.release()

    async def wait_for_state(self, seconds: float) -> None:
        seen = await self._run(lambda _: self._connection.data_version())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self._run(lambda _: self._connection.data_version()) == seen:  # noqa: ASYNC110
                    await asyncio.sleep(CHANGE_POLL_SECONDS)

    async def _transact(self, steps: Transaction[Result], *, write: bool = False, durable: bool = False) -> Result:
        return await self._run(lambda seconds: self._connection.transact(steps, write, durable, seconds))

    async def _run(self, job: Callable[[float], Value]) -> Value:
        """Run ``job`` in the thread, with the seconds that it may wait for a lock.

        The time in the queue is subtracted.
        """
        if self._worker is None:
            raise StoreError(f"the database {self._path} is not open")
        return await self._outage_log.watch(self._run_in_time(self._worker, job))

    async def _run_in_time(self, worker: Worker, job: Callable[[float], Value]) -> Value:
        started_at = time.monotonic()
        try:
            return await worker.run_job(
                lambda: job(self._timeouts.lock - (time.monotonic() - started_at)), self._timeouts.statement
            )
        except TimeoutError as error:
            raise StoreError(f"the database {self._path} does not respond") from error

    async def _take_over_unsaved(self) -> None:
        """Store the authorization that a process could not store before it ended."""
        if not self._unsaved.exists():
            return
        try:
            unsaved = self._unsaved.read()
        except StoreError as error:
            self._unsaved_outage_log.record_failure(error)
            raise
        self._unsaved_outage_log.record_success()
        # save_refresh ignores it if the owner has authorized again since.
        if unsaved is not None:
            await self.save_refresh(*unsaved)
            log.info("the token in a file beside the database is saved")
        self._unsaved.delete()

    async def _acquire(self, lock: FileLock, deadline: float) -> None:
        while not self._try_lock(lock):
            if time.monotonic() >= deadline:
                raise self._lock_timeout()
            await asyncio.sleep(LOCK_POLL_SECONDS)

    def _try_lock(self, lock: FileLock) -> bool:
        try:
            acquired = lock.acquire()
        except StoreError as error:
            self._lock_outage_log.record_failure(error)
            raise
        if acquired:
            self._lock_outage_log.record_success()
        return acquired

    def _lock_timeout(self) -> StoreError:
        error = StoreError(f"another process holds the refresh lock of the database {self._path}")
        self._lock_outage_log.record_failure(error)
        return error

    async def _release_space(self) -> None:
        """Free the reserved space: the next refresh must check again whether the disk has room."""
        if not self._has_reserved or self._worker is None:
            return
        self._has_reserved = False

        def delete_reserved() -> None:
            # Not durable: if it is lost, the next refresh overwrites it.
            self._connection.transact(queries.delete_value(_RESERVED_KEY), True, False, MIN_BUSY_TIMEOUT_SECONDS)
            self._connection.checkpoint("TRUNCATE", MIN_BUSY_TIMEOUT_SECONDS)

        with suppress(StoreError, TimeoutError):
            await self._worker.run_job(delete_reserved, self._timeouts.lock)

    def _lock(self, name: str) -> FileLock:
        return FileLock(self._beside(f"{name}.lock"))

    def _beside(self, suffix: str) -> Path:
        return self._real_path.with_name(f"{self._real_path.name}.{suffix}")
