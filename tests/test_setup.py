"""``/setup``: the owner authorizes again, and nobody else does."""

import asyncio
import re
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.support.fake_clock import FakeClock, settle
from tests.support.program import CALLBACK, KEY, PUBLIC_URL, Program, authorize, program, query_of, simulated
from widget.config.settings import Settings
from widget.model.errors import StoreError
from widget.model.tokens import SeedToken
from widget.sources.simulators.spotify import SpotifySimulator
from widget.sources.spotify.accounts_api import SCOPES
from widget.store.base import Store

ME = "/v1/me"
NOW = "/v1/me/player/currently-playing"
TOKEN = "/api/token"


FROM_HERE = {"Origin": PUBLIC_URL}
BROKEN_FORM = {"Content-Type": "multipart/form-data", **FROM_HERE}


class Full:
    """A store with room for ``proofs`` more proofs, and for none while ``has_room`` is false."""

    def __init__(self, store: Store, proofs: float = inf) -> None:
        self._store = store
        self._proofs = proofs
        self.has_room = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def reserve_space(self) -> None:
        self._proofs -= 1
        if not self.has_room or self._proofs < 0:
            raise StoreError("the database /srv/now-playing.db cannot be used now (database or disk is full)")
        await self._store.reserve_space()


def down() -> Response:
    return PlainTextResponse("out of order", 503)


async def stored(running: Program) -> tuple[str, float | None]:
    token = await running.store.authorization()
    assert token is not None
    return token.refresh_token, token.authorized_at


async def test_without_a_key_there_is_no_setup(tmp_path: Path) -> None:
    async with program(tmp_path, settings=Settings(public_url=PUBLIC_URL)) as running:
        for path in ("/setup", "/setup/callback?state=x"):
            assert (await running.client.get(path)).status_code == 404
        assert (await running.begin_renewal()).status_code == 404


async def test_the_form_shows_the_state_the_last_day_and_the_redirect_uri(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        answer = await running.client.get("/setup")
    for text in ("connected", "2027-05-18", CALLBACK, 'name="key"', 'method="post"'):
        assert text in answer.text
    assert "<script" not in answer.text


async def test_a_renewal_replaces_the_token_and_the_server_goes_on_at_once(tmp_path: Path) -> None:
    async with program(tmp_path, age=170 * 86_400) as running:
        before = await stored(running)
        await running.client.get("/now-playing")
        answer = await running.renew()
        assert answer.status_code == 200
        assert "Nilas Listener" in answer.text
        assert "2027-05-18" in answer.text
        assert (await stored(running))[0] != before[0]
        assert (await running.client.get("/readyz")).json()["token"] == {"state": "ok", "days_left": 181}
        await running.clock.advance(6)
        assert (await running.client.get("/now-playing")).json()["status"] == "playing"


async def test_the_page_speaks_of_the_disk_only_where_that_does_not_last(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        assert "disk" not in (await running.renew()).text
        services = running.app.state.context
        running.app.state.context = replace(services, storage_is_ephemeral=True)
        told = (await running.renew()).text
        assert "loses its disk at each restart" in told
        assert "python -m bootstrap export" in told


async def test_a_dead_token_is_replaced_too(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        running.simulator.revoke_everything()
        await running.client.get("/now-playing")
        assert (await running.client.get("/readyz")).json()["status"] == "needs_authorization"
        assert (await running.renew()).status_code == 200
        assert (await running.client.get("/readyz")).status_code == 200


async def test_where_nothing_is_stored_any_account_may_begin(tmp_path: Path) -> None:
    clock = FakeClock()
    settings = Settings(client_id="an-id", client_secret="a-secret", public_url=PUBLIC_URL, setup_key=KEY)
    async with program(tmp_path, clock=clock, settings=settings, authorized=False) as running:
        assert "not connected yet" in (await running.client.get("/setup")).text
        assert (await running.renew()).status_code == 200
        assert (await running.client.get("/now-playing")).json()["status"] == "playing"


async def test_spotify_is_asked_with_state_pkce_and_consent(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        answer = await running.begin_renewal()
    assert answer.status_code == 303
    query = query_of(answer.headers["location"])
    assert query["redirect_uri"] == CALLBACK
    assert query["code_challenge_method"] == "S256"
    assert query["show_dialog"] == "true"
    assert len(query["state"]) >= 43
    cookie = answer.headers["set-cookie"]
    for attribute in ("HttpOnly", "SameSite=lax", "Secure", "Max-Age=600", "Path=/setup"):
        assert attribute in cookie
    assert query["state"] not in cookie


async def test_nothing_of_it_is_cached_framed_or_referred(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        answers = [
            await running.client.get("/setup"),
            await running.begin_renewal("wrong"),
            await running.begin_renewal(),
            await running.client.get("/setup/callback?state=x"),
            await running.client.post("/setup", data={"key": KEY}, headers={"Origin": "https://evil.example"}),
            await running.client.post("/setup", content=b"x", headers=BROKEN_FORM),
            *[await running.client.request(method, "/setup") for method in ("PUT", "DELETE", "OPTIONS")],
            await running.client.post("/setup/callback"),
            await running.client.get("/setup/"),
            await running.renew(),
        ]
        crowd = [
            asyncio.create_task(running.client.post("/setup", data={"key": "wrong"}, headers=FROM_HERE))
            for _ in range(11)
        ]
        await running.clock.advance(1.0)
        answers += await asyncio.gather(*crowd)
    assert {answer.status_code for answer in answers} == {200, 204, 303, 400, 403, 404, 405, 429}
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers


async def test_a_wrong_key_is_answered_after_a_second_at_the_earliest(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        sent = asyncio.create_task(running.client.post("/setup", data={"key": "wrong"}, headers=FROM_HERE))
        await running.clock.advance(0.99)
        assert not sent.done()
        await running.clock.advance(0.01)
        assert (await sent).status_code == 403


async def test_nobody_can_lock_the_owner_out(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        tries = [
            asyncio.create_task(running.client.post("/setup", data={"key": f"wrong {number}"}, headers=FROM_HERE))
            for number in range(400)
        ]
        await settle()
        refused = [(await one) for one in tries if one.done()]
        assert [answer.status_code for answer in refused] == [429] * 390
        assert {answer.headers["retry-after"] for answer in refused} == {"2"}
        assert (await running.begin_renewal()).status_code == 303
        await running.clock.advance(1.0)
        waited = [answer.status_code for answer in await asyncio.gather(*tries)]
        assert sorted(waited) == [403] * 10 + [429] * 390
        assert (await running.begin_renewal("wrong")).status_code == 403


async def test_strangers_at_setup_reach_neither_the_database_nor_its_lock(tmp_path: Path) -> None:
    clock = FakeClock()
    async with program(tmp_path, clock=clock) as running:
        begun = await running.begin_renewal()
        callback = await running.consent(begun.headers["location"])
        before = await running.store.get_value("renewal")
        async with running.store.refresh_lock():  # Who wants the lock now would wait for ever.
            await running.store.close()  # Who wants the database now would be told so.
            async with httpx.AsyncClient(transport=httpx.ASGITransport(running.app), base_url=PUBLIC_URL) as stranger:
                asked = [
                    *(stranger.get(f"/setup/callback?state=forged-{number}&code=x") for number in range(400)),
                    *(
                        stranger.get("/setup/callback", headers={"Cookie": f"renewal={number}.x"})
                        for number in range(9)
                    ),
                    stranger.get(callback),
                    stranger.get(callback, headers={"Cookie": "renewal=a.b"}),
                    stranger.get("/setup/callback?state=x", headers={"Cookie": f"renewal={begun.cookies['renewal']}"}),
                ]
                assert {answer.status_code for answer in await asyncio.gather(*asked)} == {400}
                wrong = asyncio.gather(
                    *(stranger.post("/setup", data={"key": "wrong"}, headers=FROM_HERE) for _ in range(20))
                )
                await clock.advance(1.0)
                assert sorted(answer.status_code for answer in await wrong) == [403] * 10 + [429] * 10
            await running.store.open()
        assert await running.store.get_value("renewal") == before
        assert (await running.client.get(callback)).status_code == 200


@pytest.mark.parametrize(
    "data", [{}, {"key": ""}, {"key": "\ud83e".encode("utf-8", "replace").decode()}, {"other": KEY}]
)
async def test_a_form_without_the_key_is_a_wrong_key(tmp_path: Path, data: dict[str, str]) -> None:
    async with program(tmp_path) as running:
        sent = asyncio.create_task(running.client.post("/setup", data=data, headers=FROM_HERE))
        await running.clock.advance(1.0)
        assert (await sent).status_code == 403


async def test_a_form_that_is_none_is_refused(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        body = b'--x\r\nContent-Disposition: form-data; name="key"; filename="a"\r\n\r\nabc\r\n--x--\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=x", **FROM_HERE}
        answer = await running.client.post("/setup", content=body, headers=headers)
    assert answer.status_code in (400, 403)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": PUBLIC_URL}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": PUBLIC_URL, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "none"}, 303),
        ({}, 403),
    ],
)
async def test_only_our_own_page_may_post(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    async with program(tmp_path) as running:
        answer = await running.client.post("/setup", data={"key": KEY}, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize("headers", [{"Origin": "null"}, {}])
async def test_a_browser_that_does_not_say_where_it_comes_from_shows_our_form(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with program(tmp_path) as running:
        page = await running.client.get("/setup")
        (token,) = re.findall(r'name="form" value="([0-9a-f]{64})"', page.text)
        cookie = page.headers["set-cookie"]
        for attribute in ("setup-form=", "HttpOnly", "SameSite=lax", "Secure", "Path=/setup"):
            assert attribute in cookie
        form = {"key": KEY, "form": token}
        assert (await running.client.post("/setup", data=form, headers=headers)).status_code == 303
        again = await running.client.get("/setup")
        assert token in again.text, "a second tab must not spoil the first one's form"
        for forged in ({"key": KEY, "form": token[::-1]}, {"key": KEY, "form": ""}):
            assert (await running.client.post("/setup", data=forged, headers=headers)).status_code == 403
        async with httpx.AsyncClient(transport=httpx.ASGITransport(running.app), base_url=PUBLIC_URL) as another:
            assert (await another.post("/setup", data=form, headers=headers)).status_code == 403
            another.cookies.set("setup-form", "x")
            assert (await another.post("/setup", data=form, headers=headers)).status_code == 403


@pytest.mark.parametrize("public_url", [None, "http://music.example.org", "http://localhost:8000"])
async def test_without_an_https_address_it_says_what_to_set(tmp_path: Path, public_url: str | None) -> None:
    async with program(tmp_path, settings=Settings(public_url=public_url, setup_key=KEY)) as running:
        page = await running.client.get("/setup")
        assert "PUBLIC_URL" in page.text
        assert 'name="key"' not in page.text
        assert (await running.begin_renewal()).status_code == 400


async def test_loopback_may_do_without_https(tmp_path: Path) -> None:
    settings = Settings(public_url="http://127.0.0.1:8000", setup_key=KEY)
    async with program(tmp_path, settings=settings) as running:
        assert "http://127.0.0.1:8000/setup/callback" in (await running.client.get("/setup")).text
        assert "Secure" not in (await running.begin_renewal()).headers["set-cookie"]


async def test_a_callback_without_its_state_or_its_cookie_changes_nothing(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        before = await stored(running)
        callback = await running.consent((await running.begin_renewal()).headers["location"])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(running.app), base_url=PUBLIC_URL) as another:
            assert (await another.get(callback)).status_code == 400
            another.cookies.set("renewal", "forged")
            assert (await another.get(callback)).status_code == 400
        for query in ("", "?code=x", "?code=x&state=forged", "?error=access_denied&state=forged"):
            assert (await running.client.get(f"/setup/callback{query}")).status_code == 400
        assert TOKEN not in running.simulator.requests
        assert await stored(running) == before
        assert (await running.client.get(callback)).status_code == 200


async def test_a_callback_counts_once(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        begun = await running.begin_renewal()
        cookie = begun.cookies["renewal"]
        callback = await running.consent(begun.headers["location"])
        assert (await running.client.get(callback)).status_code == 200
        after = await stored(running)
        assert (await running.client.get(callback, headers={"Cookie": f"renewal={cookie}"})).status_code == 400
        assert await stored(running) == after


async def test_a_callback_that_comes_too_late_changes_nothing(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        callback = await running.consent((await running.begin_renewal()).headers["location"])
        await running.clock.advance(601)
        assert (await running.client.get(callback)).status_code == 400


async def test_a_restart_between_consent_and_callback_loses_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    simulator = simulated(clock)
    async with program(tmp_path, clock=clock, simulator=simulator) as running:
        begun = await running.begin_renewal()
        callback = await running.consent(begun.headers["location"])
    async with program(tmp_path, clock=clock, simulator=simulator) as running:
        headers = {"Cookie": f"renewal={begun.cookies['renewal']}"}
        assert (await running.client.get(callback, headers=headers)).status_code == 200


async def test_two_renewals_at_once_both_end_well(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        first, second = await running.begin_renewal(), await running.begin_renewal()
        for begun in (second, first):
            callback = await running.consent(begun.headers["location"])
            answer = await running.client.get(callback, headers={"Cookie": f"renewal={begun.cookies['renewal']}"})
            assert answer.status_code == 200
        assert (await running.client.get("/readyz")).status_code == 200


async def test_a_denied_consent_changes_nothing(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        before = await stored(running)
        answer = await running.renew("cancel")
        assert answer.status_code == 400
        assert "denied" in answer.text
        assert await stored(running) == before


async def test_another_account_is_refused(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        before = await stored(running)
        running.simulator.user_id, running.simulator.user_name = "someone.else", "Someone Else"
        answer = await running.renew()
        assert answer.status_code == 403
        assert "Nilas Listener" in answer.text
        assert await stored(running) == before


def seeded(clock: FakeClock, simulator: SpotifySimulator) -> Settings:
    """Settings with a seed alone: whose it is, nobody has said yet."""
    seed = SeedToken(simulator.grant(SCOPES), clock.now())
    return Settings(client_id="an-id", client_secret="a-secret", public_url=PUBLIC_URL, setup_key=KEY, seed=seed)


async def test_another_account_than_a_seed_s_is_refused(tmp_path: Path) -> None:
    clock = FakeClock()
    simulator = simulated(clock)
    settings = seeded(clock, simulator)
    async with program(tmp_path, clock=clock, simulator=simulator, settings=settings, authorized=False) as running:
        owner = simulator.user_id, simulator.user_name
        simulator.user_id, simulator.user_name = "someone.else", "Someone Else"
        answer = await running.renew()
        assert answer.status_code == 403
        assert owner[1] in answer.text
        assert await running.store.credentials() is None
        simulator.user_id, simulator.user_name = owner
        assert (await running.renew()).status_code == 200


async def test_the_account_of_a_seed_cannot_be_requested_now_so_nothing_is_stored(tmp_path: Path) -> None:
    clock = FakeClock()
    simulator = simulated(clock)
    settings = seeded(clock, simulator)
    async with program(tmp_path, clock=clock, simulator=simulator, settings=settings, authorized=False) as running:
        callback = await running.consent((await running.begin_renewal()).headers["location"])
        # The new one says whose it is; then the running one cannot be asked.
        answers = iter([JSONResponse({"id": simulator.user_id}), down()])
        simulator.answers[ME] = lambda: next(answers)
        answer = await running.client.get(callback)
        assert answer.status_code == 503
        assert "Try again" in answer.text
        assert await running.store.credentials() is None
        del simulator.answers[ME]
        assert (await running.renew()).status_code == 200


async def test_a_seed_that_is_dead_keeps_nobody_out(tmp_path: Path) -> None:
    clock = FakeClock()
    simulator = simulated(clock)
    settings = seeded(clock, simulator)
    simulator.revoke_everything()
    async with program(tmp_path, clock=clock, simulator=simulator, settings=settings, authorized=False) as running:
        assert (await running.renew()).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"), [(TOKEN, 503), (ME, 503)], ids=["the exchange fails", "the account cannot be asked"]
)
async def test_a_spotify_that_is_down_changes_nothing(tmp_path: Path, path: str, status: int) -> None:
    async with program(tmp_path) as running:
        before = await stored(running)
        running.simulator.answers[path] = down
        answer = await running.renew()
        assert answer.status_code == status
        assert await stored(running) == before


async def test_a_doubt_about_what_plays_is_a_warning_only(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        running.simulator.answers[NOW] = down
        answer = await running.renew()
    assert answer.status_code == 200
    assert "could not be tested" in answer.text


async def test_premium_that_lapsed_is_reported(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        running.simulator.has_premium = False
        answer = await running.renew()
    assert answer.status_code == 403
    assert "Premium" in answer.text


async def test_a_missing_client_id_is_reported(tmp_path: Path) -> None:
    async with program(tmp_path, authorized=False) as running:
        answer = await running.begin_renewal()
    assert answer.status_code == 400
    assert "SPOTIFY_CLIENT_ID" in answer.text


async def test_a_database_that_goes_away_in_the_middle_is_reported(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        callback = await running.consent((await running.begin_renewal()).headers["location"])
        await running.store.close()
        answer = await running.client.get(callback)
        assert answer.status_code == 503
        assert "Nothing was changed" in answer.text


async def test_a_full_disk_spends_no_code_and_the_same_callback_works_once_there_is_room(tmp_path: Path) -> None:
    stores: list[Full] = []

    def wrapped(store: Store) -> Store:
        stores.append(Full(store))
        return cast("Store", stores[0])

    async with program(tmp_path, wrap_store=wrapped) as running:
        before = await stored(running)
        callback = await running.consent((await running.begin_renewal()).headers["location"])
        asked = list(running.simulator.requests)
        stores[0].has_room = False
        answer = await running.client.get(callback)
        assert answer.status_code == 503
        assert "Nothing was changed" in answer.text
        assert "now-playing.db" not in answer.text
        assert running.simulator.requests == asked
        assert await stored(running) == before
        stores[0].has_room = True
        assert (await running.client.get(callback)).status_code == 200
        assert await stored(running) != before


async def test_a_disk_that_fills_after_the_callback_was_taken_spends_no_code_either(tmp_path: Path) -> None:
    async with program(tmp_path, wrap_store=lambda store: cast("Store", Full(store, proofs=1))) as running:
        callback = await running.consent((await running.begin_renewal()).headers["location"])
        asked = list(running.simulator.requests)
        assert (await running.client.get(callback)).status_code == 503
        assert running.simulator.requests == asked


async def test_head_and_options_work_there_too(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        head, options = await running.client.head("/setup"), await running.client.options("/setup")
    assert (head.status_code, head.content) == (200, b"")
    assert (options.status_code, options.headers["cache-control"]) == (204, "no-store")
    assert options.headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_no_secret_stands_in_any_page_or_header(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        begun = await running.begin_renewal()
        callback = await running.consent(begun.headers["location"])
        code = query_of(callback)["code"]
        answers = [
            begun,
            await running.client.get(callback),
            await running.client.get("/setup"),
            await running.renew(),
        ]
        token = await running.store.authorization()
        assert token is not None
        secrets = (code, token.refresh_token, "a-secret", KEY, *running.simulator.access_tokens)
        for answer in answers:
            everything = answer.text + str(answer.headers)
            assert not [secret for secret in secrets if secret in everything]


async def test_the_account_is_learned_where_none_was_stored(tmp_path: Path) -> None:
    async with program(tmp_path, authorized=False) as running:
        await authorize(running.store, running.simulator)
        await running.renew()
        token = await running.store.authorization()
        assert token is not None
        assert token.account is not None
        assert token.account.name == "Nilas Listener"
