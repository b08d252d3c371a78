"""The alerts that are due."""

from datetime import UTC, datetime

import pytest

from widget.model.errors import ErrorCode
from widget.model.tokens import Authorization
from widget.notifications.alerts import Alert, Incident, due_alerts, load_incident, update_incident

DAY = 86_400.0
HOUR = 3_600.0
AUTHORIZED = datetime(2026, 11, 25, 10, tzinfo=UTC).timestamp()
TOKEN = Authorization("secret", authorized_at=AUTHORIZED)
NEXT_STEP = "Open https://music.example.org/setup and authorize again."


def end() -> float:
    assert TOKEN.expires_at is not None
    return TOKEN.expires_at


def due(
    days_left: float,
    sent: frozenset[str] = frozenset(),
    token: Authorization | None = TOKEN,
    incident: Incident | None = None,
) -> tuple[Alert, ...]:
    return due_alerts(token, incident, sent, end() - days_left * DAY, NEXT_STEP)


def test_day_by_day_the_owner_hears_of_the_end_three_times() -> None:
    sent: frozenset[str] = frozenset()
    seen = []
    for days_left in range(31, -1, -1):
        for message in due(days_left, sent):
            seen.append(days_left)
            sent |= {message.key}
    assert seen == [30, 7, 1]


def test_after_a_long_sleep_only_the_most_urgent_message_is_due() -> None:
    (message,) = due(0.5)
    assert "in one day" in message.title


def test_each_message_says_what_until_when_and_the_next_step() -> None:
    (message,) = due(29.9)
    assert message.title == "Spotify access ends in 30 days"
    assert "2027-05-25 10:00 UTC" in message.body
    assert NEXT_STEP in message.body


def test_a_new_authorization_starts_the_countdown_anew() -> None:
    (first,) = due(1)
    renewed = Authorization("another", authorized_at=AUTHORIZED + 10 * DAY)
    assert due(5, frozenset({first.key}), renewed) != ()
    assert due(5, frozenset({first.key}), renewed)[0].key != first.key


def heard_by_a_host_that_loses_its_disk(days: int, hour: float) -> list[int]:
    """Return the days left at each alert, if the store is emptied at ``hour`` of each day and checked hourly."""
    seen = []
    for day in range(days, -1, -1):
        for looked in range(24):
            left = day - (hour + looked) / 24
            began = end() - (day - hour / 24) * DAY
            seen += [day for _ in due_alerts(TOKEN, None, frozenset(), end() - left * DAY, NEXT_STEP, began)][:1]
    return seen


@pytest.mark.parametrize("hour", [0.0, 3.5, 23.0])
def test_a_store_that_begins_anew_each_day_repeats_no_message_for_a_month(hour: float) -> None:
    days = set(heard_by_a_host_that_loses_its_disk(40, hour))
    assert days <= {31, 30, 29, 8, 7, 6, 2, 1, 0}
    assert len(days & {31, 30, 29}) == len(days & {8, 7, 6}) == 2 or hour == 0.0


def test_a_store_that_began_empty_sends_an_alert_that_falls_due_later() -> None:
    began = end() - 20 * DAY
    assert due_alerts(TOKEN, None, frozenset(), end() - 20 * DAY, NEXT_STEP, began) == ()
    (message,) = due_alerts(TOKEN, None, frozenset(), end() - 5 * DAY, NEXT_STEP, began)
    assert message.title == "Spotify access ends in 5 days"


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"code": "x", "since": 1}', '{"code": "forbidden"}', "null"])
def test_a_stored_incident_that_cannot_be_read_is_none(text: str | None) -> None:
    assert load_incident(text, 5000.0) is None


def test_a_stored_incident_from_the_future_is_not_believed() -> None:
    assert load_incident('{"code": "forbidden", "since": 1000.0}', 5000.0) == Incident("forbidden", 1000.0)
    for since in ("9000000.0", "1e400", "NaN", '"then"', "null"):
        assert load_incident(f'{{"code": "forbidden", "since": {since}}}', 5000.0) is None


def test_a_new_token_ends_the_need_for_it_before_anybody_asks_spotify() -> None:
    incident = update_incident(None, "needs_authorization", None, None, 1000.0)
    for code in (None, "spotify_unreachable"):
        over = update_incident(incident, code, None, None, 2000.0, is_authorized=True)
        assert over is not None
        assert over.resolved_at == 2000.0
    assert update_incident(incident, None, None, None, 2000.0) == incident
    assert update_incident(Incident("forbidden", 1000.0), None, None, None, 2000.0, is_authorized=True) == Incident(
        "forbidden", 1000.0
    )


@pytest.mark.parametrize(
    "token", [None, Authorization("secret"), Authorization("s", authorized_at=1.0, needs_authorization=True)]
)
def test_without_a_live_token_or_a_date_no_end_is_reported(token: Authorization | None) -> None:
    assert due(0.5, token=token) == ()


def test_a_dead_token_is_reported_at_once_and_once() -> None:
    incident = update_incident(None, "needs_authorization", None, None, 1000.0)
    (message,) = due_alerts(None, incident, frozenset(), 1000.0, NEXT_STEP)
    assert NEXT_STEP in message.body
    assert due_alerts(None, incident, frozenset({message.key}), 5000.0, NEXT_STEP) == ()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("forbidden", "The next attempt is at"),
        ("bad_credentials", "The next attempt"),
        ("quota_exceeded", "It resumes at"),
    ],
)
def test_only_a_ban_has_an_end_that_is_known(code: ErrorCode, told: str) -> None:
    (alert,) = due_alerts(None, Incident(code, 1000.0, until=9000.0), frozenset(), 5000.0, NEXT_STEP)
    assert told in alert.body
    assert ("It resumes at" in alert.body) == (code == "quota_exceeded")


@pytest.mark.parametrize("code", ["forbidden", "bad_credentials", "quota_exceeded"])
def test_a_refusal_is_reported_when_it_has_lasted_an_hour(code: ErrorCode) -> None:
    incident = update_incident(None, code, None, None, 1000.0)
    assert due_alerts(None, incident, frozenset(), 1000.0 + HOUR - 1, NEXT_STEP) == ()
    assert len(due_alerts(None, incident, frozenset(), 1000.0 + HOUR, NEXT_STEP)) == 1


@pytest.mark.parametrize("code", ["rate_limited", "budget_spent", "spotify_unreachable", "not_configured"])
def test_passing_faults_are_never_reported(code: ErrorCode) -> None:
    assert update_incident(None, code, None, None, 1000.0) is None


def test_a_passing_fault_and_a_restart_neither_end_nor_renew_a_incident() -> None:
    incident = update_incident(None, "forbidden", None, None, 1000.0)
    for code, success in (("spotify_unreachable", None), (None, None), (None, 500.0), ("forbidden", None)):
        incident = update_incident(incident, code, None, success, 2000.0)  # type: ignore[arg-type]
    assert incident == Incident("forbidden", 1000.0)


def test_a_resolution_is_sent_only_to_channels_that_received_the_alert() -> None:
    incident = update_incident(None, "forbidden", None, None, 1000.0)
    assert incident is not None
    over = update_incident(incident, None, None, 9000.0, 9000.0)
    assert due_alerts(None, over, frozenset(), 9000.0, NEXT_STEP) == ()
    (well,) = due_alerts(None, over, frozenset({incident.key}), 9000.0, NEXT_STEP)
    assert well.title == "Spotify: Resolved"
    assert "responding again at 1970-01-01 02:30 UTC" in well.body
    assert due_alerts(None, over, frozenset({incident.key, well.key}), 9000.0, NEXT_STEP) == ()


def test_a_incident_that_comes_back_is_a_new_one() -> None:
    first = Incident("forbidden", 1000.0, resolved_at=2000.0)
    again = update_incident(first, "forbidden", None, 2000.0, 3000.0)
    assert again == Incident("forbidden", 3000.0)
    assert again.key != first.key


def test_until_when_a_quota_lasts_is_reported() -> None:
    incident = update_incident(None, "quota_exceeded", AUTHORIZED, None, 1000.0)
    (message,) = due_alerts(None, incident, frozenset(), 1000.0 + HOUR, NEXT_STEP)
    assert "2026-11-25 10:00 UTC" in message.body


def test_a_spent_seed_is_reported_once_with_the_next_step_and_the_next_seed_anew() -> None:
    (message,) = due_alerts(TOKEN, None, frozenset(), AUTHORIZED, NEXT_STEP, spent_seed="a" * 64)
    assert "restart" in message.title
    assert "DATABASE_URL" in message.body
    assert message.already_logged
    sent = frozenset({message.key})
    assert due_alerts(TOKEN, None, sent, AUTHORIZED, NEXT_STEP, spent_seed="a" * 64) == ()
    assert due_alerts(TOKEN, None, sent, AUTHORIZED, NEXT_STEP, spent_seed="b" * 64) != ()


@pytest.mark.parametrize(
    ("code", "resumes"),
    [("forbidden", True), ("bad_credentials", True), ("needs_authorization", False), ("quota_exceeded", False)],
)
def test_an_alert_whose_action_is_the_owner_s_says_that_it_then_resumes(code: ErrorCode, resumes: bool) -> None:
    incident = update_incident(None, code, None, None, 1000.0)
    (alert,) = due_alerts(None, incident, frozenset(), 1000.0 + HOUR, NEXT_STEP)
    assert alert.body.endswith("Then it resumes by itself.") is resumes
