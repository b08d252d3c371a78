"""What rows mean. A row is input like any other: one that cannot be read is as if it were not there."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from widget.model.errors import ErrorCode
from widget.model.tokens import AccessToken, Account, Authorization, Credentials
from widget.store.base import RateLimitBlock

Row = Mapping[str, Any]

_LATEST = 32_503_680_000.0
"""The year 3000: what lies beyond was never a time."""

_CODES: Mapping[str, ErrorCode] = {code: code for code in get_args(ErrorCode)}


def read_token(rows: Sequence[Row]) -> Authorization | None:
    """The authorization in ``rows``; of one whose refresh token can be read, what else cannot is unknown."""
    refresh_token = _word(rows[0]["refresh_token"]) if rows else None
    if refresh_token is None:
        return None
    row = rows[0]
    account_id, scopes = _text(row["account_id"]), _text(row["scopes"]) or ""
    return Authorization(
        refresh_token=refresh_token,
        scopes=tuple(scopes.split()),
        account=None if account_id is None else Account(account_id, _text(row["account_name"])),
        authorized_at=read_time(row["authorized_at"]),
        access=_access(row),
        last_refreshed_at=read_time(row["last_refreshed_at"]),
        needs_authorization=row["needs_authorization"] == 1,
    )


def read_credentials(rows: Sequence[Row]) -> Credentials | None:
    """The client ID and secret in ``rows``."""
    client_id = _word(rows[0]["client_id"]) if rows else None
    return None if client_id is None else Credentials(client_id, _word(rows[0]["client_secret"]))


def read_value(rows: Sequence[Row]) -> str | None:
    """The text in ``rows``."""
    return _text(rows[0]["text"]) if rows else None


def read_rate_limit_block(text: str | None) -> RateLimitBlock | None:
    """The ban that ``text`` tells of."""
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    until, code, message = read_time(value.get("until")), value.get("code"), _text(value.get("message"))
    if until is None or message is None or not isinstance(code, str) or code not in _CODES:
        return None
    return RateLimitBlock(until, _CODES[code], message)


def read_time(value: object) -> float | None:
    """``value`` as a time in s since the epoch; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value < _LATEST else None


def _access(row: Row) -> AccessToken | None:
    value, expires_at = _word(row["access_token"]), read_time(row["access_expires_at"])
    # It goes into a header, which takes no more than ASCII.
    return None if value is None or not value.isascii() or expires_at is None else AccessToken(value, expires_at)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() and value.isprintable() else None
