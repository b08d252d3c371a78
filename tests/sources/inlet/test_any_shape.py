"""Any submissions in any order: nothing crashes, and all that is kept can be stored, read and shown."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from widget.model.hide_list import name_keys
from widget.model.playback import Entity, Item, PlayedItem
from widget.sources.inlet.dialects import PlayerUpdate, read_multi_scrobbler, read_own, read_web_scrobbler
from widget.sources.inlet.serialization import dump_submitted, load_submitted
from widget.sources.inlet.state import SubmittedState
from widget.sources.listenbrainz.submissions import InvalidSubmission, Submission

NOW = 1_795_000_000.0

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["playing", "One"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)


def objects(**fields: Any) -> Any:
    """Objects that have each of ``fields``, or anything in its place, or not."""
    return st.fixed_dictionaries({}, optional={name: field | VALUES for name, field in fields.items()})


TEXTS = st.text(max_size=5)
SONGS = objects(
    parsed=objects(track=TEXTS, artist=TEXTS, duration=st.floats(), currentTime=st.floats(), originUrl=TEXTS),
    processed=objects(track=TEXTS, artist=TEXTS, album=TEXTS, duration=st.integers()),
    metadata=objects(startTimestamp=st.integers(1, 1_795_003_000)),
)
PLAYS = objects(
    data=objects(
        track=TEXTS, artists=st.lists(TEXTS | objects(name=TEXTS), max_size=3), duration=st.floats(), playDate=TEXTS
    ),
    meta=objects(url=objects(web=TEXTS, origin=TEXTS)),
)
STATES = st.sampled_from(["playing", "paused", "stopped"])
OWN = objects(
    state=STATES, title=TEXTS, artists=st.lists(TEXTS, max_size=3), artist=TEXTS, duration_ms=st.integers(0, 10**7)
)
WEB_SCROBBLER = objects(
    eventName=st.sampled_from(["nowplaying", "paused", "scrobble"]),
    data=objects(song=SONGS, songs=st.lists(SONGS, max_size=2), currentlyPlaying=st.booleans()),
)
MULTI_SCROBBLER = objects(
    type=st.sampled_from(["nowPlaying", "scrobble"]),
    play=objects(status=objects(calculated=STATES, stale=st.booleans()), position=st.floats(), play=PLAYS) | PLAYS,
)


def checked(message: Submission | PlayerUpdate | None) -> None:
    """What was read can be kept, and comes back as it went."""
    state = SubmittedState()
    if isinstance(message, PlayerUpdate) and message.item is not None:
        state = state.with_progress(message.item, NOW, 3, message.progress_ms, is_paused=message.state == "paused")
    elif isinstance(message, Submission):
        state = state.with_listens(message.listens, NOW, 3, is_import=False)
    assert load_submitted(dump_submitted(state)) == state


@given(OWN | VALUES)
def test_no_json_makes_anything_but_an_update_or_a_reason(value: Any) -> None:
    with suppress(InvalidSubmission):
        checked(read_own(json.dumps(value).encode(), ()))


@given(WEB_SCROBBLER | VALUES)
def test_nor_does_web_scrobbler_s(value: Any) -> None:
    with suppress(InvalidSubmission):
        checked(read_web_scrobbler(json.dumps(value).encode(), NOW))


@given(MULTI_SCROBBLER | VALUES)
def test_nor_does_multi_scrobbler_s(value: Any) -> None:
    with suppress(InvalidSubmission):
        checked(read_multi_scrobbler(json.dumps(value).encode(), NOW))


def track(title: str, seconds: float | None) -> Item:
    milliseconds = None if seconds is None else round(seconds * 1000)
    keys = name_keys(title, ["A"], None)
    return Item("track", None, None, None, title, (Entity("A"),), duration_ms=milliseconds, hide_keys=keys)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["announce", "progress", "pause", "scrobble", "import", "stop", "hidden"]),
        st.sampled_from("AB"),
        st.sampled_from([None, 7.0, 150.0]),
        st.floats(0, 400),
        st.floats(0, 400),
    ),
    max_size=14,
)


@given(STEPS, st.integers(1, 4))
def test_whatever_happens_the_list_stays_short_and_in_order(steps: list[Any], keep: int) -> None:
    state, now = SubmittedState(), NOW
    for kind, title, duration, after, offset in steps:
        now, item = now + after, track(title, duration)
        if kind == "announce":
            state = state.with_now_playing(item, now, keep)
        elif kind in ("progress", "pause"):
            state = state.with_progress(item, now, keep, round(offset * 1000), is_paused=kind == "pause")
        elif kind in ("scrobble", "import"):
            listen = PlayedItem(item, now - offset)
            state = state.with_listens([listen], now, keep, is_import=kind == "import")
        elif kind == "stop":
            state = state.without_now_playing(now, keep)
        else:
            state = state.with_hidden(now, keep)
        times = [play.played_at for play in state.played]
        assert times == sorted(times, reverse=True)
        assert len(times) <= keep
        assert state.last_push_at == now
        assert load_submitted(dump_submitted(state)) == state
        playback = state.expired_at(now, keep).playback(now)
        assert (playback.item is None) == (playback.status == "idle")
        assert playback.ends_at is None or playback.ends_at > now
