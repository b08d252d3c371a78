"""The owner's notification channels: the URLs in ``NOTIFY_URLS``, through Apprise.

None is ever printed whole.
"""

import asyncio
import hashlib
import logging
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apprise import NotifyBase

SEND_TIMEOUT_SECONDS = 20.0
_APP_NAME = "Now playing"


@dataclass(frozen=True, slots=True)
class Channel:
    """One URL that messages can be sent to.

    ``label`` (such as ``2. discord``) names it without its secrets.
    """

    label: str
    fingerprint: str
    deliver: Callable[[str, str], bool] = field(repr=False)

    async def send(self, title: str, body: str, seconds: float = SEND_TIMEOUT_SECONDS) -> bool:
        """Send one message; return whether it arrived within ``seconds``. Never raises."""
        loop = asyncio.get_running_loop()
        arrival: asyncio.Future[bool] = loop.create_future()

        def set_result(result: bool) -> None:
            if not arrival.done():
                arrival.set_result(result)

        def run() -> None:
            result = _try_deliver(self.deliver, title, body)
            # The program may have ended while the service hung.
            if not loop.is_closed():
                loop.call_soon_threadsafe(set_result, result)

        # A daemon thread, as a service that hangs must not keep the program from ending.
        threading.Thread(target=run, name="message", daemon=True).start()
        try:
            return await asyncio.wait_for(arrival, seconds)
        except TimeoutError:
            return False


def parse_channels(urls: Iterable[str]) -> tuple[tuple[Channel, ...], tuple[str, ...]]:
    """Return the channels of ``urls``, and the labels of those that Apprise cannot read."""
    import apprise

    # Apprise's warnings contain whole URLs.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    # Apprise would otherwise write files to the disk.
    asset = apprise.AppriseAsset(app_id=_APP_NAME, app_desc=_APP_NAME, storage_mode=apprise.PersistentStoreMode.MEMORY)
    channels, unreadable = [], []
    for position, url in enumerate(urls, start=1):
        scheme = re.match(r"[a-z0-9]{1,16}(?=://)", url)
        label = f"{position}. {scheme[0] if scheme else 'address'}"
        service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
        if isinstance(service, apprise.NotifyBase):
            channels.append(Channel(label, _fingerprint(url), _deliverer(service)))
        else:
            unreadable.append(label)
    return tuple(channels), tuple(unreadable)


def _deliverer(service: "NotifyBase") -> Callable[[str, str], bool]:
    def deliver(title: str, body: str) -> bool:
        return bool(service.notify(title=title, body=body))

    return deliver


def _try_deliver(deliver: Callable[[str, str], bool], title: str, body: str) -> bool:
    # The text of a plug-in's exception may contain the URL.
    try:
        return deliver(title, body)
    except Exception:
        return False


def _fingerprint(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]
