"""Submissions: each is what it should be, or refused with a reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.sources.listenbrainz.submissions import (
    MAX_FUTURE_SECONDS,
    MAX_KEPT_LISTENS,
    InvalidSubmission,
    read_submission,
)

NOW = 1_795_000_000.0


def listen(title: str = "One", artist: str = "A", **more: Any) -> dict[str, Any]:
    return {"track_metadata": {"track_name": title, "artist_name": artist, "additional_info": {}}, **more}


def body(kind: Any, *listens: Any) -> bytes:
    return json.dumps({"listen_type": kind, "payload": list(listens)}).encode()


def test_what_plays_now_is_one_listen_without_a_time() -> None:
    submission = read_submission(body("playing_now", listen()), NOW)
    assert submission.now_playing is not None
    assert (submission.listen_type, submission.now_playing.title, submission.listens) == ("playing_now", "One", ())


def test_a_single_has_its_time_and_several_may_come_together() -> None:
    submission = read_submission(body("single", listen(listened_at=int(NOW - 5)), listen("Two", listened_at=1)), NOW)
    assert [last.played_at for last in submission.listens] == [NOW - 5, 1.0]


def test_a_clock_that_is_a_little_ahead_counts_as_now() -> None:
    submission = read_submission(body("single", listen(listened_at=int(NOW + MAX_FUTURE_SECONDS))), NOW)
    assert submission.listens[0].played_at == NOW


def test_of_a_large_import_the_newest_are_kept() -> None:
    listens = [listen(str(n), listened_at=n) for n in range(1, MAX_KEPT_LISTENS + 3)]
    submission = read_submission(body("import", *listens), NOW)
    assert (submission.listen_type, submission.now_playing) == ("import", None)
    assert [last.played_at for last in submission.listens] == list(range(MAX_KEPT_LISTENS + 2, 2, -1))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"[" * 100_000,
        body("playing_now"),
        body("single"),
        body("import"),
        body("playing_now", listen(), listen()),
        body("single", listen()),
        body("single", listen(listened_at="five")),
        body("import", listen(listened_at=None)),
        body("single", listen(listened_at=True)),
        body("single", listen(listened_at=0)),
        body("single", listen(listened_at=int(NOW + MAX_FUTURE_SECONDS + 1))),
        body("single", listen(listened_at=10**30)),
        body("playing_now", listen(title="")),
        body("playing_now", listen(artist="")),
        body("playing_now", listen(title="  ")),
        body("playing_now", "no object"),
        body("wrong", listen()),
        body(None, listen()),
        body(["single"], listen()),
        b'{"listen_type": "single", "payload": {}}',
        b'{"listen_type": "playing_now"}',
    ],
)
def test_everything_else_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidSubmission):
        read_submission(content, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)
LISTENS = st.fixed_dictionaries(
    {},
    optional={
        "listened_at": st.integers() | JSON,
        "track_metadata": st.fixed_dictionaries(
            {}, optional={name: st.text(max_size=4) | JSON for name in ("track_name", "artist_name", "additional_info")}
        )
        | JSON,
    },
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "listen_type": st.sampled_from(["single", "playing_now", "import"]) | JSON,
        "payload": st.lists(LISTENS | JSON, max_size=3) | JSON,
    },
)


@given(BODIES | JSON)
def test_no_json_makes_anything_but_a_submission_or_a_reason(value: Any) -> None:
    try:
        submission = read_submission(json.dumps(value).encode(), NOW)
    except InvalidSubmission:
        return
    items = [last.item for last in submission.listens] + ([submission.now_playing] if submission.now_playing else [])
    assert all(item.title.strip() and item.artists for item in items)
    assert all(0 < last.played_at <= NOW for last in submission.listens)
