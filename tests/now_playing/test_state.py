"""The snapshot that follows from the source's responses."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.web_harness import item
from widget.model.errors import ErrorCode
from widget.model.hide_list import HideList
from widget.model.playback import Playback, PlayedItem
from widget.model.snapshot import Snapshot, SourceProblem
from widget.now_playing.serialization import dump_state, load_state
from widget.now_playing.state import NowPlayingState

NOW = 1_795_000_000.0
DAY = 86_400.0
DOWN = SourceProblem("spotify_unreachable", "502")
SONG = item(duration_ms=200_000)
UNSURE = Playback("idle", NOW, is_authoritative=False)


def plays(at: float = NOW, progress_ms: int | None = 0, what: object = SONG) -> Playback:
    return Playback("playing", at, what, progress_ms)  # type: ignore[arg-type]


KNOWN = NowPlayingState().with_playback(plays(), NOW)


def test_before_the_first_response_nothing_is_known() -> None:
    snapshot = NowPlayingState().snapshot_at(NOW)
    assert (snapshot.status, snapshot.updated_at) == ("unavailable", None)
    assert snapshot.problem is not None
    assert snapshot.problem.code == "spotify_unreachable"


def test_one_empty_answer_does_not_end_an_item_and_two_in_a_row_do() -> None:
    once = KNOWN.with_playback(UNSURE, NOW + 5)
    assert once.snapshot_at(NOW + 5).status == "playing"
    assert (
        once.with_playback(plays(NOW + 6, 6_000), NOW + 6).with_playback(UNSURE, NOW + 9).snapshot_at(NOW + 9).status
        == "playing"
    )
    assert once.with_playback(UNSURE, NOW + 7).snapshot_at(NOW + 7).status == "idle"


def test_an_empty_answer_where_nothing_played_is_believed_at_once() -> None:
    assert NowPlayingState().with_playback(UNSURE, NOW).snapshot_at(NOW).status == "idle"


def test_a_certain_answer_ends_an_item_at_once() -> None:
    assert KNOWN.with_playback(Playback("idle", NOW + 5), NOW + 5).snapshot_at(NOW + 5).status == "idle"
    assert KNOWN.with_playback(Playback("ad", NOW + 5), NOW + 5).snapshot_at(NOW + 5).status == "ad"


def test_three_seconds_after_its_end_an_item_does_not_play_any_more() -> None:
    assert KNOWN.snapshot_at(NOW + 202.9).status == "playing"
    ended = KNOWN.snapshot_at(NOW + 203)
    assert (ended.status, ended.item) == ("idle", None)
    assert ended.last_played is not None
    assert ended.last_played.item == SONG


def test_a_paused_item_does_not_end() -> None:
    paused = NowPlayingState().with_playback(Playback("paused", NOW, SONG, 199_000), NOW)
    assert paused.snapshot_at(NOW + 5000).status == "paused"


def test_one_failure_changes_nothing_and_the_second_in_a_row_does() -> None:
    once = KNOWN.with_failure(DOWN, NOW)
    assert not once.snapshot_at(NOW + 5).stale
    twice = once.with_failure(DOWN, NOW)
    assert twice.snapshot_at(NOW + 5).stale
    assert not twice.with_playback(plays(NOW + 6, 6_000), NOW + 6).snapshot_at(NOW + 6).stale


@pytest.mark.parametrize(
    "code", ["needs_authorization", "rate_limited", "forbidden", "budget_spent", "bad_credentials"]
)
def test_what_is_certain_to_last_is_reported_at_once(code: ErrorCode) -> None:
    assert KNOWN.with_failure(SourceProblem(code, "…"), NOW).snapshot_at(NOW + 5).stale


def test_without_any_token_nothing_is_shown_as_the_last_good_answer() -> None:
    snapshot = KNOWN.with_failure(SourceProblem("not_configured", "…"), NOW).snapshot_at(NOW + 5)
    assert snapshot.status == "unavailable"
    assert (snapshot.last_played, snapshot.recent, snapshot.updated_at) == (None, (), None)


def test_the_last_good_answer_is_given_until_the_item_would_have_ended() -> None:
    down = KNOWN.with_failure(DOWN, NOW).with_failure(DOWN, NOW)
    assert down.snapshot_at(NOW + 199).status == "playing"
    ended = down.snapshot_at(NOW + 200)
    assert ended.status == "unavailable"
    assert ended.problem == DOWN
    assert ended.last_played is not None


@pytest.mark.parametrize(
    "playback", [Playback("paused", NOW, SONG, 5), Playback("idle", NOW), plays(what=item(duration_ms=3_600_000))]
)
def test_or_for_five_minutes_at_most(playback: Playback) -> None:
    down = NowPlayingState().with_playback(playback, NOW).with_failure(DOWN, NOW).with_failure(DOWN, NOW)
    assert down.snapshot_at(NOW + 299).stale
    assert down.snapshot_at(NOW + 300).status == "unavailable"


def test_one_failure_long_after_the_last_answer_counts_at_once() -> None:
    assert KNOWN.with_failure(DOWN, NOW).snapshot_at(NOW + 400).status == "unavailable"


def test_the_anchor_stays_while_it_just_plays_on_and_moves_with_a_seek() -> None:
    anchors = {KNOWN.started_at}
    for offset, progress in ((5, 5_000), (10, 12_500), (15, 13_000)):
        anchors.add(KNOWN.with_playback(plays(NOW + offset, progress), NOW + offset).started_at)
    assert anchors == {NOW}
    assert KNOWN.with_playback(plays(NOW + 5, 9_000), NOW + 5).started_at == NOW - 4
    assert KNOWN.with_playback(plays(NOW + 5, 5_000, item("Another")), NOW + 5).started_at == NOW
    assert KNOWN.with_playback(Playback("paused", NOW + 5, SONG, 5_000), NOW + 5).started_at is None


def test_the_start_in_a_snapshot_moves_with_a_seek_alone_and_needs_a_position() -> None:
    assert KNOWN.snapshot_at(NOW + 1).started_at == NOW
    drifting = KNOWN
    for offset, drift in ((10, 900), (20, -900), (30, 3_000), (40, -3_000)):
        drifting = drifting.with_playback(plays(NOW + offset, offset * 1000 + drift), NOW + offset)
        assert drifting.snapshot_at(NOW + offset).started_at == NOW
    sought = KNOWN.with_playback(plays(NOW + 10, 60_000), NOW + 10)
    assert sought.snapshot_at(NOW + 10).started_at == NOW - 50
    without = [
        KNOWN.with_playback(Playback("paused", NOW + 5, SONG, 5_000), NOW + 5),
        KNOWN.with_playback(plays(NOW + 5, None), NOW + 5),
        KNOWN.with_playback(plays(NOW + 5, 0), NOW + 5),  # It stands still.
        KNOWN.with_playback(Playback("idle", NOW + 5), NOW + 5),
        NowPlayingState(),
    ]
    assert [state.snapshot_at(NOW + 5).started_at for state in without] == [None] * 5


def test_a_restart_does_not_move_the_start_of_what_just_plays_on() -> None:
    restarted = load_state(dump_state(KNOWN), NOW + 20).for_new_process()
    assert restarted.with_playback(plays(NOW + 20, 21_000), NOW + 20).started_at == NOW
    assert restarted.with_playback(plays(NOW + 20, 60_000), NOW + 20).started_at == NOW - 40
    another = restarted.with_playback(plays(NOW + 20, 20_500, item("Another")), NOW + 20)
    assert another.started_at == NOW - 0.5


def test_an_unknown_progress_keeps_one_anchor() -> None:
    first = NowPlayingState().with_playback(plays(progress_ms=None), NOW)
    assert first.with_playback(plays(NOW + 5, None), NOW + 5).started_at == first.started_at == NOW


def test_small_deviations_that_add_up_are_a_seek_in_the_end() -> None:
    state = KNOWN
    for step in range(1, 6):
        state = state.with_playback(plays(NOW + step, step * 2_000), NOW + step)
    assert state.started_at != NOW


def test_what_was_played_last_is_the_newest_of_what_was_seen_and_reported() -> None:
    older = PlayedItem(item("Older"), NOW - 100)
    newer = PlayedItem(item("Newer"), NOW + 100)
    idle = KNOWN.with_playback(Playback("idle", NOW + 5), NOW + 5)
    assert idle.with_history([older]).last_played == PlayedItem(SONG, NOW)
    assert idle.with_history([newer]).last_played == newer
    assert idle.with_history([]).last_played == PlayedItem(SONG, NOW)


def test_a_pause_does_not_make_it_newer() -> None:
    paused = KNOWN.with_playback(Playback("paused", NOW + 50, SONG, 5), NOW + 50)
    assert paused.last_played == PlayedItem(SONG, NOW)
    elsewhere = KNOWN.with_playback(Playback("paused", NOW + 50, item("Another"), 5), NOW + 50)
    assert elsewhere.last_played == PlayedItem(item("Another"), NOW + 50)


def test_after_a_week_what_was_played_last_is_forgotten() -> None:
    idle = KNOWN.with_playback(Playback("idle", NOW + 5), NOW + 5)
    assert idle.snapshot_at(NOW + 7 * DAY - 1).last_played is not None
    assert idle.snapshot_at(NOW + 7 * DAY).last_played is None


def test_while_an_item_is_shown_there_is_no_last_played() -> None:
    assert KNOWN.snapshot_at(NOW).last_played is None
    assert KNOWN.with_playback(Playback("ad", NOW), NOW).snapshot_at(NOW).last_played is not None


def test_what_is_hidden_later_is_hidden_in_what_was_known_too() -> None:
    hidden = KNOWN.filtered(HideList(keys=frozenset({"spotify:album:x"})))
    assert hidden.playback == KNOWN.playback
    secret = replace(SONG, hide_keys=frozenset({"spotify:album:x"}))
    known = (
        NowPlayingState().with_playback(plays(what=secret), NOW).filtered(HideList(keys=frozenset({"spotify:album:x"})))
    )
    assert known.snapshot_at(NOW).status == "idle"
    assert known.last_played is None


def test_the_moments_at_which_it_changes_by_itself_are_known() -> None:
    assert KNOWN.next_change_at(NOW) == NOW + 203
    assert KNOWN.next_change_at(NOW + 300) == NOW + 7 * DAY
    assert KNOWN.next_change_at(NOW + 7 * DAY) is None
    down = KNOWN.with_failure(DOWN, NOW).with_failure(DOWN, NOW)
    assert down.next_change_at(NOW) == NOW + 200


def test_a_new_process_remembers_what_was_played_but_not_what_plays() -> None:
    remembered = KNOWN.with_failure(DOWN, NOW).for_new_process()
    assert remembered.snapshot_at(NOW).status == "unavailable"
    assert remembered.last_played == PlayedItem(SONG, NOW)
    assert KNOWN.with_failure(DOWN, NOW).for_new_leader().snapshot_at(NOW) == KNOWN.snapshot_at(NOW)


def test_without_a_response_long_after_the_plan_it_grows_stale_by_the_clock_alone() -> None:
    planned = replace(KNOWN, next_poll_at=NOW + 10)
    assert not planned.snapshot_at(NOW + 24.9).stale
    assert planned.next_change_at(NOW) == NOW + 25
    stale = planned.snapshot_at(NOW + 25)
    assert (stale.stale, stale.status, stale.valid_until) == (True, "playing", NOW + 200)
    assert planned.next_change_at(NOW + 25) == NOW + 200
    assert planned.snapshot_at(NOW + 200).status == "unavailable"
    paused = replace(planned, playback=Playback("paused", NOW, SONG, 5))
    assert (paused.snapshot_at(NOW + 299).status, paused.snapshot_at(NOW + 299).stale) == ("paused", True)
    assert paused.snapshot_at(NOW + 300).status == "unavailable"


def test_a_question_that_takes_too_long_to_fail_counts_like_two() -> None:
    planned = replace(KNOWN, next_poll_at=NOW + 10)
    late = replace(planned.with_failure(DOWN, NOW + 25), next_poll_at=NOW + 26)
    assert late.snapshot_at(NOW + 25).stale
    soon = replace(planned.with_failure(DOWN, NOW + 24), next_poll_at=NOW + 26)
    assert not soon.snapshot_at(NOW + 25).stale


def test_until_when_it_may_be_shown_is_the_same_while_it_just_plays_on() -> None:
    times = {KNOWN.snapshot_at(NOW).valid_until}
    for offset, progress in ((5, 5_000), (10, 12_500), (15, 13_000)):
        times.add(
            KNOWN.with_playback(plays(NOW + offset, progress), NOW + offset).snapshot_at(NOW + offset).valid_until
        )
    assert times == {NOW + 203}
    assert KNOWN.with_playback(plays(NOW + 5, 9_000), NOW + 5).snapshot_at(NOW + 5).valid_until == NOW + 199
    assert (
        KNOWN.with_playback(Playback("paused", NOW + 5, SONG, 5_000), NOW + 5).snapshot_at(NOW + 5).valid_until is None
    )
    assert KNOWN.with_playback(plays(NOW + 5, None), NOW + 5).snapshot_at(NOW + 5).valid_until is None


@pytest.mark.parametrize("progress_ms", [7_500, 12_500])
def test_an_item_is_never_shown_for_longer_than_reported_nor_longer_than_it_lasts(progress_ms: int) -> None:
    known = KNOWN.with_playback(plays(NOW + 10, progress_ms), NOW + 10)
    ends_at = min(NOW + 203, NOW + 10 + (200_000 - progress_ms) / 1000 + 3)
    assert known.snapshot_at(ends_at - 0.1).status == "playing"
    assert known.snapshot_at(ends_at).status == "idle"


def test_without_progress_it_plays_until_its_substitute_for_the_end() -> None:
    known = NowPlayingState().with_playback(replace(plays(progress_ms=None), expires_at=NOW + 60), NOW)
    assert known.snapshot_at(NOW + 59).valid_until == NOW + 60
    assert known.snapshot_at(NOW + 59).status == "playing"
    assert known.next_change_at(NOW) == NOW + 60
    ended = known.snapshot_at(NOW + 60)
    assert (ended.status, ended.valid_until) == ("idle", None)
    assert ended.last_played is not None
    longer = known.with_playback(replace(plays(NOW + 5, None), expires_at=NOW + 90), NOW + 5)
    assert longer.snapshot_at(NOW + 6).etag_key != known.snapshot_at(NOW + 6).etag_key


@given(
    st.sampled_from(("playing", "paused", "idle", "ad")),
    st.none() | st.integers(0, 250_000),
    st.none() | st.floats(NOW, NOW + 900),
    st.none() | st.floats(NOW, NOW + 900),
    st.integers(0, 3),
    st.floats(0, 2000),
)
def test_what_is_shown_is_the_same_until_the_moment_at_which_it_changes_by_itself(
    status: str,
    progress_ms: int | None,
    good_until: float | None,
    next_question_at: float | None,
    failures: int,
    later: float,
) -> None:
    what = SONG if status in ("playing", "paused") else None
    playback = Playback(status, NOW, what, progress_ms, expires_at=good_until)  # type: ignore[arg-type]
    known = replace(NowPlayingState().with_playback(playback, NOW), next_poll_at=next_question_at)
    for _ in range(failures):
        known = known.with_failure(DOWN, NOW)
    now = NOW + later
    until = known.next_change_at(now)
    current = known.snapshot_at(now)
    for moment in (now + 0.001, now + 3, now + 100, (until or now + 1000) - 0.001):
        if moment >= now and (until is None or moment < until):
            assert known.snapshot_at(moment) == current


@given(
    st.text(),
    st.sampled_from(("playing", "paused")),
    st.none() | st.integers(0, 10**7),
    st.floats(0, 1e10),
    st.integers(0, 3),
    st.booleans(),
)
def test_what_is_shared_comes_back_as_it_was(
    title: str, status: str, progress_ms: int | None, at: float, failures: int, explicit: bool
) -> None:
    what = item(title, (title, ""), explicit=explicit, hide_keys=frozenset({"spotify:album:1"}))
    playback = Playback(status, at, what, progress_ms)  # type: ignore[arg-type]
    state = replace(NowPlayingState().with_playback(playback, at), failures=failures, problem=DOWN, next_poll_at=at)
    again = load_state(dump_state(state), 1e10)
    assert again == state
    assert again.playback is not None
    assert again.playback.item is not None
    assert again.playback.item.hide_keys == what.hide_keys


@pytest.mark.parametrize(
    "text", [None, "", "[]", "null", "7", "{", "{}", '{"playback": 5}', '{"unknown": 1}', '{"playback": {"status": 1}}']
)
def test_what_another_version_wrote_counts_for_nothing(text: str | None) -> None:
    assert load_state(text, NOW) == NowPlayingState()


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists) | st.text())
def test_no_text_breaks_it(value: object) -> None:
    assert load_state(str(value), NOW) == NowPlayingState()


def test_snapshots_that_look_the_same_have_the_same_identity() -> None:
    later = KNOWN.with_playback(plays(NOW + 5, 5_000), NOW + 5)
    assert KNOWN.snapshot_at(NOW).etag_key == later.snapshot_at(NOW + 5).etag_key
    assert KNOWN.snapshot_at(NOW).etag_key != Snapshot(None, DOWN).etag_key
