"""An unreadable row counts as absent: no reader raises for it."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from widget.config.source_settings import (
    effective_values,
    last_check_at,
    last_check_key,
    settings_key,
    stored_source_name,
)
from widget.model.sources import SOURCES
from widget.notifications.alerts import load_incident
from widget.now_playing.serialization import load_state
from widget.sources.inlet.serialization import load_submitted
from widget.store.base import Store
from widget.store.sqlite import SqliteStore

FILE = Path(__file__).parent / "files" / "written-by-1.1.0.sqlite3"
NOW = 1_795_600_800.0

DAMAGES: dict[str, Callable[[Any], Any]] = {
    "null": lambda value: None,
    "a number": lambda value: 10**400,
    "a fraction": lambda value: -1.5,
    "a text": lambda value: "\ud800",
    "a list": lambda value: [[]],
    "an object": lambda value: {"code": ["a list"]},
    "true": lambda value: True,
    "deep": lambda value: json.loads("[" * 500 + "]" * 500),
}
TEXTS = ("", "{", "null", "[1, 2]", '"text"', "1e999", "NaN", '{"playing": NaN}', "[" * 100_000, "\x00", "\ufffd")
KEYS = ("knowledge", "knowledge:lastfm", "knowledge:inlet", "trouble", "ban", "source", "source:inlet", "source:lastfm")


async def read_everything(store: Store) -> None:
    """Call every reader of a stored row, as the program does."""
    await store.authorization()
    await store.credentials()
    await store.seed_fingerprint()
    await store.messages_sent("c4a77e1" * 5)
    await store.claim_message("c4a77e1" * 5, "ends:30:1811152800", NOW)
    await stored_source_name(store)
    load_incident(await store.get_value("trouble"), NOW)
    load_submitted(await store.read_state("inlet"))
    for name, info in SOURCES.items():
        await store.calls_since(NOW - 86_400, name)
        await store.count_call(NOW, 3000, name)
        await store.rate_limit_block(name)
        load_state(await store.read_state(name), NOW)
        await effective_values(store, info, {})
        await last_check_at(store, info)


async def read_damaged(folder: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    path = folder / "now-playing.db"
    shutil.copy(FILE, path)
    with closing(sqlite3.connect(path)) as connection:
        for sql, values in statements:
            connection.execute(sql, values)
        connection.commit()
    store = SqliteStore(path)
    await store.open()
    try:
        await read_everything(store)
    finally:
        await store.close()


def damaged(value: Any, damage: Callable[[Any], Any]) -> list[Any]:
    """``value`` with each of its parts damaged in turn."""
    found = [damage(value)]
    if isinstance(value, dict):
        for key, part in value.items():
            found += [{**value, key: other} for other in damaged(part, damage)]
            found.append({name: one for name, one in value.items() if name != key})
    if isinstance(value, list):
        for index, part in enumerate(value):
            found += [[*value[:index], other, *value[index + 1 :]] for other in damaged(part, damage)]
    return found


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_a_value_that_is_no_json_of_ours_counts_as_absent(tmp_path: Path, text: str) -> None:
    names = [*KEYS, *(key(info) for info in SOURCES.values() for key in (settings_key, last_check_key))]
    insert = "INSERT OR REPLACE INTO notes (name, text) VALUES (?, ?)"
    await read_damaged(tmp_path, *((insert, (name, text)) for name in names))


@pytest.mark.parametrize("value", [b"\xff\x00", 1e308, -1, "text", ""], ids=repr)
async def test_a_column_of_another_type_counts_as_unknown(tmp_path: Path, value: object) -> None:
    columns = {
        "token": ["account_id", "account_name", "authorized_at", "access_token", "access_expires_at", "scopes"],
        "credentials": ["client_id", "client_secret"],
        "calls": ["spent"],
        "source_calls": ["spent"],
        "messages": ["claimed_at", "sent"],
        "notes": ["text"],
    }
    updates = [
        (f"UPDATE {table} SET {name} = ?", (value,))  # noqa: S608
        for table, names in columns.items()
        for name in names
    ]
    minutes = [("UPDATE calls SET minute = 'a' || minute", ()), ("UPDATE source_calls SET minute = 'a'", ())]
    await read_damaged(tmp_path, *updates, *minutes)


@pytest.mark.parametrize("name", DAMAGES)
async def test_json_with_any_part_damaged_is_read_or_left_out(name: str) -> None:
    with closing(sqlite3.connect(f"file:{FILE}?immutable=1", uri=True)) as connection:
        rows = dict(connection.execute("SELECT name, text FROM notes"))
    for key in ("knowledge", "knowledge:lastfm", "knowledge:inlet", "trouble"):
        for value in damaged(json.loads(rows[key]), DAMAGES[name]):
            text = json.dumps(value)
            load_state(text, NOW)
            load_submitted(text)
            load_incident(text, NOW)


async def test_a_stored_value_is_judged_as_a_set_one(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    await store.open()
    inlet = SOURCES["inlet"]
    stored = {"INLET_TOKEN": "sechzehn-Zeichen-mit-ü", "INLET_LABEL": "a\tb", "UNKNOWN": "x"}
    await store.set_value(settings_key(inlet), json.dumps(stored))
    values = await effective_values(store, inlet, {})
    assert "INLET_TOKEN" not in values
    assert values.get("INLET_LABEL") != "a\tb"
    assert "UNKNOWN" not in values
    await store.close()
