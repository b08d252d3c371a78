"""Whose listens are asked for at ListenBrainz, and where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

USER, URL, TOKEN = "LISTENBRAINZ_USER", "LISTENBRAINZ_URL", "LISTENBRAINZ_TOKEN"
PUBLIC_URL = "https://api.listenbrainz.org"


@dataclass(frozen=True, slots=True)
class ListenbrainzAccount:
    """The user, the address of the server (any path before ``/1``), and the token, which is sent only where set."""

    user: str
    url: str = PUBLIC_URL
    token: str | None = field(default=None, repr=False)

    @property
    def page(self) -> str | None:
        """The user's page; None at a server of one's own, whose pages we do not know."""
        return f"https://listenbrainz.org/user/{quote(self.user, safe='')}/" if self.url == PUBLIC_URL else None


def account_from(values: Mapping[str, str]) -> ListenbrainzAccount | None:
    """The account that the variables in ``values`` name; None without a user."""
    user = values.get(USER)
    return None if not user else ListenbrainzAccount(user, values[URL], values.get(TOKEN))
