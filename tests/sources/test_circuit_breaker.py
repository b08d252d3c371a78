"""A refusal is remembered for its key and its time."""

import pytest

from tests.support.fake_clock import FakeClock
from widget.model.errors import Forbidden, InvalidCredentials, RateLimited, ScopeMissing, SourceError
from widget.sources.circuit_breaker import CircuitBreaker, OpenCircuit, with_retry_after


@pytest.mark.parametrize(
    ("asker", "now", "seconds"),
    [("me", 100.0, 600.0), ("me", 699.5, 0.5), ("me", 700.0, 0.0), ("me", 9_000.0, 0.0), ("another", 100.0, 0.0)],
)
def test_it_holds_for_who_was_refused_and_until_it_is_worth_asking_again(
    asker: str, now: float, seconds: float
) -> None:
    assert OpenCircuit("me", Forbidden("No."), retry_at=700.0).seconds_left(asker, now) == seconds


@pytest.mark.parametrize("error", [Forbidden("No."), ScopeMissing("No."), RateLimited("No.", retry_after=5.0)])
def test_it_is_reported_in_the_same_words_with_the_time_that_is_left(error: SourceError) -> None:
    result = with_retry_after(error, 30.0)
    assert (type(result), str(result), result.retry_after) == (type(error), "No.", 30.0)


def test_who_asked_is_not_shown_for_it_may_hold_a_secret() -> None:
    assert "AQ-secret" not in repr(OpenCircuit("AQ-secret", InvalidCredentials("No."), 0.0))


async def test_asking_is_no_use_until_the_time_is_over() -> None:
    clock = FakeClock()
    refused = CircuitBreaker(clock)
    refused.check("me")
    assert refused.trip(Forbidden("No."), 600.0, "me").retry_after == 600.0
    await clock.advance(590.0)
    with pytest.raises(Forbidden, match=r"No\.") as again:
        refused.check("me")
    assert again.value.retry_after == 10.0
    refused.check("another")
    await clock.advance(10.0)
    refused.check("me")


async def test_the_last_refusal_is_known_however_long_ago_until_it_is_forgotten() -> None:
    clock = FakeClock()
    refused = CircuitBreaker(clock)
    error = InvalidCredentials("No.")
    refused.trip(error, 600.0, "me")
    await clock.advance(9_000.0)
    assert (refused.last_error("me"), refused.last_error("another")) == (error, None)
    refused.reset()
    assert refused.last_error("me") is None
