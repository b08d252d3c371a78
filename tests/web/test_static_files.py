"""Our own scripts, as visitors load them."""

import re
from pathlib import Path

import pytest

from tests.support.web_harness import WebHarness
from widget.web.minify import minify_js, shorten_names
from widget.web.static_files import FOLDERS, read_static_file

SCRIPTS = sorted(path for folder in FOLDERS for path in folder.glob("*.js"))


def test_white_space_goes_where_it_parts_nothing() -> None:
    source = b"const a = (b) => {\n  // Why.\n  return b ? 1 : -1; // What.\n};\nclass A {\n  get b() {\n  }\n}\n"
    assert minify_js(source) == b"const a=(b)=>{return b?1:-1;};class A{get b(){}}\n"


def test_texts_stay_as_they_are() -> None:
    source = b'say("a = b, \\" ; c", `d = ${e} : f`, "g ? h : i");\n'
    assert minify_js(source) == b'say("a = b, \\" ; c",`d = ${e} : f`,"g ? h : i");'


@pytest.mark.parametrize(
    ("source", "short"),
    [
        ("const total=1;function twice(value){return value*total;}", "const a=1;function c(b){return b*a;}"),
        ("let open,shut;const turn=(open)=>`${open ? `${shut}` : open} open`;", None),
        ("if(window){const page=window;}", "if(window){const a=window;}"),
        ("const once=(name)=>name;say(once?.once,once);", "const once=(a)=>a;say(once?.once,once);"),
        ("const left=1,{top}=box;say({left,right:[left]});", "const left=1,{top}=box;say({left,right:[left]});"),
        ("const tall=2;say(wide?tall:-tall,...tall);", "const a=2;say(wide?a:-a,...a);"),
        ('const word=/word"[/]word/.test(a,"word");say(word/word);', 'const b=/word"[/]word/.test(a,"word");say(b/b);'),
    ],
)
def test_a_name_is_shortened_if_it_names_no_property_and_stands_in_no_text(source: str, short: str | None) -> None:
    if short is None:
        short = "let a,shut;const b=(a)=>`${a ? `${shut}` : a} open`;"
    assert shorten_names(source.encode()).decode() == short


async def test_names_that_visitors_invent_stay_in_no_cache(harness: WebHarness) -> None:
    loaded = read_static_file("widget.js")
    async with harness.client() as client:
        for number in range(100):
            assert (await client.get(f"/static/invented-{number}.js")).status_code == 404
    assert read_static_file("widget.js") is loaded


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_nothing_but_comments_and_white_space_is_left_out(path: Path) -> None:
    source, loaded = path.read_text(), minify_js(path.read_bytes()).decode()
    code = re.sub(r"^[ \t]+//.*\n|[ \t]+//.*$", "", source, flags=re.MULTILINE)
    assert re.sub(r"\s", "", loaded) == re.sub(r"\s", "", code)
    texts = re.findall(r'"[^"\n]*"', code)
    assert [text for text in texts if text not in loaded] == []


def test_no_two_names_of_the_widget_s_script_become_one() -> None:
    (path,) = [path for path in SCRIPTS if path.name == "widget.js"]
    before, after = minify_js(path.read_bytes()).decode(), (read_static_file(path.name) or b"").decode()
    texts = re.compile(r'"[^"\n]*"|\?w=|\\w')
    assert texts.findall(before) == texts.findall(after)
    pairs = set(zip(*(re.findall(r"\w+", texts.sub('""', code)) for code in (before, after)), strict=True))
    assert len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs)
    assert len(after) < 0.85 * len(before)
