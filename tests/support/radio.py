"""A radio station on this machine: an endless MP3 stream with a name and changing titles."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

INTERVAL_BYTES = 4000
CHUNK_SECONDS = 0.4
"""Four kilobytes are half a second of 64 kbit/s, so a listener's buffer fills slowly."""


class Radio:
    """Listen at ``url``; ``title`` may be changed while it is on the air."""

    def __init__(self, audio: bytes, title: str) -> None:
        self.audio, self.title, self.url = audio, title, ""


@contextmanager
def radio(folder: Path, title: str, name: str = "Harbour Radio") -> Iterator[Radio]:
    """Run the station while the context lasts."""
    file = folder / "radio.mp3"
    tone = "sine=frequency=300:sample_rate=22050:duration=20"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", tone, "-c:a", "libmp3lame", "-b:a", "64k", str(file)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    station = Radio(file.read_bytes(), title)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(station, name))
    station.url = f"http://127.0.0.1:{server.server_address[1]}/live.mp3"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield station
    finally:
        server.shutdown()
        server.server_close()


def _handler(station: Radio, name: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            has_titles = self.headers.get("Icy-MetaData") == "1"
            self.send_response(200)
            self.send_header("Content-Type", "audio/mpeg")
            self.send_header("icy-name", name)
            if has_titles:
                self.send_header("icy-metaint", str(INTERVAL_BYTES))
            self.end_headers()
            position = 0
            try:
                while True:
                    self.wfile.write((station.audio * 2)[position : position + INTERVAL_BYTES])
                    position = (position + INTERVAL_BYTES) % len(station.audio)
                    if has_titles:
                        self.wfile.write(_metadata(station.title))
                    time.sleep(CHUNK_SECONDS)
            except OSError:
                pass  # The listener has left.

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Log nothing."""

    return Handler


def _metadata(title: str) -> bytes:
    text = f"StreamTitle='{title}';".encode()
    blocks = -(-len(text) // 16)
    return bytes([blocks]) + text.ljust(16 * blocks, b"\0")
