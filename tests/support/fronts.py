"""Real web servers in front of ours, each with the lines that ``docs/hosting.md`` gives for it."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.support.documentation import doc, section
from tests.support.live_server import free_port
from tests.support.programs import require

APACHE_MODULES = Path("/usr/lib/apache2/modules")


def documented_lines(title: str) -> str:
    """Return the configuration in the section ``title`` of the page about hosting."""
    found = re.search(r"```\w+\n(.*?)```", section(doc("hosting"), title), re.DOTALL)
    assert found is not None, title
    return found[1]


@contextmanager
def nginx(folder: Path, lines: str, http_lines: str = "") -> Iterator[str]:
    """Run nginx with ``lines`` in its server block."""
    port = free_port()
    kinds = ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in kinds)
    config = (
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; {paths}\n{http_lines}\nserver {{ listen 127.0.0.1:{port};\n{lines}\n}} }}\n"
    )
    with _running("nginx", ("-c", "CONFIG", "-e", str(folder / "error.log")), folder, config, port) as url:
        yield url


@contextmanager
def caddy(folder: Path, lines: str) -> Iterator[str]:
    """Run Caddy with ``lines``, for an address of this machine."""
    port = free_port()
    site = lines.replace("music.example.org", f"http://127.0.0.1:{port}, http://music.example.org:{port}")
    config = f"{{\nadmin off\nauto_https off\ndefault_bind 127.0.0.1\n}}\n{site}"
    with _running("caddy", ("run", "--config", "CONFIG", "--adapter", "caddyfile"), folder, config, port) as url:
        yield url


@contextmanager
def haproxy(folder: Path, lines: str) -> Iterator[str]:
    """Run HAProxy with ``lines``."""
    port = free_port()
    config = lines.replace("bind :80", f"bind 127.0.0.1:{port}")
    with _running("haproxy", ("-db", "-f", "CONFIG"), folder, config, port) as url:
        yield url


@contextmanager
def apache(folder: Path, lines: str, *modules: str) -> Iterator[str]:
    """Run Apache with ``lines`` and ``modules`` beside those of the proxy."""
    port = free_port()
    loaded = ("mpm_event", "authz_core", "proxy", "proxy_http", "headers", *modules)
    config = "".join(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so\n" for name in loaded)
    config += f"ServerRoot {folder}\nDefaultRuntimeDir {folder}\nPidFile {folder}/pid\nErrorLog {folder}/error.log\n"
    config += f"ServerName 127.0.0.1\nListen 127.0.0.1:{port}\n"
    if os.getuid() == 0:
        config += "User www-data\nGroup www-data\n"
        folder.chmod(0o777)
    with _running("apache2", ("-DFOREGROUND", "-f", "CONFIG"), folder, config + lines, port) as url:
        yield url


FRONTS: dict[str, Callable[[Path, str], AbstractContextManager[str]]] = {
    "nginx": nginx,
    "Caddy": caddy,
    "HAProxy": haproxy,
    "Apache": apache,
}


@contextmanager
def _running(program: str, arguments: tuple[str, ...], folder: Path, config: str, port: int) -> Iterator[str]:
    command = require(program)
    path = folder / "front.conf"
    path.write_text(config, encoding="utf-8")
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    given = [str(path) if argument == "CONFIG" else argument for argument in arguments]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen([command, *given], cwd=folder, env=environ, stdout=output, stderr=output)
        try:
            _wait_until_it_listens(port, process, folder)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_listens(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    written = [(folder / name).read_text() for name in ("output", "error.log") if (folder / name).exists()]
    raise AssertionError(f"it does not listen: {written}")
