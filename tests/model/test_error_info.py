"""The table of error codes: complete, short, and about the source that runs."""

from typing import get_args

import pytest

from widget.model.error_info import ERROR_INFOS, SEED_SPENT, SPOTIFY_FORBIDDEN, error_info, error_message
from widget.model.errors import ErrorCode, StoreError
from widget.model.snapshot import SourceProblem
from widget.model.sources import SOURCES, SourceName


def test_every_code_has_a_row() -> None:
    assert set(ERROR_INFOS) == set(get_args(ErrorCode))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("code", get_args(ErrorCode))
def test_a_row_speaks_of_the_source_in_plain_sentences(code: ErrorCode, source: SourceName) -> None:
    info = error_info(code, SOURCES[source])
    assert not info.headline.endswith(".")
    assert info.explanation.endswith(".")
    assert info.action.endswith(".")
    assert info.action.count("`") % 2 == 0
    assert not set("{}`") & set(info.message)
    assert info.message.isprintable()
    if source != "spotify" and code != "spotify_unreachable":
        assert "Spotify" not in info.message


@pytest.mark.parametrize("info", [SEED_SPENT, SPOTIFY_FORBIDDEN])
def test_what_spotify_alone_may_say_is_as_plain(info: object) -> None:
    assert str(info).count("{") == 0


def test_a_lost_authorization_is_renewed_where_the_owner_can() -> None:
    assert "python -m bootstrap" in error_message("needs_authorization")
    message = error_message("needs_authorization", reauthorize="Open https://me.example/setup to authorize again.")
    assert message.endswith("Open https://me.example/setup to authorize again.")
    assert "bootstrap" not in message


def test_a_problem_that_nobody_foresaw_names_no_place_and_no_secret() -> None:
    for error in (StoreError("the database /home/me/now-playing.db is locked"), RuntimeError("needle")):
        problem = SourceProblem.of(error, 0.0)
        assert problem.message == error_message(problem.code)
