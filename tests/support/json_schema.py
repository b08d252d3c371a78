"""Every body of ``/now-playing`` and of its events that a test sees is validated against the published schema."""

import json
from typing import Any

from jsonschema import Draft202012Validator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from widget.web.static_files import read_static_file

SCHEMA = json.loads(read_static_file("now-playing.schema.json") or b"")
VALIDATOR = Draft202012Validator(SCHEMA)
_CHECKED_PATHS = ("/now-playing", "/now-playing/events")


def check_now_playing(body: object) -> None:
    """Raise AssertionError if ``body`` breaks the schema."""
    errors = [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(body)]
    assert not errors, errors


class ValidatingApp:
    """``app`` with its JSON validated on the way out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in _CHECKED_PATHS:
            await self._app(scope, receive, _validating(send))
        else:
            await self._app(scope, receive, send)


def _validating(send: Send) -> Send:
    content_type = b""

    async def validate(message: Message) -> None:
        nonlocal content_type
        if message["type"] == "http.response.start":
            content_type = dict(message["headers"]).get(b"content-type", b"")
        elif content_type == b"application/json" and message.get("body"):
            check_now_playing(json.loads(message["body"]))
        elif message.get("body", b"").startswith(b"event: now-playing"):
            check_now_playing(json.loads(message["body"].partition(b"data: ")[2]))
        await send(message)

    return validate
