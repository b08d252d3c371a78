"""The private parts of uvicorn that our protocol classes depend on.

Tested with the versions between ``TESTED_FROM`` and ``TESTED_TO``. ``pyproject.toml`` admits no later one: raise both
together, after the tests of ``tests/test_strangers.py`` and ``tests/test_raw_responses.py`` have passed.
"""

from __future__ import annotations

from collections.abc import Mapping

TESTED_FROM = (0, 40)
TESTED_TO = (0, 54)

_PROTOCOL = (
    *("app", "app_state", "config", "connections", "cycle", "flow", "headers", "loop", "root_path", "scope"),
    *("server_state", "tasks", "transport", "timeout_keep_alive", "timeout_keep_alive_task"),
    *("connection_made", "connection_lost", "data_received", "on_response_complete", "timeout_keep_alive_handler"),
    *("pause_writing", "resume_writing", "_unset_keepalive_if_required"),
)
_CYCLE = (
    *("disconnected", "flow", "keep_alive", "message_event", "more_body", "on_response", "response_complete"),
    *("response_started", "run_asgi", "scope", "send", "transport"),
)

INTERNALS: Mapping[str, tuple[str, ...]] = {
    "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol": (
        *_PROTOCOL,
        *("access_log", "access_logger", "expect_100_continue", "logger", "parser", "url"),
        *("on_message_begin", "on_url", "on_header", "on_headers_complete", "on_body", "on_message_complete"),
    ),
    "uvicorn.protocols.http.httptools_impl:RequestResponseCycle": (
        *_CYCLE,
        *("chunked_encoding", "default_headers", "waiting_for_100_continue"),
    ),
    "uvicorn.protocols.http.h11_impl:H11Protocol": (*_PROTOCOL, "conn", "handle_events", "send_400_response"),
    "uvicorn.protocols.http.h11_impl:RequestResponseCycle": _CYCLE,
    "uvicorn.protocols.http.flow_control:FlowControl": (
        *("pause_reading", "resume_reading", "write_paused", "resume_writing"),
    ),
    "uvicorn.server:ServerState": ("connections", "default_headers", "tasks", "total_requests"),
    "uvicorn.server:Server": ("capture_signals", "lifespan", "server_state", "should_exit", "shutdown", "started"),
}
"""``module:class`` to the attributes and methods that we call, override or set."""
