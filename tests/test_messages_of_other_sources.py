"""Refusals of Last.fm and ListenBrainz are sent after an hour, and name no other service."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_clock import FakeClock
from tests.support.other_program import LONG, other_program, services
from widget.model.sources import INLET, LASTFM, LISTENBRAINZ, SourceInfo
from widget.model.tokens import Authorization
from widget.notifications.alerts import Incident, due_alerts

NOW = 1_795_000_000.0


@pytest.mark.parametrize("source", [LASTFM, LISTENBRAINZ, INLET])
@pytest.mark.parametrize("code", ["bad_credentials", "forbidden", "unknown_user", "private"])
def test_a_refusal_is_reported_after_an_hour_without_a_word_of_another_service(source: SourceInfo, code: Any) -> None:
    trouble = Incident(code, NOW)
    assert due_alerts(None, trouble, frozenset(), NOW + 3599, "", source=source) == ()
    (message,) = due_alerts(None, trouble, frozenset(), NOW + 3600, "", source=source)
    assert source.label in message.title + message.body
    assert "Spotify" not in message.title + message.body
    assert "{" not in message.title + message.body
    over = Incident(code, NOW, resolved_at=NOW + 5000)
    (well,) = due_alerts(None, over, frozenset({trouble.key}), NOW + 5000, "", source=source)
    assert f"{source.label} started responding again" in well.body


async def test_the_running_program_sends_it_and_nothing_about_a_token_s_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    served = services(clock, *LONG)
    served.lastfm.error = 17
    async with other_program(tmp_path, {"SOURCE": "lastfm"}, clock, served) as running:
        await running.store.save_authorization(Authorization("AQ-old", authorized_at=NOW - 190 * 86_400.0), None, None)
        await running.now()
        for _ in range(8):
            await clock.advance(500)
            await running.now()
        told = [record.getMessage() for record in caplog.records if record.name == "widget.notifications.notifier"]
        assert len(told) == 1
        assert told[0].startswith("Last.fm: Listening is hidden")
