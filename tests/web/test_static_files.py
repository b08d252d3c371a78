"""Our own scripts, as visitors load them."""

import subprocess
from pathlib import Path

import pytest

from tests.support.npm import FOLDER, bundles
from tests.support.web_harness import WebHarness
from widget.web.static_files import FOLDERS, MINIFIED, read_static_file

SCRIPTS = sorted(path for folder in FOLDERS for path in folder.glob("*.js") if not path.name.endswith(MINIFIED))


@pytest.fixture(scope="module")
def minified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scripts as esbuild makes them now."""
    bundles()
    folder = tmp_path_factory.mktemp("minified")
    subprocess.run(["node", "minify.mjs", str(folder)], cwd=FOLDER, check=True, timeout=60)
    return folder


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_visitors_load_what_the_source_says_now(path: Path, minified: Path) -> None:
    """If this fails: ``npm ci --ignore-scripts && node minify.mjs`` in ``tests/browser/npm``."""
    built = (minified / path.with_suffix(MINIFIED).name).read_bytes()
    assert path.with_suffix(MINIFIED).read_bytes() == built
    assert read_static_file(path.name) == built
    assert len(built) < 0.7 * path.stat().st_size


def test_no_script_is_minified_that_has_no_source() -> None:
    minified = {path.name for folder in FOLDERS for path in folder.glob(f"*{MINIFIED}")}
    assert minified == {path.with_suffix(MINIFIED).name for path in SCRIPTS}


async def test_names_that_visitors_invent_stay_in_no_cache(harness: WebHarness) -> None:
    loaded = read_static_file("widget.js")
    async with harness.client() as client:
        for number in range(100):
            assert (await client.get(f"/static/invented-{number}.js")).status_code == 404
    assert read_static_file("widget.js") is loaded
