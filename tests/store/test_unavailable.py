"""The store while there is no database yet: every use of it is a StoreError."""

import pytest

from widget.model.errors import StoreError
from widget.store.base import Store
from widget.store.unavailable import UnavailableStore


async def test_nothing_can_be_read_written_or_led() -> None:
    store: Store = UnavailableStore()
    uses = [
        store.open(),
        store.authorization(),
        store.count_call(0.0, 10),
        store.publish_state("what plays"),
        store.read_state(),
        store.get_value("source"),
        store.claim_message("log", "key", 0.0),
        store.try_lead(),
        store.wait_for_state(1.0),
        store.reserve_space(),
        store.forget(),
    ]
    for use in uses:
        with pytest.raises(StoreError):
            await use
    with pytest.raises(StoreError):
        async with store.refresh_lock():
            pass


async def test_it_is_given_back_without_a_word() -> None:
    store: Store = UnavailableStore()
    await store.resign()
    await store.close()
