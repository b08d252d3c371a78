"""The web app alone, with the snapshot that a test publishes; artwork comes from the simulated Spotify."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx
from starlette.types import Receive, Scope, Send

from tests.support.fake_clock import FakeClock
from tests.support.json_schema import ValidatingApp
from widget.artwork.cache import ArtworkCache
from widget.artwork.color_service import ColorService
from widget.clock import Clock
from widget.config.settings import Settings
from widget.http_client import http_client
from widget.model.playback import Artwork, Entity, Item, Playback, PlayedItem
from widget.model.reauthorization import KeyCheck, ReauthorizationResult, ReauthorizationStarted
from widget.model.snapshot import Snapshot
from widget.model.sources import SPOTIFY, SourceInfo
from widget.model.tokens import AuthorizationStatus
from widget.notifications.health import HealthStatus
from widget.now_playing.broadcaster import Broadcaster
from widget.samples.artwork import WIDTHS
from widget.sources.simulators.spotify import RegisteredApp, SpotifySimulator
from widget.sources.simulators.spotify_playlist import IMAGES
from widget.web.app import WebApp
from widget.web.context import AppContext

WORKS = HealthStatus(AuthorizationStatus("ok", 120, 1_805_000_000.0), 1_795_000_000.0, None, 12)


@dataclass(frozen=True)
class FixedSnapshot:
    """A snapshot source that time does not change."""

    snapshot: Snapshot

    def snapshot_at(self, now: float, source: SourceInfo, max_recent: int) -> Snapshot:
        return self.snapshot

    def next_change_at(self, now: float, source: SourceInfo) -> float | None:
        return None


class NoReauthorization:
    """For tests that do not reauthorize: every key is wrong."""

    async def check_key(self, key: str) -> KeyCheck:
        return "wrong"

    async def begin(self, redirect_uri: str) -> ReauthorizationStarted:
        raise NotImplementedError

    async def complete(
        self, cookie: str | None, state: str | None, code: str | None, error: str | None
    ) -> ReauthorizationResult | None:
        return None


class AppOnItsLoop(WebApp):
    """The web app, and the event loop on which a server runs it."""

    _loop: asyncio.AbstractEventLoop | None = None
    _thread: int | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        await super().__call__(scope, receive, send)

    def do(self, action: Callable[[], None]) -> None:
        """Run ``action`` on that loop, or here before the first request and on the loop's own thread."""
        loop = self._loop
        if loop is None or not loop.is_running() or self._thread == threading.get_ident():
            action()
            return

        async def there() -> None:
            action()

        asyncio.run_coroutine_threadsafe(there(), loop).result(10)


@dataclass
class WebHarness:
    """The web app: :meth:`show` publishes a snapshot, ``health`` is reported by ``/`` and ``/readyz``.

    ``network`` serves the artwork, by default the ``simulator``.
    """

    clock: Clock = field(default_factory=FakeClock)
    settings: Settings = field(default_factory=Settings)
    health: HealthStatus = WORKS
    network: httpx.AsyncBaseTransport | None = None
    source: SourceInfo = SPOTIFY

    def __post_init__(self) -> None:
        self.simulator = SpotifySimulator(self.clock.now, RegisteredApp("an-id", "a-secret", set()))
        self.http = http_client(self.network or httpx.ASGITransport(self.simulator.app))
        self.broadcast = Broadcaster(self.clock)
        self.broadcast.mark_fresh()
        self.artwork = ArtworkCache(
            lambda: self.http, self.settings.artwork_hosts, self.clock, self.source.artwork_policy
        )
        context = AppContext(
            self.settings,
            self.clock,
            self.broadcast,
            self._health,
            self.artwork,
            NoReauthorization() if self.source.needs_authorization else None,
            self.source,
        )
        self.app = AppOnItsLoop(context)

    def show(self, snapshot: Snapshot) -> "WebHarness":
        """Publish ``snapshot``, on the thread of the server that runs the app, if any."""
        self.app.do(lambda: self._publish(snapshot))
        return self

    def _publish(self, snapshot: Snapshot) -> None:
        self.broadcast.publish(FixedSnapshot(snapshot))
        self.broadcast.mark_fresh()

    async def find_color(self) -> "WebHarness":
        """Wait until the color of the current artwork is found, as the running program finds it."""
        finder = asyncio.create_task(ColorService(self.artwork, self.broadcast, self.clock).run())
        self.broadcast.touch()
        async with asyncio.timeout(10):
            await self.broadcast.wait_for_change(self.broadcast.revision)
        finder.cancel()
        return self

    def client(self, **headers: str) -> httpx.AsyncClient:
        """Return a client that calls the application directly."""
        transport = httpx.ASGITransport(ValidatingApp(self.app), raise_app_exceptions=False)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.AsyncClient(transport=transport, base_url="http://music.example.org", headers=given)

    async def _health(self) -> HealthStatus:
        return self.health


def artwork(name: str) -> tuple[Artwork, ...]:
    """Return one of the simulated Spotify's drawings, in all its sizes."""
    return tuple(Artwork(f"{IMAGES}/{name}-{width}", width, width) for width in WIDTHS)


def item(title: str = "Tides of Glass", artists: tuple[str, ...] = ("Mara Lindqvist",), **changes: object) -> Item:
    """Return a track of invented music."""
    made = Item(
        type="track",
        id="5tIdesOfGlass0000000aB",
        uri="spotify:track:5tIdesOfGlass0000000aB",
        url="https://open.spotify.com/track/5tIdesOfGlass0000000aB",
        title=title,
        artists=tuple(Entity(name, "https://open.spotify.com/artist/1") for name in artists),
        album=Entity("Low Water", "https://open.spotify.com/album/1"),
        artwork=artwork("tides"),
        duration_ms=214_000,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


EPISODE = item(
    "Slow Maps: Why We Still Draw Coastlines by Hand",
    (),
    type="episode",
    album=None,
    show=Entity("The Long Way Round"),
    artwork=artwork("maps"),
    duration_ms=2_540_000,
)
LOCAL = item("Kitchen Demo 3", id=None, url=None, album=None, artwork=(), is_local=True)
LONG = item(
    "Noon over the Viaduct (Live from the Old Customs House, Late Summer Version, Remastered for the Anniversary)",
    ("Parallel Weather", "Ines Okafor", "The Signal Boxes", "Everybody at the Station"),
    explicit=True,
    artwork=artwork("viaduct"),
)
HEBREW = item("שיר של אור ראשון", ("נועה ברק",), artwork=artwork("orbit"))
ARABIC = item("باب الياسمين في آخر الليل", ("ليلى حداد", "فرقة الظل"), artwork=artwork("jasmine"), explicit=True)
JAPANESE = item("雨の灯りが消えるまで、夜の図書館で待っている", ("小川ミナト",), artwork=artwork("lantern"))
EMOJI = item("Orbit Song 🪐👨‍👩‍👧‍👦🏳️‍🌈", ("Nova & the Tin Moons",), artwork=artwork("orbit"))
MARKUP = item("<b>A & B</b> ]]> \"quoted\" 'x'", ("<script>alert(1)</script>",), artwork=artwork("jasmine"))


def playing(now: float, what: Item | None = None, progress_ms: int | None = 61_000, **changes: object) -> Snapshot:
    """Return the snapshot in which ``what`` plays at ``now`` (s since the epoch)."""
    what = what or item()
    playback = Playback("playing", now, what, progress_ms)
    anchor = now - (progress_ms or 0) / 1000
    snapshot = replace(Snapshot(playback, updated_at=now, started_at=anchor, next_update_at=now + 5), **changes)  # type: ignore[arg-type]
    if playback.ends_at is None or snapshot.started_at is None or "valid_until" in changes:
        return snapshot
    return replace(snapshot, valid_until=snapshot.started_at + (what.duration_ms or 0) / 1000 + 3)


def paused(now: float, what: Item | None = None) -> Snapshot:
    """Return the snapshot in which ``what`` is paused."""
    return Snapshot(Playback("paused", now, what or item(), 61_000), updated_at=now, next_update_at=now + 5)


def advertisement(now: float) -> Snapshot:
    """Return the snapshot of an advertisement."""
    return Snapshot(Playback("ad", now), updated_at=now, last_played=PlayedItem(item(), now - 60))


def idle(now: float, last: Item | None = None) -> Snapshot:
    """Return the snapshot in which nothing plays and ``last`` was played before."""
    return Snapshot(
        Playback("idle", now), updated_at=now, last_played=None if last is None else PlayedItem(last, now - 600)
    )
