"""Broken environment variables are reported at the start, by name; those httpx can do without are ignored."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.commands import Spotify, run, server, spotify
from tests.support.live_server import free_port
from tests.support.socks import SocksProxy
from widget.config.http_environment import check_http_environment
from widget.model.errors import ConfigurationError

BROKEN = [
    ("ALL_PROXY", "sox://127.0.0.1:1080"),
    ("all_proxy", "socks4://127.0.0.1:1080"),
    ("HTTPS_PROXY", "ftp://needle-name:needle-password@127.0.0.1:1"),
    ("HTTP_PROXY", "http://127.0.0.1:99999999"),
    ("http_proxy", "http://[::1"),
    ("https_proxy", "http://"),
    ("SSL_CERT_FILE", "/nowhere/certificates.pem"),
    ("SSL_CERT_FILE", __file__),
    ("SSL_CERT_DIR", "/nowhere/certificates"),
    ("SSLKEYLOGFILE", "/nowhere/keys.log"),
]
UNREADABLE = ("[::1]", "fe80::/10", "m\u00fcsik.example", "a:b:c", "\udcff")
READABLE = ("localhost", "127.0.0.1", "::1", "10.0.0.0/8", ".example.org", "example.org:8080", "http://example.org", "")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper() and "SSL" not in name}
    return {**kept, "SPOTIFY_CLIENT_ID": "an-id", "PYTHONPATH": str(Path(__file__).parent.parent)}


@pytest.mark.parametrize(("name", "value"), BROKEN)
def test_what_no_client_can_be_made_with_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_http_environment({name: value})
    (fault,) = refused.value.faults
    assert fault.startswith(f"{name} cannot be")
    assert "needle" not in fault


@pytest.mark.parametrize("module", ["widget", "bootstrap"])
@pytest.mark.parametrize(("name", "value"), [BROKEN[0], BROKEN[2], BROKEN[6], BROKEN[8]])
def test_both_commands_stop_at_the_start(
    environ: dict[str, str], tmp_path: Path, module: str, name: str, value: str
) -> None:
    result = run(module, cwd=tmp_path, environ={**environ, "PORT": str(free_port()), name: value})
    assert result.returncode == 2, result
    assert name in result.stderr
    assert result.stderr.count("\n") == 1
    assert "needle" not in result.stderr


@pytest.mark.parametrize("entry", [*UNREADABLE, *READABLE])
def test_an_entry_of_no_proxy_is_kept_exactly_where_httpx_can_read_it(entry: str) -> None:
    """httpx itself is the judge, in a process of its own."""
    given = {"NO_PROXY": entry}
    warnings = check_http_environment(given)
    code = f"import os, httpx; os.environ.clear(); os.environ['NO_PROXY'] = {entry!r}; httpx.AsyncClient()"
    reads = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
    assert given["NO_PROXY"] == (entry if reads else "")
    assert bool(warnings) is not reads
    assert reads is (entry in READABLE)


def test_the_entries_that_can_be_read_stay() -> None:
    environ = {"no_proxy": "localhost, [::1],fe80::/10 ,.example.org", "NO_PROXY": "[::2]"}
    (warning,) = check_http_environment(environ)
    assert environ == {"no_proxy": "localhost,.example.org", "NO_PROXY": "[::2]"}
    assert warning == "no_proxy has entries that cannot be read and are ignored: [::1], fe80::/10"


def test_a_proxy_that_nobody_asks_is_not_looked_at() -> None:
    assert check_http_environment({"ALL_PROXY": "sox://nowhere", "NO_PROXY": "a,*"}) == ()
    assert check_http_environment({"ALL_PROXY": "sox://nowhere", "all_proxy": ""}) == ()


def test_without_any_of_them_no_client_is_made() -> None:
    code = (
        "import os, sys; from widget.config.http_environment import check_http_environment; "
        "check_http_environment({'PATH': '/bin', 'no_proxy': '', 'SSL_CERT_FILE': ''}); "
        "sys.exit('httpx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def authorized(service: Spotify, folder: Path) -> dict[str, str]:
    seed = service.simulator.grant(("user-read-currently-playing", "user-read-recently-played"))
    return {**service.environ, "SPOTIFY_REFRESH_TOKEN": seed}


def test_an_unreadable_entry_is_a_warning_and_the_rest_works(tmp_path: Path) -> None:
    with spotify() as service:
        environ = {**authorized(service, tmp_path), "NO_PROXY": "[::1],127.0.0.1", "ALL_PROXY": "http://127.0.0.1:9"}
        checked = run("bootstrap", "status", "--check", cwd=tmp_path, environ=environ)
        assert checked.returncode == 0, checked
        assert "Warning: NO_PROXY" in checked.stderr
        with server(tmp_path, environ) as running:
            assert running.shows()
            code, _, told = running.end(15)
    assert code == 0
    assert "WARNING: NO_PROXY" in told


async def test_a_socks_proxy_works(tmp_path: Path) -> None:
    async with SocksProxy() as proxy:
        with spotify() as service:
            environ = {**authorized(service, tmp_path), "ALL_PROXY": f"socks5://127.0.0.1:{proxy.port}"}
            environ = {name: value for name, value in environ.items() if name.lower() != "no_proxy"}
            command: Callable[[], subprocess.CompletedProcess[str]] = lambda: run(  # noqa: E731
                "bootstrap", "status", "--check", cwd=tmp_path, environ=environ
            )
            checked = await asyncio.to_thread(command)
    assert checked.returncode == 0, checked
    assert proxy.connections > 0


def test_the_rehearsal_and_the_demo_go_by_no_proxy(environ: dict[str, str], tmp_path: Path) -> None:
    browser = f"env -u ALL_PROXY -u SSL_CERT_FILE {sys.executable} -m tests.support.consenting_browser %s"
    broken = {**environ, "ALL_PROXY": "http://127.0.0.1:9", "SSL_CERT_FILE": "/nowhere", "BROWSER": browser}
    broken["SPOTIFY_REDIRECT_URI"] = f"http://127.0.0.1:{free_port()}/callback"
    rehearsed = run("bootstrap", "--demo", cwd=tmp_path, environ=broken)
    assert rehearsed.returncode == 0, rehearsed
    with server(tmp_path, broken, "--demo") as running:
        assert running.get().json()["status"] in ("playing", "paused", "ad", "idle")
