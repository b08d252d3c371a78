"""Whose scrobbles are asked for at Last.fm, and with which key."""

import json
from dataclasses import asdict, dataclass, field, replace
from urllib.parse import quote

DEFAULT_API_URL = "https://ws.audioscrobbler.com/2.0/"


@dataclass(frozen=True, slots=True)
class LastfmAccount:
    """The user, the API key, and the address of the API, taken as it stands."""

    user: str
    key: str = field(repr=False)
    url: str = DEFAULT_API_URL

    @property
    def page(self) -> str:
        """The user's page."""
        return f"https://www.last.fm/user/{quote(self.user, safe='')}"


def to_text(account: LastfmAccount) -> str:
    """``account`` for the store, as JSON."""
    return json.dumps(asdict(account))


def from_text(text: str | None) -> LastfmAccount | None:
    """What :func:`to_text` wrote; None where that is missing or another version's."""
    try:
        return None if text is None else LastfmAccount(**json.loads(text))
    except (ValueError, TypeError):
        return None


def effective(stored: LastfmAccount | None, user: str | None, key: str | None, url: str | None) -> LastfmAccount | None:
    """The account by what is set (None where it is not), and for the rest by what is stored; None without both."""
    known = stored or LastfmAccount("", "")
    account = replace(known, user=user or known.user, key=key or known.key, url=url or known.url)
    return account if account.user and account.key else None
