"""Responses in Spotify's shape with invented values, one file each in ``tests/payloads``."""

import json
from pathlib import Path
from typing import Any

import httpx

FOLDER = Path(__file__).parent.parent / "payloads"


def payload(name: str, **changes: Any) -> httpx.Response:
    """Return the response in ``tests/payloads/NAME.json``; ``changes`` replace members of its JSON body."""
    written = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    content = _bytes({**written["body"], **changes} if changes else written["body"])
    return httpx.Response(written["status"], headers=written["headers"], content=content)


def body(name: str, **changes: Any) -> bytes:
    """Return the body of that response."""
    return payload(name, **changes).content


def json_body(name: str) -> Any:
    """Return the body of that response as values."""
    return payload(name).json()


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()
