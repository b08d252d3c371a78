"""Settings: defaults, and all faults reported at once by variable."""

import re
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.config.settings import Settings, load_environ
from widget.model.errors import ConfigurationError
from widget.model.parsers import EARLIEST_AUTHORIZATION, parse_authorized_at
from widget.model.sources import SOURCES, SourceName, parse_source_name

WRONG = [
    ("PORT", "abc"),
    ("PORT", "70000"),
    ("PORT", "-1"),
    ("PORT", "\u0661"),
    ("HOST", "two words"),
    ("PUBLIC_URL", "example.org"),
    ("PUBLIC_URL", "ftp://example.org"),
    ("PUBLIC_URL", "https://example.org/?a=b"),
    ("PUBLIC_URL", 'https://example.org/"><script>'),
    ("SPOTIFY_API_URL", "api.example.org"),
    ("SPOTIFY_ACCOUNTS_URL", "https://"),
    ("SPOTIFY_ACCOUNTS_URL", "http://[broken"),
    ("SPOTIFY_REDIRECT_URI", "http://localhost:8888/callback"),
    ("SPOTIFY_REDIRECT_URI", "http://example.org/callback"),
    ("SPOTIFY_REDIRECT_URI", "http://127.0.0.1:abc/callback"),
    ("SPOTIFY_REDIRECT_URI", "https://example.org/callback#part"),
    ("SPOTIFY_AUTHORIZED_AT", "yesterday"),
    ("SPOTIFY_REFRESH_TOKEN", "AQ one two"),
    ("DATABASE_URL", "mysql://example.org/db"),
    ("DATABASE_URL", "now-playing.db"),
    ("DATABASE_URL", "sqlite://now-playing.db"),
    ("CALLS_PER_DAY", "many"),
    ("CALLS_PER_DAY", "0"),
    ("CALLS_PER_DAY", "-5"),
    ("MAX_STREAMS", "1.5"),
    ("HIDE_EXPLICIT", "maybe"),
    ("HIDE", "spotify:track:abc, not a link"),
    ("HIDE", "https://example.org/track/abc"),
    ("ARTWORK_HOSTS", "https://images.example.org"),
    ("ARTWORK_HOSTS", "images.example.org/path"),
    ("ARTWORK_HOSTS", "a..b"),
    ("FRAME_ANCESTORS", "'self'; script-src *"),
    ("FRAME_ANCESTORS", "'self'\nX: y"),
    ("FRAME_ANCESTORS", "'self'\n"),
    ("LOG_LEVEL", "loud"),
    ("LOG_LEVEL", "info\x00"),
    ("SETUP_KEY", "0123456789-too-shor"),
    ("SETUP_KEY", "0123456789" * 20 + "-"),
    ("SETUP_KEY", "abcabcabcabcabcabcabcabc"),
    ("SETUP_KEY", "a-key-of-two\nlines-0123456789"),
    ("SPOTIFY_AUTHORIZED_AT", "2007-12-31"),
    ("SPOTIFY_AUTHORIZED_AT", "0001-01-01"),
    ("SPOTIFY_AUTHORIZED_AT", "9999-12-31T23:59:59Z"),
    ("SPOTIFY_AUTHORIZED_AT", "2026-11-27T00:00:01Z"),
    ("SPOTIFY_CLIENT_ID", "an id"),
    ("SPOTIFY_CLIENT_ID", "\udcff"),
    ("SPOTIFY_CLIENT_SECRET", "a\nsecret"),
    ("SPOTIFY_REDIRECT_URI", "http://127.0.0.1:99999/callback"),
    ("SPOTIFY_REDIRECT_URI", "https://me@example.org/callback"),
    ("PUBLIC_URL", "https://example.org:port"),
    ("PUBLIC_URL", "https://me:secret@example.org"),
    ("PUBLIC_URL", "https://m\u00fcsik.example"),
    ("PUBLIC_URL", "https://example.org#"),
    ("PUBLIC_URL", "https://exa\udcffmple.org"),
    ("RENDER_EXTERNAL_URL", "example.onrender.com"),
    ("RAILWAY_PUBLIC_DOMAIN", "https://example.up.railway.app"),
    ("RAILWAY_PUBLIC_DOMAIN", "two words"),
    ("FLY_APP_NAME", "a/b"),
    ("PORT", "8" * 5000),
    ("CALLS_PER_DAY", "1" * 5000),
    ("DATABASE_URL", "sqlite:///a\x00b"),
    ("SOURCE", "winamp"),
    ("SOURCE", "Spotify"),
    ("LASTFM_USER", "a/b"),
    ("LASTFM_USER", "a" * 65),
    ("LASTFM_USER", "two\nlines"),
    ("LASTFM_API_KEY", "a key"),
    ("LASTFM_API_URL", "ws.audioscrobbler.com"),
    ("LASTFM_API_URL", "https://scrobbles.example/2.0/?method=x"),
    ("LISTENBRAINZ_USER", "../../etc"),
    ("LISTENBRAINZ_URL", "ftp://listens.example"),
    ("LISTENBRAINZ_TOKEN", "a token"),
    ("INLET_TOKEN", "fifteen-letters"),
    ("INLET_TOKEN", "sechzehn-Zeichen-mit-ü"),
    ("INLET_TOKEN", "sixteen letters-and-a-space"),
    ("INLET_TOKEN", "sha256:" + "a" * 63),
    ("INLET_TOKEN", "sha256:" + "g" * 64),
    ("INLET_LABEL", "a" * 31),
    ("INLET_LABEL", "a\tb"),
    ("RECENT", "11"),
    ("NOTIFY_URLS", "nonsense"),
    ("NOTIFY_URLS", "ntfy://topic nonsense"),
    ("NOTIFY_URLS", "://topic"),
    ("NOTIFY_URLS", "ntfy://topic,hooks.example.org/needle"),
    ("NOTIFY_URLS", "json://example.org/?to=a,hooks.example.org/needle"),
    ("RECENT", "-1"),
    ("RECENT", "some"),
    ("HIDE", "artist:"),
    ("HIDE", "song:A title"),
    ("SUBSONIC_URL", "music.example.org"),
    ("SUBSONIC_USER", "a/b"),
    ("SUBSONIC_PASSWORD", "two\nlines"),
    ("SUBSONIC_API_KEY", "a key"),
    ("SUBSONIC_LABEL", "x" * 31),
    ("MPD_HOST", "needle@"),
    ("MPD_PORT", "65536"),
    ("MPD_PORT", "0"),
    ("MPD_LABEL", "x" * 31),
]
NAMES = sorted({name for name, _ in WRONG})
NOW = 1795564800.0  # 2026-11-25


def settings_of(environ: dict[str, str]) -> Settings:
    """The settings for the source whose variables stand in ``environ``, once each of them was judged."""
    settings = Settings.from_environ(environ, NOW)
    named = [name for name, info in SOURCES.items() if any(one.startswith(info.prefix) for one in environ)]
    for source in named[1:] or named:
        settings.for_source(source)
    return settings.for_source((named or ["spotify"])[0])


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_cannot_be_right_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as refused:
        settings_of({name: value})
    assert refused.value.faults[0].startswith(f"{name} ")
    assert len(refused.value.faults) == 1
    assert "\n" not in refused.value.faults[0]


def test_the_port_of_mpd_is_never_any_free_one() -> None:
    for value in ("0", "port"):
        with pytest.raises(ConfigurationError, match="MPD_PORT must be a number from 1 to 65535"):
            settings_of({"MPD_PORT": value})


def test_a_wild_value_of_a_source_that_does_not_run_is_ignored() -> None:
    settings = Settings.from_environ({"LISTENBRAINZ_URL": "no address", "SPOTIFY_AUTHORIZED_AT": "soon"}, NOW)
    assert settings.for_source("lastfm").unused_variables == ("LISTENBRAINZ_URL", "SPOTIFY_AUTHORIZED_AT")
    for source, name in (("listenbrainz", "LISTENBRAINZ_URL"), ("spotify", "SPOTIFY_AUTHORIZED_AT")):
        with pytest.raises(ConfigurationError, match=f"^{name} must be "):
            settings.for_source(parse_source_name(source))


def test_all_faults_are_reported_at_once() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ({"PORT": "abc", "LOG_LEVEL": "loud", "HOST": "127.0.0.1"})
    assert [fault.split()[0] for fault in refused.value.faults] == ["PORT", "LOG_LEVEL"]


def test_an_empty_value_means_unset() -> None:
    empty = dict.fromkeys(NAMES, " ")
    assert Settings.from_environ(empty) == Settings()


@pytest.mark.parametrize("value", ["needle", "ntfy://topic needle", "ntfy://topic,needle"])
def test_a_wrong_address_for_messages_is_not_shown(value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ({"NOTIFY_URLS": value})
    assert "needle" not in refused.value.faults[0]


def test_the_address_for_messages_that_cannot_be_read_is_named_by_its_place() -> None:
    with pytest.raises(ConfigurationError, match="number 2 of 3"):
        Settings.from_environ({"NOTIFY_URLS": "ntfy://topic,hooks.example.org/x json://127.0.0.1:1/"})


def test_a_comma_within_an_address_for_messages_belongs_to_it() -> None:
    mail = "mailto://me:word@example.org?to=a@example.org,b@example.org"
    assert Settings.from_environ({"NOTIFY_URLS": f"{mail},ntfy://topic"}).notify_urls == (mail, "ntfy://topic")


def test_values_arrive_where_they_belong() -> None:
    settings = Settings.from_environ(
        {
            "SPOTIFY_CLIENT_ID": "an-id",
            "SPOTIFY_CLIENT_SECRET": "a-secret",
            "SPOTIFY_REFRESH_TOKEN": "a-seed",
            "SPOTIFY_AUTHORIZED_AT": "2026-11-25",
            "PORT": "8080",
            "PUBLIC_URL": "https://music.example.org/",
            "HIDE_EXPLICIT": "1",
            "HIDE": "spotify:user:me:playlist:p1, https://open.spotify.com/intl-de/track/t1?si=x",
            "ARTWORK_HOSTS": "127.0.0.1:9000, images.example.org",
            "NOTIFY_URLS": "ntfy://topic, json://127.0.0.1:1 mailto://a",
            "SETUP_KEY": "a key that is long enough",
        },
        NOW,
    )
    assert settings.credentials is not None
    assert settings.credentials.client_secret == "a-secret"
    assert settings.seed is not None
    assert settings.seed.authorized_at == 1795564800.0
    assert settings.port == 8080
    assert settings.public_url == "https://music.example.org"
    assert settings.hide_explicit
    assert settings.hide == {"spotify:playlist:p1", "spotify:track:t1"}
    assert settings.artwork_hosts == ("127.0.0.1:9000", "images.example.org")
    assert len(settings.notify_urls) == 3


WILD = ("\0", "\udcff", "\n", "a" * 100_000, "9" * 5000, "http://[", "//", ":", "%", "\u202e", "\U0001f3b5", "..", "@")


def test_every_variable_that_is_read_is_tried_with_wild_values() -> None:
    read = re.findall(r'read\("([A-Z_]+)"', Path("widget/config/settings.py").read_text(encoding="utf-8"))
    of_sources = [variable.name for source in SOURCES.values() for variable in source.variables]
    assert {*read, *of_sources} == set(NAMES)


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=80)))
def test_no_value_does_anything_but_settings_or_a_fault(environ: dict[str, str]) -> None:
    assert named_faults(environ) <= set(environ)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", WILD, ids=range(len(WILD)))
def test_a_wild_value_is_taken_or_refused_in_one_line_by_name(name: str, value: str) -> None:
    assert named_faults({name: value}) <= {name}


@pytest.mark.parametrize(
    ("environ", "public_url"),
    [
        ({"RENDER_EXTERNAL_URL": "https://music.onrender.com/"}, "https://music.onrender.com"),
        ({"RAILWAY_PUBLIC_DOMAIN": "music.up.railway.app"}, "https://music.up.railway.app"),
        ({"FLY_APP_NAME": "music-4"}, "https://music-4.fly.dev"),
        ({"FLY_APP_NAME": "music-4", "PUBLIC_URL": "https://music.example.org"}, "https://music.example.org"),
        ({"FLY_APP_NAME": "", "RENDER_EXTERNAL_URL": " "}, None),
    ],
)
def test_the_host_gives_the_public_address_if_the_owner_does_not(
    environ: dict[str, str], public_url: str | None
) -> None:
    assert Settings.from_environ(environ).public_url == public_url


def test_a_clock_that_is_half_a_day_behind_refuses_no_date() -> None:
    environ = {"SPOTIFY_REFRESH_TOKEN": "AQ", "SPOTIFY_AUTHORIZED_AT": "2026-11-25T12:00:00Z"}
    seed = Settings.from_environ(environ, NOW).seed
    assert seed is not None
    assert seed.authorized_at == NOW + 43_200


def named_faults(environ: dict[str, str]) -> set[str]:
    faults: tuple[str, ...] = ()
    try:
        settings_of(environ)
    except ConfigurationError as error:
        faults = error.faults
    assert all(fault.isprintable() and len(fault) < 300 for fault in faults)
    return {fault.split()[0] for fault in faults}


def test_secrets_are_masked_in_repr() -> None:
    secrets = {
        "SPOTIFY_CLIENT_SECRET": "marked-1",
        "SPOTIFY_REFRESH_TOKEN": "marked-2",
        "SETUP_KEY": "marked-3-0123456789-marked-3",
        "NOTIFY_URLS": "json://marked-4",
        "DATABASE_URL": "postgres://me:marked-5@127.0.0.1/db",
    }
    settings = Settings.from_environ(secrets | {"SPOTIFY_CLIENT_ID": "an-id"})
    assert "marked" not in repr(settings)
    assert "marked" not in repr(settings.credentials)
    assert "marked" not in repr(settings.seed)


def test_the_environment_wins_over_the_dotenv_file_and_an_empty_value_does_not(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=1\nHOST=127.0.0.2\nLOG_LEVEL=\n# a comment\n", encoding="utf-8")
    assert load_environ({"PORT": "2", "HOST": ""}, tmp_path) == {"PORT": "2", "HOST": "127.0.0.2"}


def test_a_dotenv_file_that_is_no_text_is_reported_clearly(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"\.env"):
        load_environ({}, tmp_path)


def test_a_source_has_its_own_variables_and_leaves_those_of_others_alone() -> None:
    environ = {
        "SOURCE": "lastfm",
        "LASTFM_USER": "quiet_ear",
        "LASTFM_API_KEY": "marked-1",
        "LASTFM_API_URL": "https://scrobbles.example/2.0/",
        "SPOTIFY_CLIENT_ID": "two words",
        "LISTENBRAINZ_URL": "no address",
        "RECENT": "10",
    }
    settings = Settings.from_environ(environ, NOW)
    assert (settings.source, settings.recent) == ("lastfm", 10)
    assert settings.source_values["LASTFM_USER"] == "quiet_ear"
    assert settings.source_values["LASTFM_API_URL"] == "https://scrobbles.example/2.0/"
    assert settings.client_id is None
    assert settings.unused_variables == ("LISTENBRAINZ_URL", "SPOTIFY_CLIENT_ID")
    assert "marked-1" not in repr(settings)


def test_the_calls_of_a_day_are_those_of_the_source_unless_the_owner_says_otherwise() -> None:
    assert Settings.from_environ({}).daily_call_limit == 3000
    assert Settings.from_environ({"SOURCE": "lastfm"}).daily_call_limit == 9000
    assert Settings.from_environ({"SOURCE": "listenbrainz", "CALLS_PER_DAY": "7"}).daily_call_limit == 7


def test_names_are_hidden_where_the_source_has_no_addresses_of_its_own() -> None:
    hide = "artist:THE  Weirs, track:Comma%2C a song,album:Ｗide"
    settings = Settings.from_environ({"SOURCE": "listenbrainz", "HIDE": hide})
    assert settings.hide == {"artist:the weirs", "track:comma, a song", "album:wide"}


@pytest.mark.parametrize(
    ("source", "name", "value"),
    [
        ("spotify", "HIDE", "artist:Somebody"),
        ("lastfm", "HIDE", "spotify:track:abc"),
        ("inlet", "HIDE", "https://open.spotify.com/artist/abc"),
        ("lastfm", "HIDE_EXPLICIT", "1"),
        ("listenbrainz", "HIDE_EXPLICIT", "1"),
        ("inlet", "HIDE_EXPLICIT", "1"),
    ],
)
def test_what_a_source_cannot_keep_is_refused_once_it_is_known(source: SourceName, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} ") as refused:
        Settings.from_environ({"SOURCE": source, name: value})
    assert len(refused.value.faults) == 1
    with pytest.raises(ConfigurationError, match=f"^{name} "):
        Settings.from_environ({name: value}).for_source(source)


def test_hiding_what_is_explicit_is_promised_by_spotify_alone() -> None:
    assert Settings.from_environ({"HIDE_EXPLICIT": "1"}).for_source("spotify").hide_explicit


@pytest.mark.parametrize(("ahead", "is_taken"), [(86_400.0, True), (86_401.0, False)])
def test_the_date_of_an_authorization_lies_between_2008_and_tomorrow(ahead: float, is_taken: bool) -> None:
    now = 1_795_000_000.0
    parse = parse_authorized_at(now)
    assert parse("2008-01-01") == EARLIEST_AUTHORIZATION
    date = datetime.fromtimestamp(now + ahead, UTC).isoformat()
    if is_taken:
        assert parse(date) == now + ahead
    else:
        with pytest.raises(ValueError, match="in the future"):
            parse(date)
