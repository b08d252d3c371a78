"""Our own scripts, as visitors load them."""

import re
from pathlib import Path

import pytest

from tests.support.web_harness import WebHarness
from widget.web.static_files import FOLDERS, minify_js, read_static_file

SCRIPTS = sorted(path for folder in FOLDERS for path in folder.glob("*.js"))


def test_white_space_goes_where_it_parts_nothing() -> None:
    source = b"const a = (b) => {\n  // Why.\n  return b ? 1 : -1; // What.\n};\nclass A {\n  get b() {\n  }\n}\n"
    assert minify_js(source) == b"const a=(b)=>{return b?1:-1;};class A{get b(){}}\n"


def test_texts_stay_as_they_are() -> None:
    source = b'say("a = b, \\" ; c", `d = ${e} : f`, "g ? h : i");\n'
    assert minify_js(source) == b'say("a = b, \\" ; c",`d = ${e} : f`,"g ? h : i");'


async def test_names_that_visitors_invent_stay_in_no_cache(harness: WebHarness) -> None:
    loaded = read_static_file("widget.js")
    async with harness.client() as client:
        for number in range(100):
            assert (await client.get(f"/static/invented-{number}.js")).status_code == 404
    assert read_static_file("widget.js") is loaded


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_nothing_but_comments_and_white_space_is_left_out(path: Path) -> None:
    source, loaded = path.read_text(), (read_static_file(path.name) or b"").decode()
    code = re.sub(r"^[ \t]+//.*\n|[ \t]+//.*$", "", source, flags=re.MULTILINE)
    assert re.sub(r"\s", "", loaded) == re.sub(r"\s", "", code)
    texts = re.findall(r'"[^"\n]*"', code)
    assert [text for text in texts if text not in loaded] == []
