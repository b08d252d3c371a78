"""Whose listens are asked for at ListenBrainz, and where."""

import json
from dataclasses import asdict, dataclass, field, replace
from urllib.parse import quote

DEFAULT_URL = "https://api.listenbrainz.org"


@dataclass(frozen=True, slots=True)
class ListenbrainzAccount:
    """The user, the address of the server (any path before ``/1``), and the token, which is sent only where set."""

    user: str
    url: str = DEFAULT_URL
    token: str | None = field(default=None, repr=False)

    @property
    def page(self) -> str | None:
        """The user's page; None at a server of one's own, whose pages we do not know."""
        return f"https://listenbrainz.org/user/{quote(self.user, safe='')}/" if self.url == DEFAULT_URL else None


def to_text(account: ListenbrainzAccount) -> str:
    """``account`` for the store, as JSON."""
    return json.dumps(asdict(account))


def from_text(text: str | None) -> ListenbrainzAccount | None:
    """What :func:`to_text` wrote; None where that is missing or another version's."""
    try:
        return None if text is None else ListenbrainzAccount(**json.loads(text))
    except (ValueError, TypeError):
        return None


def effective(
    stored: ListenbrainzAccount | None, user: str | None, url: str | None, token: str | None
) -> ListenbrainzAccount | None:
    """The account by what is set (None where it is not), and for the rest by what is stored; None without a user.

    A stored token belongs to the server that it was stored with, and is sent to no other.
    """
    known = stored or ListenbrainzAccount("")
    if url is not None and url != known.url:
        known = replace(known, url=url, token=None)
    account = replace(known, user=user or known.user, token=token or known.token)
    return account if account.user else None
