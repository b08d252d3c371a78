"""Addresses, limits and damage: accidents of careless clients and owners."""

import asyncio
import gc
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.commands import ROOT, server
from tests.support.inlet_program import AUTHORIZATION, TOKEN, InletProgram, inlet_program, listen

PREFIXES = ("/1", "//1", "/1/1", "/apis/listenbrainz/1", "/apis/listenbrainz//1", "/apis/listenbrainz/1/1")


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_one_slash_too_many_is_taken(inlet: InletProgram, prefix: str) -> None:
    value = {"listen_type": "playing_now", "payload": [listen(prefix)]}
    for path in ("/submit-listens", "/submit-listens/", "//submit-listens"):
        assert (await inlet.send(prefix + path, value)).json() == {"status": "ok"}
    assert await inlet.status_and_title() == ("playing", prefix)
    get = inlet.program.client.get
    payload = (await get(f"https://music.example.org{prefix}/user/me/listens/?count=100&min_ts=5")).json()["payload"]
    assert payload == {"count": 0, "listens": [], "latest_listen_ts": 0, "oldest_listen_ts": 0, "user_id": "me"}
    now = (await get(f"https://music.example.org{prefix}/user/1/playing-now")).json()
    assert now == {"payload": {"count": 0, "listens": [], "playing_now": True, "user_id": "1"}}


@pytest.mark.parametrize(
    "path", ["/1/nothing", "/1/", "/1", "/1/user/me", "/apis/listenbrainz/1/stats", "/inlet/other"]
)
async def test_other_paths_are_refused_in_listenbrainz_s_shape(inlet: InletProgram, path: str) -> None:
    for method in ("GET", "POST"):
        refused = await inlet.send(path, {}, method)
        assert (refused.status_code, refused.json()["code"], bool(refused.json()["error"])) == (404, 404, True)


async def test_other_methods_are_refused(inlet: InletProgram) -> None:
    refused = await inlet.program.client.get("/inlet")
    assert (refused.status_code, refused.json()["code"], refused.headers["allow"]) == (405, 405, "POST, PUT, OPTIONS")


@pytest.mark.parametrize("header", [f"Token\t{TOKEN}", f"Bearer {TOKEN}", f"bearer  {TOKEN} ", f"TOKEN {TOKEN}"])
async def test_the_token_is_taken_however_it_is_written(inlet: InletProgram, header: str) -> None:
    answer = await inlet.program.client.get("/1/validate-token", headers={"Authorization": header})
    assert answer.json()["valid"] is True


LONG = "x" * 2_001


@pytest.mark.parametrize(
    ("listen_type", "listens", "named"),
    [
        ("playing_now", [listen(), listen()], "one listen"),
        ("single", [listen("One", 5)] * 51, "single takes at most 50 listens"),
        ("single", [listen("One", 5)] * 4_000, "single takes at most 50 listens"),
        ("import", [listen("One", 5)] * 1_001, "1000 listens"),
        ("import", [listen("One", 5, notes="x" * 10_240)], "10 KiB"),
        ("single", [listen("One", 5, notes="é" * 5_100)], "10 KiB"),
        ("single", [listen(LONG, 5)], "track_name"),
        ("playing_now", [listen("One", artist=LONG)], "artist_name"),
        ("single", [listen("One", 5, artist_names=["x"] * 21)], "artist_names"),
        ("single", [listen("One", 5, artist_names=[LONG])], "artist_names"),
        ("single", [listen("One", 5), listen(" ", 5)], "track_name"),
        ("single", [5], "track_name"),
        ("other", [listen()], "listen_type"),
        ("single", [], "payload"),
    ],
)
async def test_too_much_is_refused_and_named(
    inlet: InletProgram, listen_type: str, listens: list[Any], named: str
) -> None:
    refused = await inlet.submit(listen_type, *listens)
    assert (refused.status_code, refused.json()["code"]) == (400, 400)
    assert named in refused.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}x",
        b'{"payload": [',
        b'{"payload": [{}',
        b'{"payload": [{},]}',
        b'{"payload" [{}]}',
        b'{"payload": [{"track_metadata": {"track_name": "One", "artist_name": "Two"}},]}',
        b"{5: []}",
        b'{"listen_type": "single", "payload": {}}',
        b'{"listen_type": ["single"], "payload": "text"}',
        b"[" * 100_000,
        b'{"payload": ' + b"[" * 100_000,
        b'{"listen_type": "' + b"x" * 100_000 + b'"}',
        b"\xff\xfe",
        b'{"payload": [], "payload": 5}',
    ],
)
async def test_what_is_no_submission_is_refused(inlet: InletProgram, body: bytes) -> None:
    refused = await inlet.send("/1/submit-listens", body)
    assert (refused.status_code, refused.json()["code"]) == (400, 400)


async def test_members_may_come_in_any_order_and_with_a_mark_in_front(inlet: InletProgram) -> None:
    value = {"other": [1, {"a": None}], "payload": [listen("One")], "listen_type": "playing_now"}
    body = json.dumps(value, indent=2).encode("utf-8-sig")
    assert (await inlet.send("/1/submit-listens", body)).status_code == 200
    assert await inlet.status_and_title() == ("playing", "One")


async def test_half_a_character_does_no_harm(inlet: InletProgram) -> None:
    await inlet.announce("One \ud83d")
    page = await inlet.page()
    assert page["status"] == "playing"
    assert page["item"]["title"].startswith("One")
    assert (await inlet.program.client.get("/widget")).status_code == 200


async def test_a_queue_of_old_listens_leaves_room_for_what_plays(inlet: InletProgram) -> None:
    codes = [(await inlet.submit("single", listen(str(n), 5 + n))).status_code for n in range(50)]
    assert codes == [200] * 40 + [429] * 10
    refused = await inlet.submit("import", listen("Last", 5))
    assert (refused.status_code, refused.json()["code"]) == (429, 429)
    assert refused.headers["retry-after"] == refused.headers["x-ratelimit-reset-in"] == "60"
    codes = [(await inlet.submit("playing_now", listen(str(n)))).status_code for n in range(22)]
    assert codes == [200] * 20 + [429] * 2
    await inlet.clock.advance(60)
    assert (await inlet.submit("single", listen("Last", 5))).status_code == 200


def large_import(size: int) -> bytes:
    """An import of about ``size`` bytes, full of small values that take the decoder long."""
    filler: list[Any] = [[[]] * 8] * 180
    listens = [listen(f"Song {n}", 1_794_000_000 + n, filler=filler) for n in range(size // 7_000)]
    return json.dumps({"listen_type": "import", "payload": listens}).encode()


async def chunks(body: bytes) -> AsyncIterator[bytes]:
    """The body as a server reads it."""
    for at in range(0, len(body), 65_536):
        yield body[at : at + 65_536]


async def test_a_large_import_never_holds_up_other_work(inlet: InletProgram) -> None:
    body = large_import(6_900_000)
    longest, done = 0.0, asyncio.Event()

    async def beat() -> None:
        nonlocal longest
        while not done.is_set():
            before = time.thread_time()  # What this thread works; a busy machine may add to it.
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    gc.freeze()  # All that the other tests left behind is not the server's.
    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    response = await inlet.program.client.post("/1/submit-listens", content=chunks(body), headers=AUTHORIZATION)
    done.set()
    await beating
    gc.unfreeze()
    assert (response.status_code, len(body) > 6_000_000) == (200, True)
    assert longest < 0.05


async def test_of_large_bodies_one_is_read_at_a_time(inlet: InletProgram) -> None:
    read = [0, 0]
    goes_on = asyncio.Event()

    async def spaces(number: int) -> AsyncIterator[bytes]:
        for _ in range(20):
            read[number] += 1
            yield b" " * 8_192
            if number == 0 and read[0] == 15:
                await goes_on.wait()

    client = inlet.program.client
    posts = [
        asyncio.create_task(client.post("/1/submit-listens", content=spaces(number), headers=AUTHORIZATION))
        for number in (0, 1)
    ]
    await asyncio.sleep(0.05)
    assert read[1] < 15
    await inlet.announce("Small")
    goes_on.set()
    assert [(await post).status_code for post in posts] == [400, 400]
    assert read == [20, 20]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"playing": 1, "played": [], "told_at": null}',
        '{"playing": null, "played": 5, "told_at": 1795000000}',
        '{"playing": null, "played": [], "told_at": 1e999}',
        '{"playing": {"item": [], "since": 1, "until": 2}, "played": [], "told_at": 1}',
        '{"playing": null, "played": [null], "told_at": null}',
    ],
)
async def test_a_row_that_cannot_be_read_is_as_if_it_were_not_there(inlet: InletProgram, text: str) -> None:
    await inlet.program.store.publish_state(text, "inlet")
    assert await inlet.status_and_title() == ("idle", None)
    await inlet.announce("One")
    assert await inlet.status_and_title() == ("playing", "One")


async def test_what_1_1_0_stored_is_read_and_what_is_stored_is_what_it_reads(inlet: InletProgram) -> None:
    await inlet.announce("One")
    await inlet.at(160)
    await inlet.announce("Two")
    stored = json.loads(await inlet.program.store.read_state("inlet") or "")
    old = {
        "playing": {name: stored["playing"][name] for name in ("item", "since", "until")},
        "played": [{name: play[name] for name in ("item", "played_at")} for play in stored["played"]],
        "told_at": stored["told_at"],
    }
    await inlet.program.store.publish_state(json.dumps(old), "inlet")
    assert await inlet.status_and_title() == ("playing", "Two")
    assert await inlet.recent() == [("One", 0)]


async def test_half_a_character_in_the_store_is_no_row(inlet: InletProgram) -> None:
    await inlet.announce("One")
    text = await inlet.program.store.read_state("inlet")
    assert text is not None
    await inlet.program.store.publish_state(text.replace('"One"', '"One \\ud83d"'), "inlet")
    page = await inlet.program.client.get("/now-playing")
    assert (page.status_code, page.json()["status"] in ("idle", "playing")) == (200, True)


@pytest.mark.parametrize("label", ["", "x" * 31, "two\nlines", 5])
@pytest.mark.parametrize("token", ["short", "sha256:12", "ä" * 20, 5])
async def test_stored_values_are_read_as_strictly_as_set_ones(tmp_path: Path, label: Any, token: Any) -> None:
    async with inlet_program(tmp_path) as inlet:
        await inlet.program.store.set_values(
            {"source": "inlet", "source:inlet": json.dumps({"INLET_TOKEN": token, "INLET_LABEL": label})}
        )
    async with inlet_program(tmp_path, INLET_TOKEN="") as inlet:
        page = await inlet.program.client.get("/now-playing")
        assert (page.status_code, page.json()["error"]["code"]) == (503, "not_configured")
        assert page.json()["source"]["label"] == ""


def test_the_token_in_web_scrobbler_s_address_is_never_logged(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SOURCE": "inlet", "INLET_TOKEN": TOKEN}
    with server(tmp_path, {**environ, "LOG_LEVEL": "debug"}) as running:
        for path in (f"/inlet/web-scrobbler/{TOKEN}", f"/inlet/web-scrobbler/wrong-{TOKEN}", f"//inlet//x/{TOKEN}"):
            for method in ("POST", "GET", "OPTIONS"):
                answer = httpx.request(method, running.url + path, content=b"{", timeout=10, trust_env=False)
                assert TOKEN not in answer.text + str(answer.headers)
        code, out, err = running.end(signal.SIGTERM)
    assert (code, TOKEN in out + err) == (0, False)
