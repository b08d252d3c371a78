"""The variables of the sources but Spotify, and how the text of each is read."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from widget.model import parsers

LONGEST_USER = 64
LONGEST_LABEL = 30
LEAST_TOKEN = 16
MOST_RECENT = 10
HASHED = "sha256:"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a source. ``parse`` gives the value or raises ValueError with a sentence that says what to write.

    ``question`` is how the owner is asked for it, None where it can be done without; ``secret`` ones are never shown.
    Secrets that were stored with one value of a variable that ``binds_secrets`` are not used with another.
    """

    name: str
    parse: Callable[[str], str]
    default: str | None = None
    question: str | None = None
    secret: bool = False
    binds_secrets: bool = False


def user_name(value: str) -> str:
    """The name of a user."""
    if not value.isprintable() or "/" in value or len(value) > LONGEST_USER:
        raise ValueError(f"use a name of {LONGEST_USER} characters at most, without / and line breaks")
    return value


def address_as_it_stands(value: str) -> str:
    """An http or https address, with the slash at its end where there is one."""
    return parsers.web_address(value) + "/" * value.endswith("/")


def inlet_token(value: str) -> str:
    """The token that players send, or the SHA-256 of it."""
    if value.lower().startswith(HASHED):
        if not re.fullmatch(r"[0-9a-f]{64}", value[len(HASHED) :].lower()):
            raise ValueError(f"after {HASHED} use the 64 hexadecimal digits that python -m bootstrap export prints")
        return value.lower()
    if len(parsers.one_word(value)) < LEAST_TOKEN:
        raise ValueError(f"use at least {LEAST_TOKEN} characters, such as python -m bootstrap --source inlet makes")
    return value


def inlet_label(value: str) -> str:
    """What the inlet is called in front of visitors."""
    if not value.isprintable() or not 1 <= len(value) <= LONGEST_LABEL:
        raise ValueError(f"use 1 to {LONGEST_LABEL} characters on one line")
    return value


def recent(value: str) -> int:
    """How many earlier plays are published."""
    if not value.isascii() or not value.isdigit() or len(value) > 2 or int(value) > MOST_RECENT:
        raise ValueError(f"use a number from 0 (none) to {MOST_RECENT}")
    return int(value)


LASTFM_VARIABLES = (
    Variable("LASTFM_USER", user_name, question="The user at Last.fm"),
    Variable("LASTFM_API_KEY", parsers.one_word, question="The API key (hidden)", secret=True),
    Variable("LASTFM_API_URL", address_as_it_stands, "https://ws.audioscrobbler.com/2.0/"),
)
LISTENBRAINZ_VARIABLES = (
    Variable("LISTENBRAINZ_USER", user_name, question="The user at ListenBrainz"),
    Variable("LISTENBRAINZ_URL", parsers.web_address, "https://api.listenbrainz.org", binds_secrets=True),
    Variable("LISTENBRAINZ_TOKEN", parsers.one_word, secret=True),
)
INLET_VARIABLES = (
    Variable("INLET_TOKEN", inlet_token, secret=True),
    Variable("INLET_LABEL", inlet_label, "Listening"),
)
