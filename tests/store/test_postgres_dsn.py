"""Faults of a Postgres address that are found before any connection."""

import pytest

from widget.model.errors import ConfigurationError
from widget.store.postgres_dsn import validate_dsn

PASSWORD = "marked-5"
ADDRESS = f"postgres://me:{PASSWORD}@db.example:6543/music"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *((name, "bogus") for name in ("sslmode", "gssencmode", "channel_binding", "target_session_attrs")),
        *((name, "bogus") for name in ("load_balance_hosts", "require_auth", "ssl_min_protocol_version")),
        *((name, "often") for name in ("keepalives", "keepalives_idle", "tcp_user_timeout", "connect_timeout")),
        ("sslmode", ""),
        ("sslmode", "REQUIRE"),
        ("connect_timeout", "nan"),
        ("keepalives_count", "99999999999"),
        ("hostaddr", "nowhere"),
        ("hostaddr", "127.0.0.1,127.0.0.2"),
        ("port", "1,2,3"),
        ("port", "70000"),
        ("no_such_option", "1"),
    ],
)
def test_an_option_that_libpq_refuses_makes_no_address(option: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL is not a valid Postgres address \(.+\)$") as raised:
        validate_dsn(f"{ADDRESS}?{option}={value}")
    assert PASSWORD not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)


def test_an_error_is_reported_in_the_words_of_the_library() -> None:
    for option, value in (("sslmode", "bogus"), ("keepalives", "often")):
        with pytest.raises(ConfigurationError, match=f'"{value}"') as raised:
            validate_dsn(f"{ADDRESS}?{option}={value}")
        assert option in str(raised.value)


def test_an_option_that_repeats_the_password_is_not_reported() -> None:
    with pytest.raises(ConfigurationError) as raised:
        validate_dsn(f"{ADDRESS}?sslmode={PASSWORD}")
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        ADDRESS,
        "postgres:///music",
        "postgresql://me@/music?host=/run/postgresql",
        "postgresql://one.example,two.example/music",
        "postgresql://one.example:1,two.example:2/music?target_session_attrs=read-write&load_balance_hosts=random",
        "postgresql://one.example,two.example/music?port=6543",
        "postgresql://[::1]:6543/music",
        "postgresql://db.example/music?hostaddr=192.0.2.1",
        "postgresql:///music?hostaddr=192.0.2.1,192.0.2.2",
        *(f"{ADDRESS}?sslmode={mode}" for mode in ("disable", "prefer", "require", "verify-full")),
        f"{ADDRESS}?sslmode=verify-full&sslrootcert=/nowhere/root.pem&channel_binding=prefer",
        f"{ADDRESS}?connect_timeout=10&keepalives=1&keepalives_idle=5&tcp_user_timeout=1000",
        f"{ADDRESS}?options=-c%20search_path%3Dpublic&application_name=music",
        f"{ADDRESS}?gssencmode=disable",
    ],
)
def test_an_address_that_may_work_is_one(address: str) -> None:
    validate_dsn(address)


def test_a_wrong_value_in_the_environment_is_not_laid_to_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "bogus")
    validate_dsn(ADDRESS)


def test_the_environment_does_not_make_a_right_address_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "one.example,two.example")
    monkeypatch.setenv("PGPORT", "1,2")
    validate_dsn("postgresql:///music?port=1,2")
    validate_dsn(ADDRESS)
