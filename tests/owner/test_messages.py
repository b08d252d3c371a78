"""What is due to be told to the owner, and when."""

from datetime import UTC, datetime

import pytest

from widget.errors import ErrorCode
from widget.owner.messages import Message, Trouble, current_trouble, due_messages
from widget.tokens import Token

DAY = 86_400.0
HOUR = 3_600.0
AUTHORIZED = datetime(2026, 11, 25, 10, tzinfo=UTC).timestamp()
TOKEN = Token("secret", authorized_at=AUTHORIZED)
NEXT_STEP = "Open https://music.example.org/setup and authorize again."


def end() -> float:
    assert TOKEN.expires_at is not None
    return TOKEN.expires_at


def due(
    days_left: float, told: frozenset[str] = frozenset(), token: Token | None = TOKEN, trouble: Trouble | None = None
) -> tuple[Message, ...]:
    return due_messages(token, trouble, told, end() - days_left * DAY, NEXT_STEP)


def test_day_by_day_the_owner_hears_of_the_end_three_times() -> None:
    told: frozenset[str] = frozenset()
    heard = []
    for days_left in range(31, -1, -1):
        for message in due(days_left, told):
            heard.append(days_left)
            told |= {message.key}
    assert heard == [30, 7, 1]


def test_after_a_long_sleep_only_the_most_urgent_message_is_due() -> None:
    (message,) = due(0.5)
    assert "in one day" in message.title


def test_each_message_says_what_until_when_and_the_next_step() -> None:
    (message,) = due(29.9)
    assert message.title == "Spotify access ends in 30 days"
    assert "2027-05-25 10:00 UTC" in message.body
    assert NEXT_STEP in message.body


def test_a_new_authorization_starts_the_countdown_anew() -> None:
    (first,) = due(1)
    renewed = Token("another", authorized_at=AUTHORIZED + 10 * DAY)
    assert due(5, frozenset({first.key}), renewed) != ()
    assert due(5, frozenset({first.key}), renewed)[0].key != first.key


@pytest.mark.parametrize("token", [None, Token("secret"), Token("s", authorized_at=1.0, needs_authorization=True)])
def test_without_a_live_token_or_a_date_no_end_is_told(token: Token | None) -> None:
    assert due(0.5, token=token) == ()


def test_a_dead_token_is_told_at_once_and_once() -> None:
    trouble = current_trouble(None, "needs_authorization", None, None, 1000.0)
    (message,) = due_messages(None, trouble, frozenset(), 1000.0, NEXT_STEP)
    assert NEXT_STEP in message.body
    assert due_messages(None, trouble, frozenset({message.key}), 5000.0, NEXT_STEP) == ()


@pytest.mark.parametrize("code", ["forbidden", "bad_credentials", "quota_exceeded"])
def test_a_refusal_is_told_when_it_has_lasted_an_hour(code: ErrorCode) -> None:
    trouble = current_trouble(None, code, None, None, 1000.0)
    assert due_messages(None, trouble, frozenset(), 1000.0 + HOUR - 1, NEXT_STEP) == ()
    assert len(due_messages(None, trouble, frozenset(), 1000.0 + HOUR, NEXT_STEP)) == 1


@pytest.mark.parametrize("code", ["rate_limited", "budget_spent", "spotify_unreachable", "not_configured"])
def test_passing_faults_are_never_told(code: ErrorCode) -> None:
    assert current_trouble(None, code, None, None, 1000.0) is None


def test_a_passing_fault_and_a_restart_neither_end_nor_renew_a_trouble() -> None:
    trouble = current_trouble(None, "forbidden", None, None, 1000.0)
    for code, success in (("spotify_unreachable", None), (None, None), (None, 500.0), ("forbidden", None)):
        trouble = current_trouble(trouble, code, None, success, 2000.0)  # type: ignore[arg-type]
    assert trouble == Trouble("forbidden", 1000.0)


def test_all_is_well_is_told_only_to_those_who_heard_of_the_trouble() -> None:
    trouble = current_trouble(None, "forbidden", None, None, 1000.0)
    assert trouble is not None
    over = current_trouble(trouble, None, None, 9000.0, 9000.0)
    assert due_messages(None, over, frozenset(), 9000.0, NEXT_STEP) == ()
    (well,) = due_messages(None, over, frozenset({trouble.key}), 9000.0, NEXT_STEP)
    assert well.title == "All is well again"
    assert due_messages(None, over, frozenset({trouble.key, well.key}), 9000.0, NEXT_STEP) == ()


def test_a_trouble_that_comes_back_is_a_new_one() -> None:
    first = Trouble("forbidden", 1000.0, over_at=2000.0)
    again = current_trouble(first, "forbidden", None, 2000.0, 3000.0)
    assert again == Trouble("forbidden", 3000.0)
    assert again.key != first.key


def test_until_when_a_quota_lasts_is_told() -> None:
    trouble = current_trouble(None, "quota_exceeded", AUTHORIZED, None, 1000.0)
    (message,) = due_messages(None, trouble, frozenset(), 1000.0 + HOUR, NEXT_STEP)
    assert "2026-11-25 10:00 UTC" in message.body
