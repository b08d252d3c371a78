"""What stands in for a database that is not there yet."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import NoReturn

from widget.model.errors import StoreError
from widget.store.queries import Result, Transaction
from widget.store.sql_store import Store


class UnavailableStore(Store):
    """Implements :class:`widget.store.base.Store`: every use is a StoreError, and nothing is touched.

    So nobody can be asked and nothing shown on it, also in the moment in which the database comes.
    """

    @property
    def location(self) -> str:
        return "nowhere yet"

    async def open(self) -> None:
        self._fail()

    async def close(self) -> None:
        """There is nothing to give back."""

    def refresh_lock(self) -> AbstractAsyncContextManager[None]:
        self._fail()

    async def reserve_space(self) -> None:
        self._fail()

    async def try_lead(self) -> bool:
        self._fail()

    async def resign(self) -> None:
        """Nobody leads."""

    async def wait_for_state(self, seconds: float) -> None:
        self._fail()

    async def _transact(self, steps: Transaction[Result], *, write: bool = False, durable: bool = False) -> Result:
        self._fail()

    def _fail(self) -> NoReturn:
        raise StoreError("the database is not there yet")
