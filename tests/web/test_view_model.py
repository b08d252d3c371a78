"""The view in words, before it is drawn."""

from dataclasses import replace

import pytest

from tests.support.web_harness import EPISODE, LOCAL, advertisement, idle, item, paused, playing
from widget.model.playback import Item, PlayedItem
from widget.model.snapshot import Snapshot, SourceProblem
from widget.model.sources import SPOTIFY, SourceInfo
from widget.web.embed.i18n import get_translations
from widget.web.embed.options import WidgetOptions
from widget.web.embed.view_model import ViewModel, build_view_model, format_ago, format_duration, needs_tall_line

NOW = 1_795_000_000.0
ELSEWHERE = SourceInfo("listenbrainz", "ListenBrainz", "https://listenbrainz.org/user/ada/")
NOWHERE = SourceInfo("inlet", "Listening", None)


def seen(snapshot: Snapshot, source: SourceInfo = SPOTIFY, lang: str = "en", **options: object) -> ViewModel:
    return build_view_model(snapshot, WidgetOptions(**options), get_translations(lang), NOW, source)  # type: ignore[arg-type]


def test_a_playing_item_has_its_words_its_times_and_its_link() -> None:
    view = seen(playing(NOW, item(artists=("Mara Lindqvist", "Parallel Weather"), explicit=True)))
    assert (view.state, view.label, view.headline) == ("playing", "Now playing", "Tides of Glass")
    assert view.byline == "Mara Lindqvist, Parallel Weather"
    assert view.explicit
    assert (view.elapsed, view.duration, round(view.progress_fraction, 3)) == ("1:01", "3:34", 0.285)
    assert view.has_state_line
    assert view.has_line
    assert view.has_times
    assert view.link == "https://open.spotify.com/track/5tIdesOfGlass0000000aB"
    assert view.accessible_name == "Tides of Glass by Mara Lindqvist, Parallel Weather, listen on Spotify"


@pytest.mark.parametrize(
    ("lang", "name"),
    [
        ("de", "Tides of Glass von Mara Lindqvist, auf Spotify hören"),
        ("ja", "Mara Lindqvistの「Tides of Glass」、Spotifyで聴く"),
        ("he", "Tides of Glass מאת Mara Lindqvist, האזנה ב-Spotify"),
    ],
)
def test_the_link_is_named_in_the_visitor_s_language(lang: str, name: str) -> None:
    assert seen(playing(NOW), lang=lang).accessible_name == name


def test_braces_in_a_title_are_only_braces() -> None:
    assert (
        seen(playing(NOW, item("{source} {0}"))).accessible_name == "{source} {0} by Mara Lindqvist, listen on Spotify"
    )


def test_an_item_without_a_page_leads_to_its_source_and_one_without_artists_says_so_little() -> None:
    view = seen(playing(NOW, replace(LOCAL, artists=())))
    assert view.link == "https://open.spotify.com/"
    assert view.accessible_name == "Kitchen Demo 3 – Listen on Spotify"
    assert seen(playing(NOW, item(url="javascript:alert(1)"))).link == "https://open.spotify.com/"
    assert seen(playing(NOW, LOCAL), NOWHERE).link is None


def test_an_episode_is_by_its_show() -> None:
    assert seen(playing(NOW, EPISODE)).byline == "The Long Way Round"


def test_a_source_without_an_icon_says_its_name_and_one_without_progress_has_no_line() -> None:
    view = seen(playing(NOW), ELSEWHERE)
    assert view.source_label == "ListenBrainz"
    assert "listen on ListenBrainz" in view.accessible_name
    assert not view.has_line
    assert not view.has_times
    assert view.elapsed == view.duration == ""
    assert seen(playing(NOW)).source_label is None


@pytest.mark.parametrize("what", [item(duration_ms=None), item(duration_ms=0)])
def test_without_a_length_there_is_no_line(what: Item) -> None:
    assert not seen(playing(NOW, what)).has_line


def test_nothing_and_an_advertisement_stand_in_the_title_s_place_and_lead_to_the_source() -> None:
    nothing = seen(idle(NOW))
    assert (nothing.state, nothing.headline, nothing.title) == ("nothing", "Nothing playing", "")
    assert nothing.link == "https://open.spotify.com/"
    assert not nothing.has_state_line
    ad = seen(replace(advertisement(NOW), last_played=None))
    assert (ad.state, ad.headline, ad.title) == ("ad", "Advertisement", "")


def test_an_advertisement_leaves_what_was_played_before_it_without_line_and_times() -> None:
    ad = seen(advertisement(NOW))
    assert (ad.state, ad.label, ad.headline) == ("ad", "Back after the break", "Tides of Glass")
    assert ad.has_state_line
    assert not any((ad.has_line, ad.has_times, ad.is_animated))
    assert seen(advertisement(NOW), idle="message").headline == "Tides of Glass"


def test_idle_looks_as_chosen_and_errors_look_the_same() -> None:
    last = idle(NOW, item())
    assert [seen(last, idle=idle).state for idle in ("last", "message", "hide")] == ["last", "nothing", "hidden"]
    failed = Snapshot(None, SourceProblem("forbidden", "An owner's matter."), last_played=last.last_played)
    assert seen(failed) == seen(last)
    assert not seen(last).has_line


def test_parts_can_be_left_out_but_never_the_link() -> None:
    view = seen(paused(NOW), without=("label", "progress", "times", "artwork"))
    assert not view.has_state_line
    assert not view.has_line
    assert not view.has_times
    assert view.visible_parts == frozenset()
    assert view.link is not None


def test_the_list_alone_has_rows_and_none_of_them_stands_there_twice() -> None:
    recent = tuple(PlayedItem(item(f"Song {n}"), NOW - 700 * (n + 1)) for n in range(3))
    shown = seen(playing(NOW, recent=recent), layout="list")
    assert [(row.title, row.ago) for row in shown.rows] == [
        ("Song 0", "11 min"),
        ("Song 1", "23 min"),
        ("Song 2", "35 min"),
    ]
    quiet = replace(idle(NOW), last_played=recent[0], recent=recent)
    assert [row.title for row in seen(quiet, layout="list").rows] == ["Song 1", "Song 2"]
    assert seen(quiet, layout="list", idle="hide").rows == ()
    assert seen(playing(NOW, recent=recent)).rows == ()


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(-5, "0:00"), (4_999, "0:04"), (187_000, "3:07"), (3_723_000, "1:02:03")]
)
def test_times_are_written_as_players_do(milliseconds: int, text: str) -> None:
    assert format_duration(milliseconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-9, "1 min"), (59, "1 min"), (3599, "59 min"), (3600, "1 h"), (86_399, "23 h"), (200_000, "2 d")],
)
def test_how_long_ago_is_given_in_one_unit(seconds: float, text: str) -> None:
    assert format_ago(seconds, get_translations("en")) == text


@pytest.mark.parametrize("text", ["باب", "שיר", "คืนที่", "बारिश", "Những Ngày Ấy", "e\u0302\u0301", "မြန်မာ"])
def test_tall_scripts_are_known(text: str) -> None:
    assert needs_tall_line(text)


@pytest.mark.parametrize("text", ["Tides of Glass", "Größe, Ça", "雨の灯り", "Привет", "🪐"])
def test_others_are_not_tall(text: str) -> None:
    assert not needs_tall_line(text)
