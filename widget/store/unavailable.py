"""The store while the database is not there yet."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import NoReturn

from widget.model.errors import StoreError
from widget.store.base import Store
from widget.store.queries import Result, Transaction


class UnavailableStore(Store):
    """Raises StoreError at every use and touches nothing, even once the database comes."""

    @property
    def location(self) -> str:
        return "nowhere yet"

    async def open(self, *, migrate: bool = True) -> None:
        self._fail()

    async def close(self) -> None:
        pass

    def refresh_lock(self) -> AbstractAsyncContextManager[None]:
        self._fail()

    async def reserve_space(self) -> None:
        self._fail()

    async def try_lead(self) -> bool:
        self._fail()

    async def resign(self) -> None:
        pass

    async def wait_for_state(self, seconds: float) -> None:
        self._fail()

    async def _transact(self, steps: Transaction[Result], *, write: bool = False, durable: bool = False) -> Result:
        self._fail()

    def _fail(self) -> NoReturn:
        raise StoreError("the database is not available yet")
