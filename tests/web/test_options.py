"""The options of the widget: canonical, and safe against any input."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from widget.web.embed.options import WidgetOptions

NAMES = (*(f for f in WidgetOptions.__dataclass_fields__),)
EXAMPLES: tuple[Mapping[str, str], ...] = (
    {"theme": "dark", "layout": "list", "background": "none", "accent": "FF0055"},
    {"background": "#AbCdEf", "idle": "hide", "motion": "off", "font": "rounded"},
    {"radius": "0", "scale": "1.5", "lang": "pt-BR", "without": "times,artwork"},
    {"radius": "32", "scale": "3", "background": "card"},
    {"scale": ".75", "font": "mono", "layout": "compact"},
)


@pytest.mark.parametrize("query", EXAMPLES)
def test_what_is_chosen_is_read_and_written_the_same(query: Mapping[str, str]) -> None:
    options = WidgetOptions.from_query(query)
    assert set(options.non_default()) == set(query)
    assert WidgetOptions.from_query(dict(parse_qsl(options.query()))) == options


def test_the_defaults_need_no_query() -> None:
    options = WidgetOptions.from_query({})
    assert options == WidgetOptions()
    assert options.query() == ""
    assert (options.background, options.radius, options.scale, options.font) == ("art", 12, 1.0, "system")


def test_equal_looks_have_one_query() -> None:
    spelled = {"accent": "#FF0055", "scale": "1.50", "radius": "07", "without": " Times artwork,times", "lang": "DE_at"}
    canonical = {"accent": "ff0055", "scale": "1.5", "radius": "7", "without": "artwork,times", "lang": "de"}
    assert WidgetOptions.from_query(spelled).non_default() == canonical
    assert WidgetOptions.from_query(QueryParams("without=times&without=artwork")).without == ("artwork", "times")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "Dark"),
        ("layout", "grid"),
        ("background", "f00"),
        ("background", "red"),
        ("background", "ff0000;}"),
        ("accent", "12345g"),
        ("accent", "١٢٣٤٥٦"),
        ("radius", "33"),
        ("radius", "-1"),
        ("radius", "1e1"),
        ("radius", "٣"),
        ("radius", "12px"),
        ("scale", "0.7"),
        ("scale", "3.01"),
        ("scale", "nan"),
        ("scale", "1e0"),
        ("scale", "."),
        ("scale", "9" * 5000),
        ("font", "Comic Sans"),
        ("lang", "tlh"),
        ("lang", "de" * 40),
        ("without", "icon,link,everything"),
        ("without", "," * 100_000 + "label"),
        ("sample", "spotify"),
    ],
)
def test_anything_unknown_or_invalid_means_the_default(name: str, value: str) -> None:
    assert WidgetOptions.from_query({name: value}) == WidgetOptions()


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=60)))
def test_no_text_of_a_visitor_comes_through(query: dict[str, str]) -> None:
    options = WidgetOptions.from_query(query)
    assert len(options.query()) < 200
    assert all(character.isalnum() or character in "=&,.-" for character in options.query())
    assert hash(options) == hash(WidgetOptions.from_query(query))


def test_a_sample_is_read_and_is_in_no_snippet() -> None:
    options = WidgetOptions.from_query({"sample": "rtl", "theme": "dark"})
    assert options.sample == "rtl"
    assert options.query() == "theme=dark"


def test_a_custom_background_is_distinguished_from_the_named_ones() -> None:
    assert [WidgetOptions(background=value).background_color for value in ("art", "card", "none", "ff0055")] == [
        None,
        None,
        None,
        "ff0055",
    ]
