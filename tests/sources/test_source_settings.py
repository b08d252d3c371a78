"""Set values override stored ones, and a stored secret goes to no other address."""

import pytest

from widget.config.source_settings import ACTIVE_SOURCE_KEY, dump_values, load_values, merge_values, stored_source_name
from widget.model.sources import INLET, LASTFM, LISTENBRAINZ

STORED = {"LISTENBRAINZ_USER": "stored", "LISTENBRAINZ_URL": "https://listens.example", "LISTENBRAINZ_TOKEN": "secret"}


def test_what_is_set_goes_before_what_is_stored_and_that_before_the_default() -> None:
    assert merge_values(LASTFM, {}, {}) == {"LASTFM_API_URL": "https://ws.audioscrobbler.com/2.0/"}
    assert merge_values(LISTENBRAINZ, {"LISTENBRAINZ_USER": "set"}, STORED) == {**STORED, "LISTENBRAINZ_USER": "set"}
    assert "INLET_LABEL" not in merge_values(INLET, {}, {})


def test_a_stored_secret_goes_to_no_other_server() -> None:
    moved = merge_values(LISTENBRAINZ, {"LISTENBRAINZ_URL": "https://elsewhere.example"}, STORED)
    assert moved == {"LISTENBRAINZ_USER": "stored", "LISTENBRAINZ_URL": "https://elsewhere.example"}
    same = merge_values(LISTENBRAINZ, {"LISTENBRAINZ_URL": "https://listens.example"}, STORED)
    assert same == STORED
    unnamed = {"LISTENBRAINZ_USER": "stored", "LISTENBRAINZ_TOKEN": "secret"}
    assert "LISTENBRAINZ_TOKEN" not in merge_values(
        LISTENBRAINZ, {"LISTENBRAINZ_URL": "https://elsewhere.example"}, unnamed
    )


def test_it_comes_back_from_the_store_as_it_went_there() -> None:
    assert load_values(dump_values(STORED), LISTENBRAINZ) == STORED


@pytest.mark.parametrize(
    "text", [None, "", "[]", "null", "{", '{"LISTENBRAINZ_USER": 5}', '{"OTHER": "x"}', '{"LISTENBRAINZ_USER": ""}']
)
def test_what_cannot_be_read_is_as_if_it_were_not_there(text: str | None) -> None:
    assert load_values(text, LISTENBRAINZ) == {}


class OneNote:
    """Resolve the source with ``text`` stored."""

    def __init__(self, text: str | None) -> None:
        self.text = text

    async def get_value(self, name: str) -> str | None:
        return self.text if name == ACTIVE_SOURCE_KEY else None


@pytest.mark.parametrize(
    ("text", "name"),
    [("lastfm", "lastfm"), ("inlet", "inlet"), (None, "spotify"), ("", "spotify"), ("tape", "spotify")],
)
async def test_what_the_last_bootstrap_chose_counts_and_without_it_spotify(text: str | None, name: str) -> None:
    assert await stored_source_name(OneNote(text)) == name
