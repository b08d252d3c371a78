"""What stands in for a database that is not there yet: whatever it is used for, that is a StoreError."""

import pytest

from widget.model.errors import StoreError
from widget.store.base import Store
from widget.store.unavailable import AbsentStore


async def test_nothing_can_be_read_written_or_led() -> None:
    store: Store = AbsentStore()
    uses = [
        store.open(),
        store.token(),
        store.spend_call(0.0, 10),
        store.share("what plays"),
        store.shared(),
        store.note("source"),
        store.claim_message("log", "key", 0.0),
        store.lead(),
        store.news(1.0),
        store.prove_room(),
        store.forget(),
    ]
    for use in uses:
        with pytest.raises(StoreError):
            await use
    with pytest.raises(StoreError):
        async with store.refreshing():
            pass


async def test_it_is_given_back_without_a_word() -> None:
    store: Store = AbsentStore()
    await store.resign()
    await store.close()
