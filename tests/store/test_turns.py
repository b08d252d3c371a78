"""Locks: one holder at a time, acquired in time or not at all."""

import asyncio

import pytest

from widget.model.errors import StoreError
from widget.store.worker import acquire_within


def too_late() -> StoreError:
    return StoreError("somebody else's turn")


async def test_one_turn_begins_when_the_one_before_has_ended() -> None:
    lock, told = asyncio.Lock(), []

    async def take(name: str) -> None:
        async with acquire_within(lock, 60.0, too_late):
            told.append(f"{name} begins")
            await asyncio.sleep(0)
            told.append(f"{name} ends")

    await asyncio.gather(take("one"), take("other"))
    assert told == ["one begins", "one ends", "other begins", "other ends"]


async def test_a_lock_that_is_not_acquired_in_time_is_a_store_error() -> None:
    lock = asyncio.Lock()
    async with lock:
        with pytest.raises(StoreError, match="somebody else's turn"):
            async with acquire_within(lock, 0.0, too_late):
                pytest.fail("it was not ours")
    assert not lock.locked()


async def test_what_fails_within_a_turn_ends_it_and_is_not_taken_for_being_late() -> None:
    lock = asyncio.Lock()
    with pytest.raises(TimeoutError):
        async with acquire_within(lock, 60.0, too_late):
            raise TimeoutError
    assert not lock.locked()
