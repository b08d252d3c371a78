"""Parsers for the variables in the registry of sources; see :mod:`widget.model.parsers`."""

import re

from widget.model import parsers

MAX_USER_LENGTH = 64
MAX_LABEL_LENGTH = 30
MAX_PASSWORD_LENGTH = 1000
MIN_TOKEN_LENGTH = 16
MAX_RECENT = 10
SHA256_PREFIX = "sha256:"


def parse_user_name(value: str) -> str:
    if not value.isprintable() or "/" in value or len(value) > MAX_USER_LENGTH:
        raise ValueError(f"must be a name of at most {MAX_USER_LENGTH} characters, without / and line breaks")
    return value


def parse_base_url(value: str) -> str:
    """Return the address with its final slash, if it has one."""
    return parsers.parse_url(value) + "/" * value.endswith("/")


def parse_listenbrainz_url(value: str) -> str:
    """Return the address of a ListenBrainz server without the ``/1`` of its API."""
    return parsers.parse_url(value).removesuffix("/1").rstrip("/")


def parse_inlet_token(value: str) -> str:
    """Return the token that players send, or its SHA-256."""
    if value.lower().startswith(SHA256_PREFIX):
        if not re.fullmatch(r"[0-9a-f]{64}", value[len(SHA256_PREFIX) :].lower()):
            raise ValueError(f"must have 64 hexadecimal digits after {SHA256_PREFIX}, as export prints them")
        return value.lower()
    if len(parsers.parse_token(value)) < MIN_TOKEN_LENGTH or not value.isascii():
        # Most players send nothing beyond ASCII in a header.
        raise ValueError(
            f"must have at least {MIN_TOKEN_LENGTH} ASCII characters; python -m bootstrap --source inlet creates one"
        )
    return value


def parse_label(value: str) -> str:
    """Return the name of the source that visitors see."""
    if not value.isprintable() or not 1 <= len(value) <= MAX_LABEL_LENGTH:
        raise ValueError(f"must have 1 to {MAX_LABEL_LENGTH} characters on one line")
    return value


def parse_server_url(value: str) -> str:
    """Return the address of a Subsonic server without the path of its API."""
    return parsers.parse_url(value).removesuffix("/rest")


def parse_password(value: str) -> str:
    """Return a password, which may contain spaces."""
    if not value.isprintable() or len(value) > MAX_PASSWORD_LENGTH:
        raise ValueError("contains a line break or is too long; paste only the value")
    return value


def parse_mpd_host(value: str) -> str:
    """Return ``value`` if it names a host or socket, with or without a password.

    Either a host, ``password@host``, the path of a socket, or ``@`` and the name of an abstract socket.
    """
    _, host = split_mpd_password(value)
    if not value.isprintable() or len(value) > MAX_PASSWORD_LENGTH or not host or (" " in host and "/" not in host):
        raise ValueError("must be a host, password@host, or the path of a socket")
    return value


def split_mpd_password(value: str) -> tuple[str | None, str]:
    """Return the password, None without one, and the host.

    A value that begins with ``@`` is an abstract socket.
    """
    password, separator, host = value.partition("@")
    return (password, host) if separator and password and not value.startswith("/") else (None, value)


def parse_mpd_port(value: str) -> str:
    if not parsers.is_whole_number(value, 5) or not 1 <= int(value) <= 65_535:
        raise ValueError("must be a number from 1 to 65535")
    return str(int(value))


def parse_recent(value: str) -> int:
    """Return the number of earlier plays to publish."""
    if not parsers.is_whole_number(value, 2) or int(value) > MAX_RECENT:
        raise ValueError(f"must be a number from 0 (none) to {MAX_RECENT}")
    return int(value)
