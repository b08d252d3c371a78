"""The seconds until the next poll."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.model.errors import ErrorCode
from widget.model.playback import PlaybackStatus
from widget.now_playing.schedule import ScheduleInput, quota_interval, seconds_until_next_poll

NOW = 1_795_000_000.0
PLAYING = ScheduleInput(NOW, "playing", status_since=NOW - 60, ends_at=NOW + 100)
CODES: tuple[ErrorCode, ...] = (
    "not_configured",
    "needs_authorization",
    "bad_credentials",
    "forbidden",
    "rate_limited",
    "quota_exceeded",
    "budget_spent",
    "spotify_unreachable",
)

situations = st.builds(
    ScheduleInput,
    now=st.just(NOW),
    status=st.sampled_from(("playing", "paused", "ad", "idle")),
    status_since=st.floats(NOW - 1e6, NOW + 10),
    ends_at=st.none() | st.floats(NOW - 1e6, NOW + 1e6),
    elapsed=st.none() | st.floats(0, 1e6),
    tokens=st.floats(-5, 4),
    unconfirmed_answers=st.integers(0, 3),
    polls_past_end=st.integers(0, 9),
    failures=st.integers(0, 2000),
    problem=st.none() | st.sampled_from(CODES),
    retry_at=st.none() | st.floats(NOW - 1e6, NOW + 1e6),
    pace=st.floats(0, 900),
    jitter=st.floats(0, 1),
)


@given(situations)
def test_the_wait_is_always_sane(situation: ScheduleInput) -> None:
    seconds = seconds_until_next_poll(situation)
    assert 0.05 <= seconds <= 200_000


@given(situations, st.floats(0, 5))
def test_no_question_that_may_cost_a_call_comes_before_the_pace_affords_it(
    situation: ScheduleInput, owed: float
) -> None:
    poor = replace(situation, tokens=1 - owed, problem=None)
    assert seconds_until_next_poll(poor) >= owed * quota_interval(poor) - 1e-6


@given(situations)
def test_what_is_saved_brings_questions_nearer_and_never_puts_them_off(situation: ScheduleInput) -> None:
    richer = replace(situation, tokens=situation.tokens + 1)
    assert seconds_until_next_poll(richer) <= seconds_until_next_poll(situation)


@given(situations, st.floats(0, 900))
def test_a_scarcer_budget_never_means_more_questions(situation: ScheduleInput, more: float) -> None:
    poorer = replace(situation, pace=situation.pace + more)
    assert seconds_until_next_poll(poorer) >= seconds_until_next_poll(situation)


@pytest.mark.parametrize(("left", "seconds"), [(5.0, 5.5), (3.0, 3.5), (0.1, 0.6)])
def test_the_end_of_an_item_is_polled_on_the_dot(left: float, seconds: float) -> None:
    situation = replace(PLAYING, ends_at=NOW + left)
    assert seconds_until_next_poll(situation) == pytest.approx(seconds)


def test_at_most_three_polls_are_made_around_one_and_the_same_end() -> None:
    over = replace(PLAYING, ends_at=NOW - 1)
    waits = [seconds_until_next_poll(replace(over, polls_past_end=answers)) for answers in (1, 2, 3, 4, 50)]
    in_between = seconds_until_next_poll(replace(PLAYING, ends_at=None))
    assert waits == [1.0, 2.0, in_between, in_between, in_between]
    assert sorted(waits) == waits


@pytest.mark.parametrize(
    ("played", "seconds"), [(0, 2.0), (2, 2.48), (10, 4.4), (25, 8.0), (29, 8.96), (29.2, 9.0), (1000, 9.0)]
)
def test_the_interval_grows_with_what_has_been_played(played: float, seconds: float) -> None:
    assert seconds_until_next_poll(replace(PLAYING, elapsed=played)) == pytest.approx(seconds, abs=0.01)


def test_without_progress_it_grows_from_when_the_item_was_first_seen() -> None:
    unknown = replace(PLAYING, ends_at=None, status_since=NOW - 10)
    assert seconds_until_next_poll(unknown) == seconds_until_next_poll(replace(PLAYING, elapsed=10))


@pytest.mark.parametrize(
    ("status", "for_how_long", "seconds"),
    [
        ("ad", 3, 3),
        ("ad", 300, 10),
        ("ad", 5000, 15),
        ("paused", 10, 5),
        ("paused", 300, 10),
        ("paused", 5000, 15),
        ("idle", 10, 10),
        ("idle", 299, 10),
        ("idle", 301, 15),
    ],
)
def test_what_does_not_move_is_polled_less_often(status: PlaybackStatus, for_how_long: float, seconds: float) -> None:
    situation = ScheduleInput(NOW, status, status_since=NOW - for_how_long)
    assert seconds_until_next_poll(situation) == seconds


def test_a_doubt_is_settled_soon() -> None:
    assert seconds_until_next_poll(replace(PLAYING, unconfirmed_answers=1)) == 1.5
    assert seconds_until_next_poll(replace(PLAYING, unconfirmed_answers=1, pace=40.0, tokens=0.0)) == quota_interval(
        replace(PLAYING, pace=40.0)
    )


def test_a_scarce_budget_stretches_the_intervals_but_not_the_end() -> None:
    scarce = replace(PLAYING, pace=28.0, ends_at=NOW + 180)
    pace = quota_interval(scarce)
    for played, paces in ((0, 1 / 3), (10, 11 / 15), (15, 14 / 15), (200, 1.5)):
        assert seconds_until_next_poll(replace(scarce, elapsed=played)) == pytest.approx(paces * pace)
    assert seconds_until_next_poll(replace(scarce, elapsed=200, ends_at=NOW + 4)) == pytest.approx(4.5)


def test_shortly_before_the_end_the_end_is_waited_for() -> None:
    scarce = replace(PLAYING, pace=28.0, elapsed=200)
    between = 1.5 * quota_interval(scarce)
    near, far = between + 0.5 * quota_interval(scarce), between + 0.7 * quota_interval(scarce)
    assert seconds_until_next_poll(replace(scarce, ends_at=NOW + near)) == pytest.approx(near + 0.5)
    assert seconds_until_next_poll(replace(scarce, ends_at=NOW + far)) == pytest.approx(between)


def test_one_question_is_kept_for_the_end() -> None:
    scarce = replace(PLAYING, pace=28.0, elapsed=0, tokens=1.0)
    pace = quota_interval(scarce)
    assert seconds_until_next_poll(scarce) == pytest.approx(pace)
    assert seconds_until_next_poll(replace(scarce, tokens=0.5)) == pytest.approx(1.5 * pace)
    assert seconds_until_next_poll(replace(scarce, ends_at=NOW + 4)) == pytest.approx(4.5)
    assert seconds_until_next_poll(replace(scarce, ends_at=NOW + 4, tokens=0.5)) == pytest.approx(0.5 * pace)


def test_a_scarce_budget_goes_where_music_plays() -> None:
    idle = ScheduleInput(NOW, "idle", status_since=NOW, pace=40.0)
    played, questions = 0.0, 0
    while played < 200:
        played += seconds_until_next_poll(replace(PLAYING, pace=40.0, elapsed=played, ends_at=None))
        questions += 1
    assert seconds_until_next_poll(idle) > 1.5 * played / questions
    assert seconds_until_next_poll(idle) > seconds_until_next_poll(replace(PLAYING, pace=40.0, elapsed=200))


@pytest.mark.parametrize("problem", ["not_configured", "needs_authorization", "bad_credentials", "forbidden"])
def test_what_costs_no_call_is_looked_at_every_second(problem: ErrorCode) -> None:
    assert seconds_until_next_poll(replace(PLAYING, problem=problem, failures=9)) == 1.0


@pytest.mark.parametrize("problem", ["rate_limited", "quota_exceeded", "budget_spent"])
@pytest.mark.parametrize(("left", "seconds"), [(None, 30.0), (5.0, 5.0), (9000.0, 30.0), (-5.0, 0.05)])
def test_a_gate_is_waited_for(problem: ErrorCode, left: float | None, seconds: float) -> None:
    retry_at = None if left is None else NOW + left
    assert seconds_until_next_poll(replace(PLAYING, problem=problem, retry_at=retry_at)) == seconds


@pytest.mark.parametrize("problem", ["rate_limited", "quota_exceeded"])
def test_a_gate_that_is_over_at_once_again_and_again_is_asked_ever_more_seldom(problem: ErrorCode) -> None:
    gate = replace(PLAYING, problem=problem, retry_at=NOW + 1)
    waits = [seconds_until_next_poll(replace(gate, failures=failures)) for failures in range(1, 9)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    long = replace(gate, retry_at=NOW + 20)
    assert [seconds_until_next_poll(replace(long, failures=failures)) for failures in (1, 4)] == [20.0, 20.0]


def test_an_outage_that_costs_nothing_is_retried_within_ten_seconds_and_seldom_sooner() -> None:
    for failures in range(1, 40):
        for jitter in (0.0, 0.5, 1.0):
            outage = replace(PLAYING, problem="spotify_unreachable", failures=failures, jitter=jitter, is_free=True)
            wait = seconds_until_next_poll(outage)
            assert wait < 8
            assert failures < 4 or wait > 4


def test_an_outage_is_retried_with_jittered_backoff() -> None:
    waits = [
        seconds_until_next_poll(replace(PLAYING, problem="spotify_unreachable", failures=failures))
        for failures in (1, 2, 3, 4, 50)
    ]
    assert waits == [1.0, 2.0, 4.0, 8.0, 60.0]
    jittered = {
        seconds_until_next_poll(replace(PLAYING, problem="spotify_unreachable", failures=4, jitter=jitter))
        for jitter in (0.0, 1.0)
    }
    assert jittered == {6.0, 10.0}
