"""The interval that the daily quota allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.now_playing.pacing import MAX_INTERVAL_SECONDS, poll_interval_for_quota

NOW = 1_795_000_000.0
DAY = 86_400.0


def steadily(hours: float, per_minute: int, until: float = NOW) -> list[tuple[float, int]]:
    """Return ``per_minute`` calls in each minute of the last ``hours``."""
    first = until - hours * 3600
    return [(first + minute * 60.0, per_minute) for minute in range(int(hours * 60))]


def test_while_plenty_is_left_nothing_is_held_back() -> None:
    assert poll_interval_for_quota([], NOW, 3000) == 0.0
    assert poll_interval_for_quota(steadily(0.4, 12), NOW, 3000) == 0.0


def test_on_a_first_day_the_rest_is_spread_until_calls_come_back() -> None:
    seconds = poll_interval_for_quota(steadily(1.5, 12), NOW, 3000)
    assert seconds == pytest.approx(22.5 * 3600 / (3000 - 1080 - 60), rel=0.01)


def test_between_plenty_and_scarce_it_is_held_back_by_degrees() -> None:
    spent = [poll_interval_for_quota([(NOW - 3600, calls)], NOW, 1000) for calls in (100, 150, 200)]
    assert spent[0] == 0.0
    assert spent[1] == pytest.approx(0.5 * 23 * 3600 / (1000 - 20), rel=0.01)
    assert spent[2] == pytest.approx(23 * 3600 / (1000 - 20), rel=0.01)


@pytest.mark.parametrize("share", [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0])
def test_no_part_of_the_time_to_come_runs_dry(share: float) -> None:
    # Just after so much of the time to come everything returns: until then what is left must do.
    expected = 1200 * 60.0
    back_in = expected * share + 120
    history = [(NOW - DAY + 60 + minute * 60.0, 0) for minute in range(1199)]
    calls = sorted([*history, (NOW - DAY + back_in - back_in % 60, 800)])
    assert poll_interval_for_quota(calls, NOW, 1000) >= expected * share / (200 - 20) - 1e-6


def test_what_comes_back_in_the_very_moment_counts() -> None:
    day_ago = [(NOW - 23 * 3600.0, 900)]
    assert poll_interval_for_quota(day_ago, NOW, 1000) == pytest.approx(60 / (1000 - 20 - 900), rel=0.2)


def test_who_watched_for_a_few_hours_yesterday_is_not_held_back_for_all_of_today() -> None:
    evening = steadily(4, 8, NOW - 18 * 3600)
    assert poll_interval_for_quota(evening, NOW, 3000) < 10
    assert poll_interval_for_quota(steadily(22, 2), NOW, 3000) > 20


def test_calls_that_come_back_soon_count() -> None:
    spent = steadily(4, 12, NOW - 19 * 3600)
    assert poll_interval_for_quota(spent, NOW, 3000) < poll_interval_for_quota(steadily(4, 12), NOW, 3000)


def test_a_spent_budget_leaves_the_longest_pace() -> None:
    assert poll_interval_for_quota(steadily(2, 25), NOW, 3000) == MAX_INTERVAL_SECONDS
    assert poll_interval_for_quota(steadily(1, 1), NOW, 1) == MAX_INTERVAL_SECONDS


@given(
    st.lists(st.tuples(st.integers(-1440, 60), st.integers(1, 200)), max_size=60, unique_by=lambda call: call[0]),
    st.integers(1, 100_000),
)
def test_the_pace_is_always_sane(calls: list[tuple[int, int]], calls_per_day: int) -> None:
    minutes = sorted((NOW + minute * 60.0, spent) for minute, spent in calls)
    assert 0.0 <= poll_interval_for_quota(minutes, NOW, calls_per_day) <= MAX_INTERVAL_SECONDS


def test_watched_day_and_night_the_budget_lasts() -> None:
    calls: list[tuple[float, int]] = []
    now, longest, total = NOW, 0.0, 0
    while now < NOW + 3 * DAY:
        while calls and now - calls[0][0] >= DAY + 60:
            total -= calls.pop(0)[1]
        assert total < 3000
        wait = max(5.0, poll_interval_for_quota(calls, now, 3000))
        longest = max(longest, wait)
        minute = now // 60 * 60
        if calls and calls[-1][0] == minute:
            calls[-1] = (minute, calls[-1][1] + 1)
        else:
            calls.append((minute, 1))
        total += 1
        now += wait
    assert longest < 120
