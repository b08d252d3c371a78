"""What is announced as playing is believed for a time, and does not come back by just being there."""

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


class Listening:
    """What is known after one answer and the next; ``shown`` is what a visitor sees."""

    def __init__(self, endurance: ExpiryRule | None = LASTFM.expiry) -> None:
        self.endurance = endurance
        self.knowledge = NowPlayingState()
        self.now = NOW

    def hear(self, item: Item | None, after: float = 10.0, newest: float | None = None) -> "Listening":
        self.now += after
        if item is None:
            told = Playback("idle", self.now, is_authoritative=False, newest_played_at=newest)
        else:
            told = Playback("playing", self.now, item, newest_played_at=newest)
        self.knowledge = self.knowledge.with_playback(told, self.now, self.endurance)
        return self

    def restart(self) -> "Listening":
        self.knowledge = load_state(dump_state(self.knowledge), self.now).for_new_process()
        return self

    def take_over(self) -> "Listening":
        self.knowledge = load_state(dump_state(self.knowledge), self.now).for_new_leader()
        return self

    def shown(self, after: float = 0.0) -> str:
        snapshot = self.knowledge.snapshot_at(self.now + after)
        return snapshot.item.title if snapshot.item else snapshot.status

    @property
    def valid_until(self) -> float | None:
        return self.knowledge.snapshot_at(self.now).valid_until


def test_it_ends_twelve_minutes_after_the_last_sign_of_life() -> None:
    listening = Listening().hear(SONG, 0)
    assert listening.valid_until == NOW + LATEST
    assert (listening.shown(LATEST - 1), listening.shown(LATEST)) == ("Copper Sky", "idle")
    for _ in range(80):
        listening.hear(SONG)
    assert listening.shown() == "idle"
    last = listening.knowledge.snapshot_at(listening.now).last_played
    assert last is not None
    assert (last.item, last.played_at) == (SONG, NOW + LATEST - 10)


def test_another_track_is_a_sign_of_life() -> None:
    listening = Listening().hear(SONG, 0).hear(OTHER, 600)
    assert listening.valid_until == NOW + 600 + LATEST


def test_a_scrobble_that_has_risen_is_a_repeat_and_moves_the_end() -> None:
    listening = Listening().hear(SONG, 0, newest=NOW - 200).hear(SONG, 400, newest=NOW - 200)
    assert listening.valid_until == NOW + LATEST
    before = listening.knowledge.snapshot_at(listening.now).etag_key
    listening.hear(SONG, 10, newest=NOW)
    assert listening.valid_until == NOW + 410 + LATEST
    assert listening.knowledge.snapshot_at(listening.now).etag_key != before


def over() -> Listening:
    listening = Listening().hear(SONG, 0, newest=NOW - 200)
    while listening.now < NOW + LATEST + 30:
        listening.hear(SONG, 60, newest=NOW - 200)
    assert listening.shown() == "idle"
    return listening


@pytest.mark.parametrize("passed_on", [Listening.restart, Listening.take_over, lambda listening: listening])
def test_what_is_over_does_not_come_back_by_lingering(passed_on) -> None:  # type: ignore[no-untyped-def]
    listening = passed_on(over())
    for _ in range(100):
        assert listening.hear(SONG, 60, newest=NOW - 200).shown() == "idle"


@pytest.mark.parametrize("passed_on", [Listening.restart, Listening.take_over, lambda listening: listening])
def test_an_absence_another_track_or_a_risen_scrobble_bring_it_back(passed_on) -> None:  # type: ignore[no-untyped-def]
    assert passed_on(over()).hear(None).hear(SONG).shown() == "Copper Sky"
    assert passed_on(over()).hear(OTHER).hear(SONG).shown() == "Copper Sky"
    assert passed_on(over()).hear(SONG, newest=NOW + 5).shown() == "Copper Sky"


def test_a_restart_does_not_prolong_what_plays() -> None:
    listening = Listening().hear(SONG, 0).hear(SONG, 300).restart().hear(SONG, 20)
    assert listening.valid_until == NOW + LATEST


def test_one_empty_answer_changes_nothing_and_the_second_ends_it() -> None:
    listening = Listening().hear(SONG, 0).hear(None)
    assert listening.shown() == "Copper Sky"
    assert listening.hear(SONG).valid_until == NOW + LATEST
    listening.hear(None).hear(None)
    assert listening.shown() == "idle"


def test_an_empty_first_answer_is_idle_at_once() -> None:
    assert Listening().hear(None).shown() == "idle"


@pytest.mark.parametrize(
    ("endurance", "seconds", "expected"),
    [
        (LISTENBRAINZ.expiry, 240.0, 250.0),
        (LISTENBRAINZ.expiry, None, 600.0),
        (INLET.expiry, 240.0, 240.0),
        (INLET.expiry, None, 600.0),
        (LASTFM.expiry, 240.0, LATEST),
    ],
)
def test_an_item_is_believed_for_its_duration_where_that_is_told(
    endurance: ExpiryRule, seconds: float | None, expected: float
) -> None:
    assert Listening(endurance).hear(track(seconds=seconds), 0).valid_until == NOW + expected


def test_a_presence_that_cannot_last_so_long_is_another_one() -> None:
    listening = Listening(LISTENBRAINZ.expiry).hear(track(seconds=240.0), 0).restart()
    assert listening.hear(track(seconds=240.0), 5_000).shown() == "Copper Sky"
    assert over().hear(SONG, 50_000, newest=NOW - 200).shown() == "idle"


def test_an_outage_keeps_it_five_minutes_or_to_its_end() -> None:
    listening = Listening(LISTENBRAINZ.expiry).hear(track(seconds=60.0), 0)
    problem = SourceProblem("source_unreachable", "502")
    listening.knowledge = listening.knowledge.with_failure(problem, NOW, 2)
    assert listening.knowledge.snapshot_at(NOW + 69).stale
    assert listening.knowledge.snapshot_at(NOW + 70).status == "unavailable"
    longer = Listening().hear(SONG, 0).knowledge.with_failure(problem, NOW, 2)
    assert longer.snapshot_at(NOW + 299).status == "playing"
    assert longer.snapshot_at(NOW + 300).status == "unavailable"


def told(listening: Listening, *played: PlayedItem, most: int = 5) -> list[float]:
    knowledge = listening.knowledge.with_history(played, most)
    return [last.played_at for last in knowledge.snapshot_at(listening.now).recent]


def test_the_present_play_s_own_scrobble_is_no_earlier_play() -> None:
    listening = Listening().hear(None, 0).hear(SONG, 10, newest=NOW - 500).hear(SONG, 150, newest=NOW + 5)
    own, other, earlier = PlayedItem(SONG, NOW + 5), PlayedItem(OTHER, NOW - 500), PlayedItem(SONG, NOW - 900)
    assert told(listening, own, other, earlier) == [NOW - 500, NOW - 900]
    listening.hear(OTHER, 10, newest=NOW + 5)
    assert told(listening, own, earlier) == [NOW + 5, NOW - 900]


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
    listening = Listening().hear(SONG, 0, newest=played[0].played_at)
    assert told(listening, *played) == [NOW - 200, NOW - earlier]
    if own:
        assert told(listening, played[0], played[-1]) == [NOW - earlier]


def test_what_is_hidden_does_not_make_an_earlier_play_the_present_one() -> None:
    listening = Listening().hear(SONG, 0, newest=NOW - 200)
    hiding = HideList(keys=frozenset({"track:blue hour"}))
    played = [PlayedItem(OTHER, NOW - 200), PlayedItem(SONG, NOW - 400)]
    assert [last.played_at for last in listening.knowledge.with_history(played, 5, hiding).recent] == [NOW - 400]


def test_of_a_repeat_the_first_play_is_an_earlier_one() -> None:
    listening = Listening().hear(None, 0).hear(SONG, 10, newest=NOW - 500)
    listening.hear(SONG, 200, newest=NOW + 5).hear(SONG, 200, newest=NOW + 210)
    assert told(listening, PlayedItem(SONG, NOW + 210), PlayedItem(SONG, NOW + 5)) == [NOW + 5]


def test_the_list_is_the_newest_first_and_no_longer_than_asked_for() -> None:
    listening = Listening().hear(None, 0)
    played = [PlayedItem(track(str(n)), NOW - n * 100.0) for n in range(1, 8)]
    assert told(listening, *reversed(played), most=3) == [NOW - 100, NOW - 200, NOW - 300]
    assert told(listening, *played, most=0) == []
    assert told(listening, PlayedItem(OTHER, NOW - 8 * 86_400.0)) == []


def test_the_same_track_is_known_however_much_was_told_of_it() -> None:
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
    listening = Listening()
    for item, after, newest in answers:
        listening.hear(item, after, None if newest is None else listening.now + newest)
        restored = load_state(dump_state(listening.knowledge), listening.now)
        assert restored.snapshot_at(listening.now).etag_key == listening.knowledge.snapshot_at(listening.now).etag_key
        assert listening.shown(LATEST) != "playing"
        announced = listening.knowledge.report
        assert announced is None or announced.earliest_start <= announced.reported_at
