"""What the tests of a music server of one's own share: songs, and a server that lists them."""

from typing import Any

from starlette.requests import Request

from tests.support.fake_clock import FakeClock
from tests.support.other_program import OtherProgram, Services, services

SERVER = "https://navidrome.example.org"
USER, PASSWORD, KEY = "elin", "needle-of-the-server", "needle-of-the-key"
ENVIRON = {"SOURCE": "subsonic", "SUBSONIC_URL": SERVER, "SUBSONIC_USER": USER, "SUBSONIC_PASSWORD": PASSWORD}


def entry(title: str = "Harbour Lights", **more: Any) -> dict[str, Any]:
    song = {"id": f"id of {title}", "title": title, "artist": "Elin Sandvik", "album": "The Ferry", "duration": 240}
    return {**song, "coverArt": "al-tides", "username": USER, "minutesAgo": 0, "playerId": 1, **more}


def report(title: str = "Harbour Lights", state: str = "playing", position_ms: int = 0, **more: Any) -> dict[str, Any]:
    return entry(title, state=state, positionMs=position_ms, playbackRate=1.0, **more)


def server(clock: FakeClock, *, reports: bool = True) -> Services:
    served = services(clock)
    served.subsonic.password, served.subsonic.has_reports, served.subsonic.entries = PASSWORD, reports, []
    return served


def keeps(running: OtherProgram, *, rounds_down: bool = False, again_after: float = 1e9, until: float = 1e9) -> None:
    """The server lists one song from now on, which begins again after ``again_after`` s, and drops it at ``until``."""
    clock, subsonic, begun = running.clock, running.services.subsonic, running.clock.now()

    def move_on(request: Request) -> None:
        passed = clock.now() - begun
        minutes = passed % again_after / 60
        subsonic.entries = [entry(minutesAgo=int(minutes) if rounds_down else minutes)] if passed < until else []

    subsonic.answer = move_on


async def shown(running: OtherProgram) -> dict[str, Any]:
    answer: dict[str, Any] = await running.now()
    return answer
