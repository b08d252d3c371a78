"""Proxy and certificate variables, checked at start instead of at the first request."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator, MutableMapping
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from widget.model.errors import ConfigurationError

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
NO_PROXY = "no_proxy"
MAX_PORT = 65_535

Environ = MutableMapping[str, str]


def check_http_environment(environ: Environ) -> tuple[str, ...]:
    """Remove entries of ``NO_PROXY`` that httpx cannot read; return a warning for each variable.

    Costs nothing if none of these variables is set. Raises :class:`ConfigurationError`, naming the variables, if no
    client can be created with them.
    """
    if not any(_effective_names(environ, name) for name in (*PROXIES, NO_PROXY)) and not any(
        map(environ.get, CERTIFICATES)
    ):
        return ()
    warnings = _drop_unreadable_entries(environ)
    faults = [*_certificate_faults(environ), *_proxy_faults(environ)]
    if faults:
        raise ConfigurationError(*faults)
    _try_client()
    return warnings


def _drop_unreadable_entries(environ: Environ) -> tuple[str, ...]:
    warnings = []
    for name in _effective_names(environ, NO_PROXY):
        entries = [entry.strip() for entry in environ[name].split(",") if entry.strip()]
        readable = [entry for entry in entries if _is_readable(entry)]
        if readable != entries:
            environ[name] = ",".join(readable)
            dropped = ", ".join(repr(entry)[1:-1] for entry in entries if entry not in readable)
            warnings.append(f"{name} has entries that cannot be read and are ignored: {dropped[:200]}")
    return tuple(warnings)


def _is_readable(entry: str) -> bool:
    import httpx

    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    return _fault(lambda: httpx.AsyncClient(transport=transport, mounts={_pattern(entry): None})) is None


def _pattern(entry: str) -> str:
    """Return httpx's pattern for an entry.

    See https://www.python-httpx.org/environment_variables/#no_proxy
    """
    if "://" in entry:
        return entry
    try:
        version = ip_address(entry.split("/")[0]).version
    except ValueError:
        return f"all://{entry}" if entry.lower() == "localhost" else f"all://*{entry}"
    return f"all://[{entry}]" if version == 6 else f"all://{entry}"


def _certificate_faults(environ: Environ) -> Iterator[str]:
    file, folder, key_log = (environ.get(name) for name in CERTIFICATES)
    if file and (reason := _fault(lambda: ssl.create_default_context(cafile=file))):
        yield f"SSL_CERT_FILE cannot be used ({reason}): set it to a file of PEM certificates, or unset it"
    if folder and not file and not (Path(folder).is_dir() and os.access(folder, os.R_OK | os.X_OK)):
        yield "SSL_CERT_DIR cannot be used: set it to a folder of certificates, or unset it"
    if key_log and (reason := _fault(lambda: Path(key_log).open("ab").close())):
        yield f"SSLKEYLOGFILE cannot be written ({reason}): set it to another file, or unset it"


def _proxy_faults(environ: Environ) -> Iterator[str]:
    if "*" in (entry.strip() for name in _effective_names(environ, NO_PROXY) for entry in environ[name].split(",")):
        return  # httpx then uses no proxy at all.
    for name in (name for proxy in PROXIES for name in _effective_names(environ, proxy)):
        if reason := _fault(partial(_try_proxy, environ[name])):
            yield f"{name} cannot be used ({reason}): set it to http://host:port, https://… or socks5://…, or unset it"


def _try_proxy(address: str) -> None:
    import httpx

    proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    if not proxy.url.host or not 0 < (proxy.url.port or 1) <= MAX_PORT:
        raise ValueError
    httpx.AsyncHTTPTransport(proxy=proxy, verify=False)


def _try_client() -> None:
    import httpx

    if reason := _fault(httpx.AsyncClient):
        names = ", ".join((*(name.upper() for name in (*PROXIES, NO_PROXY)), *CERTIFICATES))
        raise ConfigurationError(f"no HTTP client can be created in this environment ({reason}): check {names}")


def _fault(attempt: Callable[[], object]) -> str | None:
    """Return the kind of error that ``attempt`` raises; its text may hold a proxy's password."""
    try:
        attempt()
    except Exception as error:
        return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return None


def _effective_names(environ: Environ, name: str) -> tuple[str, ...]:
    """Return the variables that count for ``name``: the lower-case one wins, even when empty."""
    if name in environ:
        return (name,) if environ[name] else ()
    return (name.upper(),) if environ.get(name.upper()) else ()
