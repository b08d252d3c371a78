"""What all public routes have in common."""

import pytest

from tests.support.showing import Showing, idle, item, playing

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
async def test_get_head_and_options_work_from_any_origin(showing: Showing, path: str) -> None:
    showing.show(playing(showing.clock.now()))
    async with showing.client() as client:
        answers = [await client.request(method, path) for method in ("GET", "HEAD", "OPTIONS")]
    assert [answer.status_code for answer in answers] == [200, 200, 204]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "referrer-policy" in answer.headers
        assert "set-cookie" not in answer.headers
    assert answers[1].content == b""


@pytest.mark.parametrize("path", PATHS)
async def test_other_methods_are_refused(showing: Showing, path: str) -> None:
    async with showing.client() as client:
        answer = await client.post(path)
    assert answer.status_code == 405
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/nothing", "/static/../page.py", "/static/nothing.js", "/artwork/", "/widget/"])
async def test_anything_else_is_404_and_says_no_more(showing: Showing, path: str) -> None:
    async with showing.client() as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("value", WILD)
@pytest.mark.parametrize("path", ["/widget", "/now-playing.svg", "/"])
async def test_wild_options_mean_the_default_and_reach_no_page(showing: Showing, path: str, value: str) -> None:
    showing.show(idle(showing.clock.now(), item()))
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
    async with showing.client() as client:
        usual, wild = await client.get(path), await client.get(f"{path}?{query}")
    assert wild.status_code == 200
    assert wild.content == usual.content


async def test_a_fault_of_ours_is_500_without_a_word_about_it(showing: Showing) -> None:
    async def fail() -> None:
        raise RuntimeError("a secret detail")

    object.__setattr__(showing.app.state.services, "health", fail)
    async with showing.client() as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 500
    assert "secret" not in answer.text
