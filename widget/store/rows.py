"""Rows to values. A row is input like any other: if it cannot be read it counts as absent."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from widget.model.errors import ErrorCode
from widget.model.serialization import MAX_TIMESTAMP
from widget.model.tokens import AccessToken, Account, Authorization, Credentials

Row = Mapping[str, Any]

_CODES: Mapping[str, ErrorCode] = {code: code for code in get_args(ErrorCode)}


@dataclass(frozen=True, slots=True)
class RateLimitBlock:
    """No request may be sent to the source until ``until`` (s since the epoch)."""

    until: float
    code: ErrorCode
    message: str


def read_authorization(rows: Sequence[Row]) -> Authorization | None:
    """Return the authorization; None without a refresh token.

    Other columns that cannot be read count as unknown.
    """
    refresh_token = _word(rows[0]["refresh_token"]) if rows else None
    if refresh_token is None:
        return None
    row = rows[0]
    account_id, scopes = _text(row["account_id"]), _text(row["scopes"]) or ""
    return Authorization(
        refresh_token=refresh_token,
        scopes=tuple(scopes.split()),
        account=None if account_id is None else Account(account_id, _text(row["account_name"])),
        authorized_at=read_timestamp(row["authorized_at"]),
        access=_access_token(row),
        last_refreshed_at=read_timestamp(row["last_refreshed_at"]),
        # Anything but 1 counts as usable: Spotify's response decides then.
        needs_authorization=row["needs_authorization"] == 1,
    )


def read_credentials(rows: Sequence[Row]) -> Credentials | None:
    client_id = _word(rows[0]["client_id"]) if rows else None
    return None if client_id is None else Credentials(client_id, _word(rows[0]["client_secret"]))


def read_value(rows: Sequence[Row]) -> str | None:
    return _text(rows[0]["text"]) if rows else None


def read_calls(rows: Sequence[Row]) -> list[tuple[float, int]]:
    """Return the start of each minute (s since the epoch) and its number of calls."""
    return [
        (row["minute"] * 60.0, row["spent"])
        for row in rows
        if isinstance(row["minute"], int) and isinstance(row["spent"], int)
    ]


def read_rate_limit_block(text: str | None) -> RateLimitBlock | None:
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    until, code, message = read_timestamp(value.get("until")), value.get("code"), _text(value.get("message"))
    if until is None or message is None or not isinstance(code, str) or code not in _CODES:
        return None
    return RateLimitBlock(until, _CODES[code], message)


def read_timestamp(value: object) -> float | None:
    """Return ``value`` as seconds since the epoch, None if it is not a time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value < MAX_TIMESTAMP else None


def _access_token(row: Row) -> AccessToken | None:
    value, expires_at = _word(row["access_token"]), read_timestamp(row["access_expires_at"])
    # It is sent in a header, which takes only ASCII.
    return None if value is None or not value.isascii() or expires_at is None else AccessToken(value, expires_at)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _word(value: object) -> str | None:
    # Control characters in a token could not be sent in a header.
    return value if isinstance(value, str) and value.strip() and value.isprintable() else None
