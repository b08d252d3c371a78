"""Servers that implement MPD's protocol in their own way, or not at all: the program goes on."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.support.fake_clock import FakeClock
from tests.support.real_time import real_time_program
from widget.sources.mpd.adapter import MpdClient
from widget.sources.mpd.connection import MpdServer

Answer = Callable[[str], bytes | None]

STATUS = "state: play\nsongid: 1\nelapsed: 12.500\nduration: 200.000\nOK\n"
SONG = "file: a.flac\nTitle: Harbour Lights\nArtist: Elin Sandvik\nId: 1\nOK\n"


def player(status: str = STATUS, song: str = SONG, **more: bytes) -> Answer:
    """Return a server in one state that never changes."""
    replies = {"status": status.encode(), "currentsong": song.encode(), "ping": b"OK\n", "idle": None, **more}

    def answer(line: str) -> bytes | None:
        command = line.split(" ")[0]
        if command == "noidle":
            return b"OK\n"
        return replies.get(command, b"ACK [5@0] {} unknown command\n")

    return answer


@asynccontextmanager
async def odd_server(
    answer: Answer, hello: bytes = b"OK MPD 0.19.0\n", socket_name: str | None = None
) -> AsyncIterator[dict[str, str]]:
    """Serve while the context lasts, on a TCP port or an abstract socket; yields the variables that lead there."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(hello)
            while line := await reader.readline():
                if (reply := answer(line.decode().strip())) is not None:
                    writer.write(reply)
        except ConnectionError:
            pass
        finally:
            writer.close()

    if socket_name is None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        place = {"MPD_HOST": "127.0.0.1", "MPD_PORT": str(server.sockets[0].getsockname()[1])}
    else:
        server = await asyncio.start_unix_server(serve, f"\0{socket_name}")
        place = {"MPD_HOST": f"@{socket_name}"}
    try:
        yield {"SOURCE": "mpd", **place}
    finally:
        server.close()


@pytest.mark.parametrize(
    ("status", "song", "shown"),
    [
        # Mopidy and old servers: no duration but in time.
        ("state: play\ntime: 12:200\nOK\n", SONG, ("playing", "Harbour Lights", 200_000, 12)),
        ("state: pause\ntime: 12:200\nOK\n", SONG, ("paused", "Harbour Lights", 200_000, 12)),
        ("state: play\nelapsed: nan\nduration: inf\nOK\n", SONG, ("playing", "Harbour Lights", None, None)),
        ("state: play\nelapsed: -4\nduration: 0\nOK\n", SONG, ("playing", "Harbour Lights", None, None)),
        (STATUS, "file: http://radio.example/live\nOK\n", ("playing", "live", 200_000, 12)),
        ("state: play\nOK\n", "file: http://user:pw@radio.example\nOK\n", ("playing", "radio.example", None, None)),
        (
            "state: play\nOK\n",
            "file: http://radio.example/\nName: A Station\nOK\n",
            ("playing", "A Station", None, None),
        ),
        ("state: play\nOK\n", "file: spotify:track:1\nTitle: \nOK\n", ("playing", "spotify:track:1", None, None)),
        ("state: stop\nOK\n", SONG, ("idle", None, None, None)),
        ("state: dancing\nOK\n", SONG, ("idle", None, None, None)),
        (STATUS, "OK\n", ("idle", None, None, None)),
        ("OK\n", "OK\n", ("idle", None, None, None)),
    ],
)
async def test_replies_of_any_kind(
    tmp_path: Path, status: str, song: str, shown: tuple[str, str | None, int | None, int | None]
) -> None:
    async with odd_server(player(status, song)) as environ, real_time_program(tmp_path, environ) as program:
        now = await program.shows(shown[0], shown[1])
        if now["item"] is not None:
            assert now["item"]["duration_ms"] == shown[2]
            assert (now["progress_ms"] is None) == (shown[3] is None)
            assert "pw" not in str(now)


@pytest.mark.parametrize("seconds", [-7200.0, 7200.0])
async def test_after_the_clock_was_set_the_position_is_requested_again(seconds: float) -> None:
    commands: list[str] = []

    def answer(line: str) -> bytes | None:
        commands.append(line)
        return player()(line)

    clock = FakeClock()
    client = MpdClient(clock)
    async with odd_server(answer) as environ:
        server = MpdServer(environ["MPD_HOST"], int(environ["MPD_PORT"]), None)
        for _ in range(3):
            await client.now_playing(server)
            await clock.advance(30.0)
        assert commands.count("status") == 1
        clock.jump(seconds)
        for _ in range(3):
            playback = (await client.now_playing(server)).playback
        assert commands.count("status") == 2
        assert playback is not None
        assert playback.observed_at == clock.now()
        await client.close()


@pytest.mark.parametrize("hello", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\xfe\n", b"OK MPD\n", b"x" * 200_000])
async def test_a_server_of_another_protocol_is_unreachable(
    tmp_path: Path, hello: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with odd_server(player(), hello) as environ, real_time_program(tmp_path, environ) as program:
        now = await program.until(lambda now: now["error"] is not None)
        assert now["error"]["code"] == "source_unreachable"
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "reply", [b"nonsense\nOK\n", b"\xff\xfe: x\nOK\n", b"ACK [99@0] {status} odd\n", b"k: " + b"x" * 100_000]
)
async def test_a_reply_that_cannot_be_read_is_an_outage(
    tmp_path: Path, reply: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        odd_server(lambda line: reply if line == "status" else player()(line)) as environ,
        real_time_program(tmp_path, environ) as program,
    ):
        now = await program.until(lambda now: now["error"] is not None)
        assert now["error"]["code"] == "source_unreachable"
    assert "Traceback" not in caplog.text


def noise(side: int) -> bytes:
    """Return a JPEG that does not compress well."""
    image = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side))  # noqa: S311
    saved = BytesIO()
    image.save(saved, "JPEG", quality=95)
    return saved.getvalue()


def with_picture(body: bytes) -> Answer:
    def answer(line: str) -> bytes | None:
        if not line.startswith("readpicture"):
            return player()(line)
        offset = int(line.rsplit(" ", 1)[1].strip('"'))
        part = body[offset : offset + 100_000]
        return b"size: %d\ntype: image/jpeg\nbinary: %d\n" % (len(body), len(part)) + part + b"\nOK\n"

    return answer


async def test_a_large_picture_is_handed_out_smaller_to_those_who_show_it_small(tmp_path: Path) -> None:
    body = noise(1000)
    assert len(body) > 500_000
    async with odd_server(with_picture(body)) as environ, real_time_program(tmp_path, environ) as program:
        path = (await program.shows("playing", "Harbour Lights"))["item"]["artwork_path"]
        assert (await program.client.get(path)).content == body
        for width, side in ((64, 300), (300, 300), (301, 640), (640, 640)):
            image = Image.open(BytesIO((await program.client.get(f"{path}?w={width}")).content))
            assert (image.format, image.size) == ("JPEG", (side, side))
        assert (await program.client.get(f"{path}?w=2000")).content == body
        assert "data:image/jpeg" in (await program.client.get("/now-playing.svg")).text


@pytest.mark.parametrize("body", [b"x" * 6_000_000, b"no image", b""])
async def test_what_is_too_large_or_no_image_is_no_artwork(tmp_path: Path, body: bytes) -> None:
    async with odd_server(with_picture(body)) as environ, real_time_program(tmp_path, environ) as program:
        path = (await program.shows("playing", "Harbour Lights"))["item"]["artwork_path"]
        assert (await program.client.get(path)).headers["content-type"] == "image/svg+xml"
        assert (await program.now())["status"] == "playing"


async def test_names_that_are_hidden_count_as_nothing(tmp_path: Path) -> None:
    async with (
        odd_server(player()) as environ,
        real_time_program(tmp_path, {**environ, "HIDE": "artist:elin sandvik"}) as program,
    ):
        await program.shows("idle")


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
@pytest.mark.parametrize("password", ["", "needle@"])
async def test_an_abstract_socket_is_a_host_too(tmp_path: Path, password: str) -> None:
    passwords: set[str] = set()  # The artwork may already be loaded, over a connection of its own.

    def answer(line: str) -> bytes | None:
        if line.startswith("password"):
            passwords.add(line)
            return b"OK\n"
        return player()(line)

    async with odd_server(answer, socket_name=f"now-playing-{tmp_path.name}") as environ:
        environ["MPD_HOST"] = password + environ["MPD_HOST"]
        async with real_time_program(tmp_path, environ) as program:
            await program.shows("playing", "Harbour Lights")
    assert passwords == ({'password "needle"'} if password else set())
