"""Properties of all public routes."""

import pytest

from tests.support.builder_page import BuilderPage
from tests.support.web_harness import LOCAL, WebHarness, idle, item, playing
from widget.config.settings import Settings

PATHS = [
    "/",
    "/widget",
    "/now-playing",
    "/now-playing.svg",
    "/embed.js",
    "/oembed?url=http://music.example.org/widget",
    "/api/now-playing",
    "/healthz",
    "/readyz",
    "/static/site.css",
    "/static/placeholder.svg",
]
WILD = ["%FF%FE", "<script>", "javascript:alert(1)", "%22%3E%3Cb%3E", "a" * 3000, "%00", "dark;}body{display:none", ""]


@pytest.mark.parametrize("path", PATHS)
async def test_get_head_and_options_work_from_any_origin(harness: WebHarness, path: str) -> None:
    harness.show(playing(harness.clock.now()))
    async with harness.client() as client:
        answers = [await client.request(method, path) for method in ("GET", "HEAD", "OPTIONS")]
    assert [answer.status_code for answer in answers] == [200, 200, 204]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "referrer-policy" in answer.headers
        assert "set-cookie" not in answer.headers
    assert answers[1].content == b""


@pytest.mark.parametrize(
    "path", ["/now-playing", "/now-playing.svg", "/embed.js", "/api/now-playing", "/static/site.css"]
)
@pytest.mark.parametrize("form", ['W/"{}-gzip"', '"{};gzip"', 'W/"other", "{}-gzip"', "*", '"{}"'])
async def test_an_etag_is_recognized_as_proxies_send_it_back(harness: WebHarness, path: str, form: str) -> None:
    harness.show(playing(harness.clock.now()))
    async with harness.client() as client:
        etag = (await client.get(path)).headers["etag"]
        known = await client.get(path, headers={"If-None-Match": form.format(etag[3:-1])})
        other = await client.get(path, headers={"If-None-Match": form.format(etag[3:-2]).replace("*", '"x"')})
    assert (known.status_code, other.status_code) == (304, 200)
    assert known.headers["etag"] == etag


@pytest.mark.parametrize("path", ["/", "/now", "/oembed?url=http://music.example.org/widget", "/api/now-playing"])
async def test_a_response_with_an_address_from_the_request_is_cached_for_nobody_else(path: str) -> None:
    for settings, is_private in ((Settings(), True), (Settings(public_url="http://music.example.org"), False)):
        harness = WebHarness(settings=settings)
        harness.show(playing(harness.clock.now(), LOCAL))
        async with harness.client() as client:
            directives = (await client.get(path)).headers["cache-control"].split(", ")
        assert ("private" in directives) is is_private
        if is_private:
            assert not [one for one in directives if one == "public" or one.startswith("s-maxage")]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("*", "gzip"),
        ("br, GZIP;q=0.5", "gzip"),
        ("", None),
        ("gzip; q=0", None),
        ("br;q=1, *;q=0", None),
        ("*, gzip;q=0", None),
    ],
)
async def test_a_response_is_compressed_only_for_clients_that_accept_it(
    harness: WebHarness, accepted: str, encoding: str | None
) -> None:
    async with harness.client(accept_encoding=accepted) as client:
        response = await client.get("/static/site.css")
    assert response.headers.get("content-encoding") == encoding
    assert "Accept-Encoding" in response.headers["vary"]


@pytest.mark.parametrize("path", PATHS)
async def test_other_methods_are_refused(harness: WebHarness, path: str) -> None:
    async with harness.client() as client:
        answer = await client.post(path)
    assert answer.status_code == 405
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/nothing", "/static/../page.py", "/static/nothing.js", "/artwork/", "/widget/"])
async def test_anything_else_is_404_without_details(harness: WebHarness, path: str) -> None:
    async with harness.client() as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("value", WILD)
@pytest.mark.parametrize("path", ["/widget", "/now-playing.svg", "/"])
async def test_invalid_options_mean_the_default_and_reach_no_page(harness: WebHarness, path: str, value: str) -> None:
    harness.show(idle(harness.clock.now(), item()))
    names = (
        "theme",
        "layout",
        "background",
        "accent",
        "idle",
        "motion",
        "lang",
        "radius",
        "scale",
        "font",
        "without",
        "sample",
    )
    query = "&".join(f"{name}={value}" for name in names)
    async with harness.client() as client:
        usual, wild = await client.get(path), await client.get(f"{path}?{query}")
    assert wild.status_code == 200
    if path == "/":  # What was entered wrongly is told there, under its field.
        assert BuilderPage(wild.text).snippets == BuilderPage(usual.text).snippets
        assert value not in wild.text or len(value) < 2
    else:
        assert wild.content == usual.content


async def test_a_fault_is_500_without_details(harness: WebHarness) -> None:
    async def fail() -> None:
        raise RuntimeError("a secret detail")

    object.__setattr__(harness.app.state.context, "health", fail)
    async with harness.client() as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_a_fault_is_one_line_of_the_log_without_the_request(
    harness: WebHarness, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise RuntimeError("a secret detail")

    object.__setattr__(harness.app.state.context, "health", fail)
    async with harness.client() as client:
        await client.get("/readyz?needle")
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.startswith("a request failed: RuntimeError at test_every_route.py:")
    assert "secret" not in line
