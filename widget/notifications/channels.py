"""The owner's own channels: the addresses in ``NOTIFY_URLS``, reached by Apprise. None is ever shown whole."""

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
    """One address that can be written to. ``label`` (such as ``2. discord``) names it without its secrets."""

    label: str
    fingerprint: str
    deliver: Callable[[str, str], bool] = field(repr=False)

    async def send(self, title: str, body: str, seconds: float = SEND_TIMEOUT_SECONDS) -> bool:
        """Sends one message; False where it did not arrive within ``seconds``. Never raises."""
        loop = asyncio.get_running_loop()
        arrived: asyncio.Future[bool] = loop.create_future()

        def tell(result: bool) -> None:
            if not arrived.done():
                arrived.set_result(result)

        def work() -> None:
            result = _quietly(self.deliver, title, body)
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, result)

        # A daemon thread: a service that hangs must not keep the program from ending.
        threading.Thread(target=work, name="message", daemon=True).start()
        try:
            return await asyncio.wait_for(arrived, seconds)
        except TimeoutError:
            return False


def parse_channels(urls: Iterable[str]) -> tuple[tuple[Channel, ...], tuple[str, ...]]:
    """The channels of ``urls``, and the labels of those that Apprise cannot read."""
    import apprise

    # Apprise writes whole addresses into its warnings.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    asset = apprise.AppriseAsset(app_id=_APP_NAME, app_desc=_APP_NAME, storage_mode=apprise.PersistentStoreMode.MEMORY)
    channels, unreadable = [], []
    for position, url in enumerate(urls, start=1):
        scheme = re.match(r"[a-z0-9]{1,16}(?=://)", url)
        label = f"{position}. {scheme[0] if scheme else 'address'}"
        service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
        if isinstance(service, apprise.NotifyBase):
            channels.append(Channel(label, _fingerprint(url), _delivery(service)))
        else:
            unreadable.append(label)
    return tuple(channels), tuple(unreadable)


def _delivery(service: "NotifyBase") -> Callable[[str, str], bool]:
    def deliver(title: str, body: str) -> bool:
        return bool(service.notify(title=title, body=body))

    return deliver


def _quietly(deliver: Callable[[str, str], bool], title: str, body: str) -> bool:
    # Whatever a service's plug-in raises, the message did not arrive; its text may hold the address.
    try:
        return deliver(title, body)
    except Exception:
        return False


def _fingerprint(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]
