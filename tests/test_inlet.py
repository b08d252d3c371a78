"""The inlet: every route shows a submission at once."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.fake_clock import FakeClock
from tests.support.other_program import OtherProgram, other_program

TOKEN = "a-token-that-players-send"
PREFIXES = ("/1", "/apis/listenbrainz/1")
RIGHT = {"Authorization": f"Token {TOKEN}"}


def listen(title: str = "Copper Sky", **more: Any) -> dict[str, Any]:
    info = {"duration_ms": 200_000, "submission_client": "a player"}
    metadata = {"track_name": title, "artist_name": "The Weirs", "release_name": "Locks", "additional_info": info}
    return {"track_metadata": metadata, **more}


class Player:
    """A player that knows the token."""

    def __init__(self, running: OtherProgram, prefix: str = "/1") -> None:
        self.running, self.prefix, self.headers = running, prefix, dict(RIGHT)

    async def post(self, path: str, value: Any) -> httpx.Response:
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        return await self.running.client.post(self.prefix + path, content=content, headers=self.headers)

    async def plays(self, title: str = "Copper Sky", **info: Any) -> httpx.Response:
        told = listen(title)
        told["track_metadata"]["additional_info"].update(info)
        return await self.post("/submit-listens", {"listen_type": "playing_now", "payload": [told]})

    async def played(self, *listens: Any) -> httpx.Response:
        return await self.post("/submit-listens", {"listen_type": "single", "payload": list(listens)})

    async def stops(self) -> httpx.Response:
        return await self.post("/playing-now/delete", {})


async def shown(running: OtherProgram) -> dict[str, Any]:
    """The JSON as soon as what was told is taken in."""
    await running.clock.advance(0)
    await asyncio.sleep(0.05)
    await running.now()
    await asyncio.sleep(0.05)
    answer: dict[str, Any] = await running.now()
    return answer


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[OtherProgram]:
    async with other_program(tmp_path, {"SOURCE": "inlet", "INLET_TOKEN": TOKEN}) as program:
        yield program


async def test_before_any_submission_it_is_idle(running: OtherProgram) -> None:
    now = await shown(running)
    assert (now["status"], now["updated_at"], now["last_played"], now["error"]) == ("idle", None, None, None)
    assert now["source"] == {"name": "inlet", "label": "", "url": None}
    ready = (await running.client.get("/readyz")).json()
    assert (ready["status"], ready["source"], ready["calls_last_24h"]) == (
        "ok",
        {"name": "inlet", "last_success_at": None, "error": None},
        0,
    )


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_what_a_player_submits_is_shown(running: OtherProgram, prefix: str) -> None:
    player = Player(running, prefix)
    answer = await player.plays()
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    now = await shown(running)
    assert (now["status"], now["item"]["title"], now["progress_ms"]) == ("playing", "Copper Sky", None)
    assert now["updated_at"] is not None
    assert now["item"]["duration_ms"] == 200_000
    assert (await player.stops()).json() == {"status": "ok"}
    now = await shown(running)
    assert (now["status"], now["last_played"]["item"]["title"]) == ("idle", "Copper Sky")
    ready = (await running.client.get("/readyz")).json()
    assert ready["source"]["last_success_at"] is not None


async def test_it_ends_by_its_duration_and_is_never_stale(running: OtherProgram) -> None:
    await Player(running).plays()
    now = await shown(running)
    assert now["valid_until"] is not None
    await running.clock.advance(202)
    assert (await running.now())["status"] == "playing"
    await running.clock.advance(2)
    after = await shown(running)
    assert (after["status"], after["last_played"]["item"]["title"], after["stale"]) == ("idle", "Copper Sky", False)


async def test_a_clock_that_is_set_back_does_not_prolong_what_plays(running: OtherProgram) -> None:
    player = Player(running)
    await player.plays()
    assert (await shown(running))["status"] == "playing"
    running.clock.jump(-7200)
    await running.clock.advance(2)
    assert (await shown(running))["status"] == "idle"
    await player.plays("The Next")
    now = await shown(running)
    assert (now["status"], now["item"]["title"]) == ("playing", "The Next")


async def test_a_single_and_an_import_become_last_played(running: OtherProgram) -> None:
    player, at = Player(running), int(running.clock.now())
    await player.played(listen("Old", listened_at=at - 900), listen("New", listened_at=at - 300))
    assert (await shown(running))["last_played"]["item"]["title"] == "New"
    told = {"listen_type": "import", "payload": [listen("Newest", listened_at=at - 5)]}
    assert (await player.post("/submit-listens", told)).json() == {"status": "ok"}
    assert (await shown(running))["last_played"]["item"]["title"] == "Newest"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        {"listen_type": "playing_now"},
        {"listen_type": "playing_now", "payload": [listen(""), listen()]},
        {"listen_type": "playing_now", "payload": [listen("", listened_at=None)]},
        {"listen_type": "single", "payload": [listen()]},
        {"listen_type": "single", "payload": [listen(listened_at=4_000_000_000)]},
    ],
)
async def test_what_is_no_listen_is_refused_in_listenbrainz_s_shape(running: OtherProgram, value: Any) -> None:
    answer = await Player(running).post("/submit-listens", value)
    assert (answer.status_code, answer.json()["code"], bool(answer.json()["error"])) == (400, 400, True)


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Token", "Token wrong", TOKEN, f"Basic {TOKEN}", f"Token {TOKEN}x", "Token " + "ä" * 40],
)
async def test_a_wrong_token_is_refused_after_a_second_and_changes_nothing(
    running: OtherProgram, authorization: str | None
) -> None:
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    waiting = [
        asyncio.create_task(running.client.post("/1/submit-listens", content=b"never read", headers=headers)),
        asyncio.create_task(running.client.get("/1/validate-token", headers=headers)),
    ]
    await running.clock.advance(0.9)
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in waiting)
    await running.clock.advance(1.1)
    refused, invalid = await asyncio.gather(*waiting)
    assert (refused.status_code, refused.json()) == (401, {"code": 401, "error": "Invalid authorization token."})
    assert (invalid.status_code, invalid.json()["valid"]) == (200, False)


@pytest.mark.parametrize("word", ["Token", "token", "TOKEN"])
async def test_the_right_token_is_valid_whatever_the_case_of_the_word(running: OtherProgram, word: str) -> None:
    answer = await running.client.get("/1/validate-token", headers={"Authorization": f"{word} {TOKEN}"})
    assert answer.json() == {"code": 200, "message": "Token valid.", "valid": True, "user_name": "listener"}


async def test_guessing_shuts_nobody_out(running: OtherProgram) -> None:
    wrong = {"Authorization": "Token wrong"}
    guesses = [
        asyncio.create_task(running.client.post("/1/submit-listens", content=b"", headers=wrong)) for _ in range(14)
    ]
    await asyncio.sleep(0.2)
    assert (await Player(running).plays()).status_code == 200
    assert sum(task.done() for task in guesses) == 4
    await running.clock.advance(2.0)
    codes = sorted(answer.status_code for answer in await asyncio.gather(*guesses))
    assert codes == [401] * 10 + [429] * 4


async def test_more_than_sixty_posts_a_minute_have_to_wait(running: OtherProgram) -> None:
    player = Player(running)
    for _ in range(60):
        assert (await player.plays()).status_code == 200
    refused = await player.plays()
    assert (refused.status_code, refused.json()["code"]) == (429, 429)
    assert refused.headers["retry-after"] == refused.headers["x-ratelimit-reset-in"]
    await running.clock.advance(float(refused.headers["retry-after"]))
    assert (await player.plays()).status_code == 200


async def test_a_body_of_more_than_ten_megabytes_is_too_large(running: OtherProgram) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 1024 * 1024

    answer = await running.client.post("/1/submit-listens", content=chunks(), headers=RIGHT)
    assert (answer.status_code, answer.json()["code"]) == (413, 413)
    large = {"listen_type": "import", "payload": [listen("x" * 1000, listened_at=5)] * 900}
    assert (await Player(running).post("/submit-listens", large)).status_code == 200


async def test_browsers_may_push_from_any_page(running: OtherProgram) -> None:
    preflight = await running.client.options("/1/submit-listens", headers={"Origin": "https://example.org"})
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    assert "access-control-allow-credentials" not in preflight.headers
    assert (await Player(running).plays()).headers["access-control-allow-origin"] == "*"


async def test_every_answer_has_what_all_public_answers_have(running: OtherProgram) -> None:
    player = Player(running)
    answers = [
        await player.plays(),
        await player.post("/submit-listens", b"no JSON"),
        await player.post("/submit-listens", b" " * (10 * 1024 * 1024 + 1)),
        await running.client.get("/1/validate-token", headers=RIGHT),
        await running.client.get("/1/user/me/listen-count"),
        await running.client.options("/1/submit-listens"),
        await running.client.get("/1/submit-listens"),
        await running.client.get("/1/nothing"),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 413, 200, 200, 204, 405, 404]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert answer.headers["cache-control"] == "no-store"


async def test_clients_that_look_first_find_an_empty_place(running: OtherProgram) -> None:
    await Player(running).plays()
    for prefix in PREFIXES:
        now = (await running.client.get(f"{prefix}/user/me/playing-now")).json()
        assert now == {"payload": {"count": 0, "listens": [], "playing_now": True, "user_id": "me"}}
        count = await running.client.get(f"{prefix}/user/me/listen-count")
        assert (count.status_code, count.json()) == (200, {"payload": {"count": 0}})


async def test_with_any_other_source_nobody_can_push(tmp_path: Path) -> None:
    async with other_program(tmp_path, {"SOURCE": "lastfm"}) as running:
        assert (await Player(running).plays()).status_code == 404


async def test_what_plays_survives_a_restart_until_its_end(tmp_path: Path) -> None:
    clock, environ = FakeClock(), {"SOURCE": "inlet", "INLET_TOKEN": TOKEN}
    async with other_program(tmp_path, environ, clock) as running:
        await Player(running).plays()
    await clock.advance(100)
    async with other_program(tmp_path, environ, clock) as running:
        assert (await shown(running))["item"]["title"] == "Copper Sky"
        await clock.advance(104)
        assert (await shown(running))["status"] == "idle"


async def test_what_one_instance_receives_the_others_show_within_a_second(tmp_path: Path) -> None:
    clock, environ = FakeClock(), {"SOURCE": "inlet", "INLET_TOKEN": TOKEN}
    async with other_program(tmp_path, environ, clock) as one, other_program(tmp_path, environ, clock) as two:
        await two.now()
        await Player(one).plays()
        broadcast = two.app.state.context.broadcast
        async with asyncio.timeout(5):
            revision = broadcast.revision
            while (await two.now())["status"] != "playing":
                revision, _ = await broadcast.wait_for_change(revision)


async def test_a_running_server_takes_a_newly_stored_token_and_drops_the_old_one(tmp_path: Path) -> None:
    def stored(token: str) -> dict[str, str]:
        return {"source:inlet": json.dumps({"INLET_TOKEN": f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"})}

    async with other_program(tmp_path, {"SOURCE": "inlet"}) as running:
        answer = await running.client.get("/now-playing")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_configured")
        await running.store.set_values(stored(TOKEN))
        await running.clock.advance(2)
        player = Player(running)
        assert (await player.plays()).status_code == 200
        await running.store.set_values(stored("another-token-for-players"))
        await running.clock.advance(2)
        refused = asyncio.create_task(player.plays())
        await asyncio.sleep(0.1)
        await running.clock.advance(2)
        assert (await refused).status_code == 401
        player.headers["Authorization"] = "Token another-token-for-players"
        assert (await player.plays()).status_code == 200


async def test_earlier_plays_are_listed_and_hidden_ones_are_not_kept(tmp_path: Path) -> None:
    environ = {"SOURCE": "inlet", "INLET_TOKEN": TOKEN, "RECENT": "2", "HIDE": "track:Secret", "INLET_LABEL": "Home"}
    async with other_program(tmp_path, environ) as running:
        player = Player(running)
        for title in ("One", "Two", "Secret", "Three"):
            await player.plays(title)
            await running.clock.advance(100)
        now = await shown(running)
        assert now["source"]["label"] == "Home"
        assert (now["status"], now["item"]["title"]) == ("playing", "Three")
        assert [played["item"]["title"] for played in now["recent"]] == ["Two", "One"]
        await player.plays("Secret")
        assert (await shown(running))["status"] == "idle"
        assert b"Secret" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
