"""``/healthz`` and ``/readyz``, for the host's probes and for the owner."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from widget.clock import format_rfc3339_ms
from widget.model.sources import SourceInfo
from widget.notifications.health import HealthStatus
from widget.web.context import get_context
from widget.web.responses import build_response


async def healthz(request: Request) -> Response:
    """Return 200 while the process serves."""
    return _json(request, {"status": "ok"}, 200)


async def readyz(request: Request) -> Response:
    """Return 200 while the token works and the last poll was answered, else 503 and the reason."""
    context = get_context(request)
    health = await (context.readiness or context.health)()
    return _json(request, health_json(health, context.source), 200 if health.problem is None else 503)


def health_json(health: HealthStatus, source: SourceInfo) -> dict[str, Any]:
    """Return the JSON object of ``/readyz`` (docs/api.md), which holds no secret."""
    problem, success = health.problem, health.last_success_at
    last_poll = {
        "last_success_at": None if success is None else format_rfc3339_ms(success),
        "error": None if problem is None else {"code": problem.code, "message": problem.message},
    }
    return {
        "status": "ok" if problem is None else problem.code,
        "token": {"state": health.token.state, "days_left": health.token.days_left},
        "spotify": last_poll if source.needs_authorization else None,
        "source": {"name": source.name, **last_poll},
        "calls_last_24h": health.calls_last_24h,
    }


def _json(request: Request, value: dict[str, Any], status: int) -> Response:
    body = json.dumps(value, separators=(",", ":")).encode()
    return build_response(request, body, media_type="application/json", cache_control="no-store", status=status)
