"""A now-playing report is believed for a time, and does not come back by lingering on."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.model.hide_list import HideList, name_keys
from widget.model.playback import Entity, Item, Playback, PlayedItem, is_same_track
from widget.model.snapshot import SourceProblem
from widget.model.sources import INLET, LASTFM, LISTENBRAINZ, ExpiryRule
from widget.now_playing.serialization import dump_state, load_state
from widget.now_playing.state import NowPlayingState

NOW = 1_795_000_000.0
LATEST = 12 * 60.0


def track(title: str = "Copper Sky", seconds: float | None = None, artist: str = "The Weirs") -> Item:
    duration_ms = None if seconds is None else round(seconds * 1000)
    related = name_keys(title, (artist,), None)
    return Item("track", None, None, None, title, (Entity(artist),), duration_ms=duration_ms, hide_keys=related)


SONG, OTHER = track(), track("Blue Hour")


class Reports:
    """The state after one response and the next."""

    def __init__(self, expiry: ExpiryRule | None = LASTFM.expiry) -> None:
        self.expiry = expiry
        self.state = NowPlayingState()
        self.now = NOW

    def observe(self, item: Item | None, after: float = 10.0, newest: float | None = None) -> "Reports":
        self.now += after
        if item is None:
            recent_times = Playback("idle", self.now, is_authoritative=False, newest_played_at=newest)
        else:
            recent_times = Playback("playing", self.now, item, newest_played_at=newest)
        self.state = self.state.with_playback(recent_times, self.now, self.expiry)
        return self

    def restart(self) -> "Reports":
        self.state = load_state(dump_state(self.state), self.now).for_new_process()
        return self

    def take_over(self) -> "Reports":
        self.state = load_state(dump_state(self.state), self.now).for_new_leader()
        return self

    def status_after(self, after: float = 0.0) -> str:
        snapshot = self.state.snapshot_at(self.now + after)
        return snapshot.item.title if snapshot.item else snapshot.status

    @property
    def valid_until(self) -> float | None:
        return self.state.snapshot_at(self.now).valid_until


def test_it_ends_twelve_minutes_after_the_last_sign_of_life() -> None:
    reports = Reports().observe(SONG, 0)
    assert reports.valid_until == NOW + LATEST
    assert (reports.status_after(LATEST - 1), reports.status_after(LATEST)) == ("Copper Sky", "idle")
    for _ in range(80):
        reports.observe(SONG)
    assert reports.status_after() == "idle"
    last = reports.state.snapshot_at(reports.now).last_played
    assert last is not None
    assert (last.item, last.played_at) == (SONG, NOW + LATEST - 10)


def test_another_track_is_a_sign_of_life() -> None:
    reports = Reports().observe(SONG, 0).observe(OTHER, 600)
    assert reports.valid_until == NOW + 600 + LATEST


def test_a_scrobble_that_has_risen_is_a_repeat_and_moves_the_end() -> None:
    reports = Reports().observe(SONG, 0, newest=NOW - 200).observe(SONG, 400, newest=NOW - 200)
    assert reports.valid_until == NOW + LATEST
    before = reports.state.snapshot_at(reports.now).etag_key
    reports.observe(SONG, 10, newest=NOW)
    assert reports.valid_until == NOW + 410 + LATEST
    assert reports.state.snapshot_at(reports.now).etag_key != before


def over() -> Reports:
    reports = Reports().observe(SONG, 0, newest=NOW - 200)
    while reports.now < NOW + LATEST + 30:
        reports.observe(SONG, 60, newest=NOW - 200)
    assert reports.status_after() == "idle"
    return reports


@pytest.mark.parametrize("passed_on", [Reports.restart, Reports.take_over, lambda reports: reports])
def test_what_is_over_does_not_come_back_by_lingering(passed_on) -> None:  # type: ignore[no-untyped-def]
    reports = passed_on(over())
    for _ in range(100):
        assert reports.observe(SONG, 60, newest=NOW - 200).status_after() == "idle"


@pytest.mark.parametrize("passed_on", [Reports.restart, Reports.take_over, lambda reports: reports])
def test_an_absence_another_track_or_a_risen_scrobble_bring_it_back(passed_on) -> None:  # type: ignore[no-untyped-def]
    assert passed_on(over()).observe(None).observe(SONG).status_after() == "Copper Sky"
    assert passed_on(over()).observe(OTHER).observe(SONG).status_after() == "Copper Sky"
    assert passed_on(over()).observe(SONG, newest=NOW + 5).status_after() == "Copper Sky"


def test_a_restart_does_not_prolong_what_plays() -> None:
    reports = Reports().observe(SONG, 0).observe(SONG, 300).restart().observe(SONG, 20)
    assert reports.valid_until == NOW + LATEST


def test_one_empty_answer_changes_nothing_and_the_second_ends_it() -> None:
    reports = Reports().observe(SONG, 0).observe(None)
    assert reports.status_after() == "Copper Sky"
    assert reports.observe(SONG).valid_until == NOW + LATEST
    reports.observe(None).observe(None)
    assert reports.status_after() == "idle"


def test_an_empty_first_answer_is_idle_at_once() -> None:
    assert Reports().observe(None).status_after() == "idle"


@pytest.mark.parametrize(
    ("expiry", "seconds", "expected"),
    [
        (LISTENBRAINZ.expiry, 240.0, 250.0),
        (LISTENBRAINZ.expiry, None, 600.0),
        (INLET.expiry, 240.0, 240.0),
        (INLET.expiry, None, 600.0),
        (LASTFM.expiry, 240.0, LATEST),
    ],
)
def test_an_item_is_believed_for_its_duration_if_that_is_known(
    expiry: ExpiryRule, seconds: float | None, expected: float
) -> None:
    assert Reports(expiry).observe(track(seconds=seconds), 0).valid_until == NOW + expected


def test_a_presence_that_cannot_last_so_long_is_another_one() -> None:
    reports = Reports(LISTENBRAINZ.expiry).observe(track(seconds=240.0), 0).restart()
    assert reports.observe(track(seconds=240.0), 5_000).status_after() == "Copper Sky"
    assert over().observe(SONG, 50_000, newest=NOW - 200).status_after() == "idle"


def test_an_outage_keeps_it_five_minutes_or_to_its_end() -> None:
    reports = Reports(LISTENBRAINZ.expiry).observe(track(seconds=60.0), 0)
    problem = SourceProblem("source_unreachable", "502")
    reports.state = reports.state.with_failure(problem, NOW, 2)
    assert reports.state.snapshot_at(NOW + 69).stale
    assert reports.state.snapshot_at(NOW + 70).status == "unavailable"
    longer = Reports().observe(SONG, 0).state.with_failure(problem, NOW, 2)
    assert longer.snapshot_at(NOW + 299).status == "playing"
    assert longer.snapshot_at(NOW + 300).status == "unavailable"


def recent_times(reports: Reports, *played: PlayedItem, most: int = 5) -> list[float]:
    state = reports.state.with_history(played, most)
    return [last.played_at for last in state.snapshot_at(reports.now).recent]


def test_the_present_play_s_own_scrobble_is_no_earlier_play() -> None:
    reports = Reports().observe(None, 0).observe(SONG, 10, newest=NOW - 500).observe(SONG, 150, newest=NOW + 5)
    own, other, earlier = PlayedItem(SONG, NOW + 5), PlayedItem(OTHER, NOW - 500), PlayedItem(SONG, NOW - 900)
    assert recent_times(reports, own, other, earlier) == [NOW - 500, NOW - 900]
    reports.observe(OTHER, 10, newest=NOW + 5)
    assert recent_times(reports, own, earlier) == [NOW + 5, NOW - 900]


@pytest.mark.parametrize("own", [(), (30.0,), (30.0, 35.0)])
@pytest.mark.parametrize("earlier", [400.0, 650.0])
def test_of_what_played_already_when_we_began_to_ask_one_play_alone_is_left_out(
    own: tuple[float, ...], earlier: float
) -> None:
    played = [
        *(PlayedItem(SONG, NOW - ago) for ago in own),
        PlayedItem(OTHER, NOW - 200),
        PlayedItem(SONG, NOW - earlier),
    ]
    reports = Reports().observe(SONG, 0, newest=played[0].played_at)
    assert recent_times(reports, *played) == [NOW - 200, NOW - earlier]
    if own:
        assert recent_times(reports, played[0], played[-1]) == [NOW - earlier]


def test_what_is_hidden_does_not_make_an_earlier_play_the_present_one() -> None:
    reports = Reports().observe(SONG, 0, newest=NOW - 200)
    hide_list = HideList(keys=frozenset({"track:blue hour"}))
    played = [PlayedItem(OTHER, NOW - 200), PlayedItem(SONG, NOW - 400)]
    assert [last.played_at for last in reports.state.with_history(played, 5, hide_list).recent] == [NOW - 400]


def test_of_a_repeat_the_first_play_is_an_earlier_one() -> None:
    reports = Reports().observe(None, 0).observe(SONG, 10, newest=NOW - 500)
    reports.observe(SONG, 200, newest=NOW + 5).observe(SONG, 200, newest=NOW + 210)
    assert recent_times(reports, PlayedItem(SONG, NOW + 210), PlayedItem(SONG, NOW + 5)) == [NOW + 5]


def test_the_list_is_the_newest_first_and_no_longer_than_asked_for() -> None:
    reports = Reports().observe(None, 0)
    played = [PlayedItem(track(str(n)), NOW - n * 100.0) for n in range(1, 8)]
    assert recent_times(reports, *reversed(played), most=3) == [NOW - 100, NOW - 200, NOW - 300]
    assert recent_times(reports, *played, most=0) == []
    assert recent_times(reports, PlayedItem(OTHER, NOW - 8 * 86_400.0)) == []


def test_the_same_track_is_recognized_however_much_is_known_of_it() -> None:
    credit = name_keys("Copper Sky", ("The Weirs feat. Oda", "The Weirs", "Oda"), None)
    apart = replace(SONG, artists=(Entity("The Weirs"), Entity("Oda")), hide_keys=credit)
    together = replace(
        SONG, artists=(Entity("The Weirs feat. Oda"),), hide_keys=name_keys("x", ("The Weirs feat. Oda",), None)
    )
    assert is_same_track(apart, together)
    assert not is_same_track(SONG, track(artist="Somebody else"))
    assert is_same_track(replace(SONG, id="a"), replace(OTHER, id="a"))
    assert not is_same_track(replace(SONG, id="a"), replace(SONG, id="b"))


ANSWERS = st.lists(
    st.tuples(st.sampled_from([SONG, OTHER, None]), st.floats(1, 400), st.none() | st.floats(-500, 0)), max_size=12
)


@given(ANSWERS)
def test_nothing_is_ever_shown_for_longer_than_it_is_believed(
    answers: list[tuple[Item | None, float, float | None]],
) -> None:
    reports = Reports()
    for item, after, newest in answers:
        reports.observe(item, after, None if newest is None else reports.now + newest)
        restored = load_state(dump_state(reports.state), reports.now)
        assert restored.snapshot_at(reports.now).etag_key == reports.state.snapshot_at(reports.now).etag_key
        assert reports.status_after(LATEST) != "playing"
        announced = reports.state.report
        assert announced is None or announced.earliest_start <= announced.reported_at
