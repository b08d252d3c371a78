"""Whose scrobbles are asked for at Last.fm, and with which key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

USER, KEY, URL = "LASTFM_USER", "LASTFM_API_KEY", "LASTFM_API_URL"


@dataclass(frozen=True, slots=True)
class LastfmAccount:
    """The user, the API key, and the address of the API, taken as it stands."""

    user: str
    key: str = field(repr=False)
    url: str

    @property
    def page(self) -> str:
        """The user's page."""
        return f"https://www.last.fm/user/{quote(self.user, safe='')}"


def account_from(values: Mapping[str, str]) -> LastfmAccount | None:
    """The account that the variables in ``values`` name; None without a user or a key."""
    if not values.get(USER) or not values.get(KEY):
        return None
    return LastfmAccount(values[USER], values[KEY], values[URL])
