"""The variables of the sources but Spotify, and how the text of each is read."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from widget.model import parsers

MAX_USER_LENGTH = 64
MAX_LABEL_LENGTH = 30
MIN_TOKEN_LENGTH = 16
MAX_RECENT = 10
SHA256_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class SourceVariable:
    """One variable of a source. ``parse`` gives the value or raises ValueError with a sentence that says what to write.

    ``question`` is how the owner is asked for it, None where it can be done without; ``secret`` ones are never shown.
    Secrets that were stored with one value of a variable that ``binds_secrets`` are not used with another.
    """

    name: str
    parse: Callable[[str], str]
    default: str | None = None
    prompt: str | None = None
    secret: bool = False
    scopes_secrets: bool = False


def parse_user_name(value: str) -> str:
    """The name of a user."""
    if not value.isprintable() or "/" in value or len(value) > MAX_USER_LENGTH:
        raise ValueError(f"use a name of {MAX_USER_LENGTH} characters at most, without / and line breaks")
    return value


def parse_base_url(value: str) -> str:
    """An http or https address, with the slash at its end where there is one."""
    return parsers.parse_url(value) + "/" * value.endswith("/")


def parse_inlet_token(value: str) -> str:
    """The token that players send, or the SHA-256 of it."""
    if value.lower().startswith(SHA256_PREFIX):
        if not re.fullmatch(r"[0-9a-f]{64}", value[len(SHA256_PREFIX) :].lower()):
            raise ValueError(
                f"after {SHA256_PREFIX} use the 64 hexadecimal digits that python -m bootstrap export prints"
            )
        return value.lower()
    if len(parsers.parse_token(value)) < MIN_TOKEN_LENGTH:
        raise ValueError(
            f"use at least {MIN_TOKEN_LENGTH} characters, such as python -m bootstrap --source inlet makes"
        )
    return value


def parse_inlet_label(value: str) -> str:
    """What the inlet is called in front of visitors."""
    if not value.isprintable() or not 1 <= len(value) <= MAX_LABEL_LENGTH:
        raise ValueError(f"use 1 to {MAX_LABEL_LENGTH} characters on one line")
    return value


def parse_recent(value: str) -> int:
    """How many earlier plays are published."""
    if not value.isascii() or not value.isdigit() or len(value) > 2 or int(value) > MAX_RECENT:
        raise ValueError(f"use a number from 0 (none) to {MAX_RECENT}")
    return int(value)


LASTFM_VARIABLES = (
    SourceVariable("LASTFM_USER", parse_user_name, prompt="The user at Last.fm"),
    SourceVariable("LASTFM_API_KEY", parsers.parse_token, prompt="The API key (hidden)", secret=True),
    SourceVariable("LASTFM_API_URL", parse_base_url, "https://ws.audioscrobbler.com/2.0/"),
)
LISTENBRAINZ_VARIABLES = (
    SourceVariable("LISTENBRAINZ_USER", parse_user_name, prompt="The user at ListenBrainz"),
    SourceVariable("LISTENBRAINZ_URL", parsers.parse_url, "https://api.listenbrainz.org", scopes_secrets=True),
    SourceVariable("LISTENBRAINZ_TOKEN", parsers.parse_token, secret=True),
)
INLET_VARIABLES = (
    SourceVariable("INLET_TOKEN", parse_inlet_token, secret=True),
    SourceVariable("INLET_LABEL", parse_inlet_label, "Listening"),
)
