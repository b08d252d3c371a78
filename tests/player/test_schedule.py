"""When Spotify is asked next."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.errors import ErrorCode
from widget.playback import PlaybackStatus
from widget.player.schedule import Situation, seconds_until_next_question

NOW = 1_795_000_000.0
PLAYING = Situation(NOW, "playing", since=NOW - 60, ends_at=NOW + 100)
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
    Situation,
    now=st.just(NOW),
    status=st.sampled_from(("playing", "paused", "ad", "idle")),
    since=st.floats(NOW - 1e6, NOW + 10),
    ends_at=st.none() | st.floats(NOW - 1e6, NOW + 1e6),
    doubts=st.integers(0, 3),
    failures=st.integers(0, 2000),
    problem=st.none() | st.sampled_from(CODES),
    retry_at=st.none() | st.floats(NOW - 1e6, NOW + 1e6),
    pace=st.floats(0, 900),
    jitter=st.floats(0, 1),
)


@given(situations)
def test_the_wait_is_always_sane(situation: Situation) -> None:
    seconds = seconds_until_next_question(situation)
    assert 0.05 <= seconds <= 200_000


@given(situations, st.floats(0, 900))
def test_a_scarcer_budget_never_means_more_questions(situation: Situation, more: float) -> None:
    poorer = replace(situation, pace=situation.pace + more)
    assert seconds_until_next_question(poorer) >= seconds_until_next_question(situation)


@pytest.mark.parametrize(
    ("left", "seconds"), [(100, 5.0), (5.0, 5.0), (3.0, 3.5), (0.1, 0.6), (0.0, 1.0), (-1.0, 1.0), (-10.0, 5.0)]
)
def test_the_end_of_an_item_is_asked_for_on_the_dot(left: float, seconds: float) -> None:
    situation = replace(PLAYING, ends_at=NOW + left)
    assert seconds_until_next_question(situation) == pytest.approx(seconds)


def test_an_item_without_an_end_is_asked_for_at_intervals() -> None:
    assert seconds_until_next_question(replace(PLAYING, ends_at=None)) == 5.0


@pytest.mark.parametrize(
    ("status", "for_how_long", "seconds"),
    [
        ("ad", 3, 3),
        ("paused", 10, 5),
        ("paused", 300, 10),
        ("paused", 5000, 30),
        ("idle", 10, 10),
        ("idle", 299, 10),
        ("idle", 301, 30),
    ],
)
def test_what_does_not_move_is_asked_for_less_often(
    status: PlaybackStatus, for_how_long: float, seconds: float
) -> None:
    situation = Situation(NOW, status, since=NOW - for_how_long)
    assert seconds_until_next_question(situation) == seconds


def test_a_doubt_is_settled_soon() -> None:
    assert seconds_until_next_question(replace(PLAYING, doubts=1)) == 1.5


def test_a_scarce_budget_stretches_the_intervals_but_not_the_end() -> None:
    assert seconds_until_next_question(replace(PLAYING, pace=40.0)) == pytest.approx(28.0)
    assert seconds_until_next_question(replace(PLAYING, pace=40.0, ends_at=NOW + 4)) == pytest.approx(4.5)


def test_a_scarce_budget_goes_where_music_plays() -> None:
    idle = Situation(NOW, "idle", since=NOW, pace=40.0)
    assert seconds_until_next_question(idle) > 2 * seconds_until_next_question(replace(PLAYING, pace=40.0))


@pytest.mark.parametrize("problem", ["not_configured", "needs_authorization", "bad_credentials", "forbidden"])
def test_what_costs_no_call_is_looked_at_every_second(problem: ErrorCode) -> None:
    assert seconds_until_next_question(replace(PLAYING, problem=problem, failures=9)) == 1.0


@pytest.mark.parametrize("problem", ["rate_limited", "quota_exceeded", "budget_spent"])
@pytest.mark.parametrize(("left", "seconds"), [(None, 30.0), (5.0, 5.0), (9000.0, 30.0), (-5.0, 0.05)])
def test_a_gate_is_waited_for(problem: ErrorCode, left: float | None, seconds: float) -> None:
    retry_at = None if left is None else NOW + left
    assert seconds_until_next_question(replace(PLAYING, problem=problem, retry_at=retry_at)) == seconds


def test_an_outage_is_asked_about_with_jittered_backoff() -> None:
    waits = [
        seconds_until_next_question(replace(PLAYING, problem="spotify_unreachable", failures=failures))
        for failures in (1, 2, 3, 4, 50)
    ]
    assert waits == [1.0, 2.0, 4.0, 8.0, 60.0]
    jittered = {
        seconds_until_next_question(replace(PLAYING, problem="spotify_unreachable", failures=4, jitter=jitter))
        for jitter in (0.0, 1.0)
    }
    assert jittered == {6.0, 10.0}
