"""Writing for people: results to stdout, messages to stderr; wrapped and styled at a terminal, plain elsewhere."""

from __future__ import annotations

import errno
import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TextIO

import wcwidth

from widget.model.errors import NowPlayingError
from widget.server.stdio import redirect_to_devnull

MIN_WIDTH, MAX_WIDTH, DEFAULT_WIDTH = 10, 100, 80
MIN_COLUMN_WIDTH, INDENT = 30, 2
BOLD, RED, YELLOW = "1", "31", "33"
_CLEAR_LINE = "\r\x1b[K"
_GONE = (errno.EPIPE, errno.EINVAL)  # Windows says EINVAL for a pipe that nobody reads.
_IN_ASCII = str.maketrans({"…": "...", "–": "-", "’": "'", "“": '"', "”": '"'})
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class OutputError(NowPlayingError):
    """What was to be written to stdout is not there."""


class Terminal:
    """The two streams of a command. What they can't show is escaped; a closed pipe is written to no more."""

    def __init__(self, results: TextIO | None, messages: TextIO | None, environ: Mapping[str, str]) -> None:
        self._results = _Stream(results, environ)
        self._messages = _Stream(messages, environ)
        self._waits = False

    @property
    def can_redraw(self) -> bool:
        """Whether a line can be written over in place."""
        return self._messages.can_redraw

    @property
    def has_styles(self) -> bool:
        """Whether results are shown bold and in colours."""
        return not self._results.is_plain

    @property
    def width(self) -> int | None:
        """The columns of the terminal that shows the results; None where there is none."""
        return self._results.width

    def print_result(self, text: str) -> None:
        """A result as it is, for programs too."""
        self._end_waiting()
        try:
            self._results.write(f"{text}\n")
        except OSError as error:
            raise OutputError(f"the result could not be written ({error.strerror})") from error

    def print_table(self, rows: Sequence[tuple[str, str]]) -> None:
        """Results with their names in front; a long one goes on under itself."""
        indent = max(len(name) for name, _ in rows) + 2
        beside = self._results.has_room_beside(indent)
        for name, text in rows:
            heading = f"{name}:" if name else ""
            lines = self._results.wrapped(text, indent if beside else INDENT)
            lines = [" " * (indent if beside else INDENT) + line for line in lines]
            if beside:
                lines[0] = self._results.styled(heading, BOLD) + lines[0][len(heading) :]
            elif heading:
                lines.insert(0, self._results.styled(heading, BOLD))
            self.print_result("\n".join(lines))

    def print_message(self, text: str = "", style: str = "") -> None:
        """A message, wrapped at words."""
        self._say([self._messages.styled(line, style) for line in self._messages.wrapped(text)])

    def print_unwrapped(self, line: str) -> None:
        """A line that is copied (an address): never broken."""
        self._say([f"  {escape_control_characters(line)}"])

    def print_heading(self, text: str) -> None:
        """A heading above what follows."""
        self.print_message(text, BOLD)

    def print_warning(self, text: str) -> None:
        self.print_message(f"Warning: {text}", YELLOW)

    def print_error(self, fault: str) -> None:
        self.print_message(f"Error: {fault}", RED)

    def show_progress(self, text: str) -> None:
        """What is waited for, written over what was waited for before; nothing where that cannot be."""
        if self.can_redraw:
            self._waits = True
            self._quietly(f"{_CLEAR_LINE}{self._messages.wrapped(text)[0]}")

    def _say(self, lines: Sequence[str]) -> None:
        self._end_waiting()
        self._quietly("".join(f"{line}\n" for line in lines))

    def _end_waiting(self) -> None:
        if self._waits:
            self._waits = False
            self._quietly(_CLEAR_LINE)

    def _quietly(self, text: str) -> None:
        # There is no other place to tell that stderr is full.
        with suppress(OSError):
            self._messages.write(text)


class _Stream:
    def __init__(self, stream: TextIO | None, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self._encoding = getattr(stream, "encoding", None) or "ascii"
        self._is_terminal = _is_terminal(stream)
        columns = environ.get("COLUMNS", "")
        self._columns = int(columns) if columns.isascii() and columns.isdigit() and len(columns) < 5 else DEFAULT_WIDTH
        is_dumb = environ.get("TERM", "dumb" if os.name == "posix" else "") == "dumb"
        self.can_redraw = self._is_terminal and not is_dumb
        self.is_plain = not self.can_redraw or bool(environ.get("NO_COLOR"))

    def wrapped(self, text: str, indent: int = 0) -> list[str]:
        """The lines of ``text``: at a terminal no wider than it, but for words (addresses) that are."""
        text = escape_control_characters(text)
        if not self._is_terminal:
            return [text]
        wanted = max(MIN_WIDTH, (self.width or DEFAULT_WIDTH) - indent)
        return wcwidth.wrap(text, wanted, break_long_words=False, break_on_hyphens=False) or [""]

    def has_room_beside(self, indent: int) -> bool:
        """Whether texts fit beside their names, else they stand under them."""
        return self.width is None or self.width - indent >= MIN_COLUMN_WIDTH

    def styled(self, text: str, style: str) -> str:
        return text if self.is_plain or not style or not text else f"\x1b[{style}m{text}\x1b[0m"

    def write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(self._encodable(text))
            self._stream.flush()
        except OSError as error:
            self._give_up()
            if error.errno not in _GONE:
                raise

    def _encodable(self, text: str) -> str:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return text.translate(_IN_ASCII).encode(self._encoding, "backslashreplace").decode(self._encoding)
        return text

    @property
    def width(self) -> int | None:
        """The columns that are written on, at most; None where there is no terminal."""
        if not self._is_terminal:
            return None
        columns = 0
        with suppress(OSError, ValueError, AttributeError):
            columns = os.get_terminal_size(self._stream.fileno()).columns  # type: ignore[union-attr]
        return min(columns or self._columns, MAX_WIDTH)

    def _give_up(self) -> None:
        """Nothing more is written; what Python still holds goes nowhere when the program ends."""
        if self._stream is not None:
            redirect_to_devnull(self._stream)
            self._stream = None


def escape_control_characters(text: str) -> str:
    """``text`` without what a terminal would obey: control characters and changes of direction are escaped."""
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    obeyed = character in _DIRECTIONS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
    return character.encode("unicode_escape").decode() if obeyed else character


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # It is closed.
        return False


def standard_terminal() -> Terminal:
    """The terminal, or whatever stands for it, that the command was started at."""
    return Terminal(sys.stdout, sys.stderr, os.environ)
