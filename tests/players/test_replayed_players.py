"""The matrix: what each kind of player sends, message by message with its timing, and what visitors then see.

The messages are those that the named programs sent when they were run (docs/players.md). The programs that can be
installed are run by the other tests of this folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.support.inlet_program import TOKEN, InletProgram, inlet_program, listen

LENGTH = 200.0
Message = tuple[float, str, dict[str, Any]]
Scenario = Literal["start", "next", "pause", "stop", "same song twice", "killed"]
SCENARIOS: tuple[Scenario, ...] = ("start", "next", "pause", "stop", "same song twice", "killed")


@dataclass(frozen=True)
class Play:
    """The title plays from ``start`` to ``end`` (s); it pauses in between, or its player is killed at its end."""

    title: str
    start: float
    end: float
    pause: tuple[float, float] | None = None
    is_killed: bool = False

    def at(self, heard: float) -> float | None:
        """When so much of it has been heard; None if it never was."""
        first = self.pause[0] - self.start if self.pause is not None else heard
        at = self.start + heard + (self.pause[1] - self.pause[0] if self.pause is not None and heard > first else 0)
        return at if at <= self.end else None


PLAYS: dict[Scenario, tuple[Play, ...]] = {
    "start": (Play("One", 0, 200),),
    "next": (Play("One", 0, 120), Play("Two", 120, 320)),
    "pause": (Play("One", 0, 300, pause=(60, 160)),),
    "stop": (Play("One", 0, 120),),
    "same song twice": (Play("One", 0, 200), Play("One", 200, 400)),
    "killed": (Play("One", 0, 60, is_killed=True),),
}


@dataclass(frozen=True)
class Player:
    """How a player speaks ListenBrainz's language; ``announced`` s after each start, ``scrobbles`` when and as what."""

    name: str
    announced: float = 0.3
    again_every: float | None = None
    again_at_resume: bool = False
    duration: str = "duration_ms"
    scrobbles: Literal["half", "end", "stop"] = "half"
    listen_type: str = "single"
    time_of: Literal["start", "end"] = "start"
    is_fraction: bool = False
    before_the_next: float = 0.0
    tells_stop: bool = True

    @property
    def tells_duration(self) -> bool:
        return bool(self.duration)

    def messages(self, plays: tuple[Play, ...], began: float) -> Iterator[Message]:
        for play in plays:
            for at in self._announcements(play):
                yield at, "/1/submit-listens", self._body("playing_now", self._listen(play))
            if (scrobbled := self._scrobble_at(play)) is not None:
                time = began + (play.start if self.time_of == "start" else play.end)
                body = self._body(self.listen_type, self._listen(play, time if self.is_fraction else int(time)))
                yield scrobbled, "/1/submit-listens", body

    def _announcements(self, play: Play) -> Iterator[float]:
        at: float = play.start + self.announced
        yield at
        while self.again_every is not None and at + self.again_every < play.end:
            at += self.again_every
            if play.pause is None or not play.pause[0] <= at <= play.pause[1]:
                yield at
        if self.again_at_resume and play.pause is not None:
            yield play.pause[1]

    def _scrobble_at(self, play: Play) -> float | None:
        half = play.at(LENGTH / 2)
        if self.scrobbles == "half":
            return half
        is_cut = play.end - play.start < LENGTH
        return None if play.is_killed or (is_cut and not self.tells_stop) else play.end - self.before_the_next

    def _listen(self, play: Play, listened_at: float | None = None) -> dict[str, Any]:
        lengths: dict[str, dict[str, Any]] = {
            "duration_ms": {"duration_ms": 200_000},
            "duration": {"duration": 200},
            "seconds": {"duration_ms": 200},
        }
        return listen(play.title, listened_at, **lengths.get(self.duration, {}))

    def _body(self, listen_type: str, value: dict[str, Any]) -> dict[str, Any]:
        return {"listen_type": listen_type, "payload": [value]}


@dataclass(frozen=True)
class Reporter:
    """A player that tells positions and pauses, by a dialect of its own; ``tells_stop`` if it says that it stopped."""

    name: str
    path: str
    tells_stop: bool = True
    tells_duration: bool = True

    def messages(self, plays: tuple[Play, ...], began: float) -> Iterator[Message]:
        for play in plays:
            yield play.start + 0.3, self.path, self._state(play, "playing", 0.3, began)
            if play.pause is not None:
                position = play.pause[0] - play.start
                yield play.pause[0], self.path, self._state(play, "paused", position, began)
                yield play.pause[1], self.path, self._state(play, "resumed", position, began)
            if (half := play.at(LENGTH / 2)) is not None and self.name != "a template":
                yield half, self.path, self._scrobble(play, began)
        if self.tells_stop and not play.is_killed and play.end < LENGTH:
            yield play.end, self.path, self._state(play, "stopped", play.end - play.start, began)

    def _state(self, play: Play, state: str, position: float, began: float) -> dict[str, Any]:
        if self.name == "a template":
            state = "playing" if state == "resumed" else state
            known = {"title": play.title, "artists": ["The Weirs"], "duration_ms": 200_000}
            return {"state": state, "progress_ms": round(position * 1000), **known}
        if self.name == "Web Scrobbler's webhook":
            event = {"playing": "nowplaying", "resumed": "resumedplaying"}.get(state, state)
            return {"eventName": event, "time": 1, "data": {"song": self._song(play, position, began)}}
        flags = {"reported": state, "calculated": "playing" if state == "resumed" else state, "stale": False}
        return {
            "type": "nowPlaying",
            "play": {"position": position, "status": {**flags, "orphaned": False}, "play": self._play(play)},
        }

    def _scrobble(self, play: Play, began: float) -> dict[str, Any]:
        if self.name == "Web Scrobbler's webhook":
            song = self._song(play, 100, began)
            return {"eventName": "scrobble", "data": {"song": song, "songs": [song], "currentlyPlaying": True}}
        from datetime import UTC, datetime

        value = self._play(play)
        value["data"]["playDate"] = datetime.fromtimestamp(began + play.start, UTC).isoformat()
        return {"type": "scrobble", "play": value}

    def _song(self, play: Play, position: float, began: float) -> dict[str, Any]:
        parsed = {"track": play.title, "artist": "The Weirs", "duration": 200, "currentTime": round(position)}
        return {"parsed": parsed, "processed": {}, "metadata": {"startTimestamp": int(began + play.start)}}

    def _play(self, play: Play) -> dict[str, Any]:
        data: dict[str, Any] = {"track": play.title, "artists": [{"name": "The Weirs"}], "duration": 200}
        return {"data": data, "meta": {}}


PLAYERS: tuple[Player | Reporter, ...] = (
    Player("listenbrainz-mpd 2.6.0", listen_type="import"),
    Player("multi-scrobbler 0.16.4", announced=8.0, duration="duration", scrobbles="end", before_the_next=1.5),
    Player("mpris-scrobbler 0.5.8", again_every=65.0, again_at_resume=True, duration="duration"),
    Player("Web Scrobbler 3.22", announced=1.5, duration="duration"),
    Player("Quod Libet 4.7.1", duration="", scrobbles="end"),
    Player("Lollypop 1.4.48", announced=1.0, duration="duration", scrobbles="end"),
    Player("Rhythmbox 3.5.1", announced=1.0, duration="duration", scrobbles="end"),
    Player("Mopidy-Listenbrainz 0.4.2", duration="", scrobbles="end", time_of="end", tells_stop=False),
    Player("Supysonic 0.7.9", duration="seconds", is_fraction=True),
    Player("Navidrome 0.62", again_at_resume=True, scrobbles="half"),
    Player("Navidrome 0.63 with playbackReport", again_at_resume=True, scrobbles="stop", time_of="end"),
    Player("Pano Scrobbler"),
    Player("jellyfin-plugin-listenbrainz", scrobbles="stop", time_of="end"),
    Reporter("a template", "/inlet"),
    Reporter("Web Scrobbler's webhook", f"/inlet/web-scrobbler/{TOKEN}", tells_stop=False),
    Reporter("multi-scrobbler's Blackbox", "/inlet/multi-scrobbler"),
)


async def play_to(inlet: InletProgram, messages: list[Message], until: float) -> None:
    """Send what is due until ``until``."""
    while messages and messages[0][0] <= until:
        at, path, body = messages.pop(0)
        await inlet.at(at)
        response = await inlet.send(path, body)
        assert response.json() == {"status": "ok"}, response.text
    await inlet.at(until)


@pytest.fixture
async def inlet(tmp_path: Path) -> Any:
    async with inlet_program(tmp_path) as made:
        yield made


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("player", PLAYERS, ids=lambda player: player.name)
async def test_what_visitors_see_of_each_player(
    inlet: InletProgram, player: Player | Reporter, scenario: Scenario
) -> None:
    messages = sorted(player.messages(PLAYS[scenario], inlet.began), key=lambda message: message[0])
    for at, expected in EXPECTED[scenario](player):
        await play_to(inlet, messages, at)
        status, title = await inlet.status_and_title()
        rows = [row for row, _ in await inlet.recent()]
        assert (at, status, title, rows) == (at, *expected)
    shown = " ".join(status for status, _ in inlet.statuses[1:])
    assert "idle" not in shown.removesuffix(" idle").removesuffix(" idle") or scenario == "pause"


Expected = list[tuple[float, tuple[str, str, list[str]]]]


def ends_at(player: Player | Reporter, since: float = 0.0) -> float:
    """When the page shows idle, after a play from ``since`` on whose end nobody tells."""
    if isinstance(player, Reporter):
        return since + LENGTH + 3
    return since + player.announced + (LENGTH if player.tells_duration else 600) + 3


def start(player: Player | Reporter) -> Expected:
    end = ends_at(player) if player.tells_duration else 203
    return [
        (12, ("playing", "One", [])),
        (195, ("playing", "One", [])),
        (end - 0.5, ("playing", "One", [])),
        (end + 0.6, ("idle", "One", ["One"])),
    ]


def followed(player: Player | Reporter) -> Expected:
    end = ends_at(player, 120) if player.tells_duration else 323
    return [
        (119, ("playing", "One", [])),
        (131, ("playing", "Two", ["One"])),
        (315, ("playing", "Two", ["One"])),
        (end + 0.6, ("idle", "Two", ["Two", "One"])),
    ]


def paused(player: Player | Reporter) -> Expected:
    if isinstance(player, Reporter):
        return [
            (100, ("paused", "One", [])),
            (250, ("playing", "One", [])),
            (304, ("idle", "One", ["One"])),
        ]
    if not player.tells_duration:
        return [(100, ("playing", "One", [])), (299, ("playing", "One", [])), (304, ("idle", "One", ["One"]))]
    if player.again_every is not None:
        # It is announced again near the end that nobody knows to be later: taken for a new play, which ends too late.
        return [(100, ("playing", "One", [])), (299, ("playing", "One", ["One"])), (399, ("idle", "One", ["One"] * 2))]
    # Nobody tells that it is paused: it is over early by as much.
    return [(100, ("playing", "One", [])), (195, ("playing", "One", [])), (212, ("idle", "One", ["One"]))]


def stopped(player: Player | Reporter) -> Expected:
    if isinstance(player, Reporter) and player.tells_stop:
        return [(119, ("playing", "One", [])), (121, ("idle", "One", ["One"]))]
    if not player.tells_duration and player.tells_stop:
        return [(119, ("playing", "One", [])), (124, ("idle", "One", ["One"]))]
    if not player.tells_duration:
        return [(590, ("playing", "One", [])), (604, ("idle", "One", ["One"]))]
    # Nobody tells the stop: it may be shown to its end.
    return [(119, ("playing", "One", [])), (195, ("playing", "One", [])), (212, ("idle", "One", ["One"]))]


def repeated(player: Player | Reporter) -> Expected:
    end = ends_at(player, 200) if player.tells_duration else 403
    return [
        (195, ("playing", "One", [])),
        (215, ("playing", "One", ["One"])),
        (390, ("playing", "One", ["One"])),
        (end + 0.6, ("idle", "One", ["One", "One"])),
    ]


def killed(player: Player | Reporter) -> Expected:
    end = ends_at(player)
    return [(100, ("playing", "One", [])), (end - 0.5, ("playing", "One", [])), (end + 0.6, ("idle", "One", ["One"]))]


EXPECTED = {
    "start": start,
    "next": followed,
    "pause": paused,
    "stop": stopped,
    "same song twice": repeated,
    "killed": killed,
}
