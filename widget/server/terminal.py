"""Output for people: results to stdout, messages to stderr.

It is wrapped and styled on a terminal, plain elsewhere.
"""

from __future__ import annotations

import errno
import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TextIO

import click

from widget.model.errors import NowPlayingError
from widget.server.stdio import redirect_to_devnull

# Longer lines are hard to read, however wide the window is.
MIN_WIDTH, MAX_WIDTH, DEFAULT_WIDTH = 10, 100, 80
MIN_COLUMN_WIDTH, INDENT = 30, 2
BOLD, RED, YELLOW = "1", "31", "33"
_CLEAR_LINE = "\r\x1b[K"
_BROKEN_PIPE = (errno.EPIPE, errno.EINVAL)  # Windows says EINVAL for a pipe without a reader.
_ASCII_FORMS = str.maketrans({"…": "...", "–": "-", "’": "'", "“": '"', "”": '"'})
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class OutputError(NowPlayingError):
    """A result could not be written to stdout."""


class Terminal:
    """The two output streams of a command.

    Characters that they cannot show are escaped; a closed pipe is ignored.
    """

    def __init__(self, results: TextIO | None, messages: TextIO | None, environ: Mapping[str, str]) -> None:
        self._results = _Stream(results, environ)
        self._messages = _Stream(messages, environ)
        self._shows_progress = False

    @property
    def can_redraw(self) -> bool:
        """Whether a line can be overwritten in place."""
        return not self._messages.is_plain

    @property
    def has_styles(self) -> bool:
        """Whether results are shown in bold and in color."""
        return not self._results.is_plain

    @property
    def width(self) -> int | None:
        """The columns of the terminal that shows results, None if there is no terminal."""
        return self._results.width

    def print_result(self, text: str) -> None:
        """Print a result unchanged, for programs too."""
        self._clear_progress()
        try:
            self._results.write(f"{text}\n")
        except OSError as error:
            raise OutputError(f"the result could not be written ({error.strerror})") from error

    def print_address(self, text: str) -> None:
        """Print a result for people, wrapped at words, if anybody reads it."""
        with suppress(OutputError):
            self.print_result("\n".join(self._results.wrapped(text)))

    def print_table(self, rows: Sequence[tuple[str, str]]) -> None:
        """Print names and results in two columns, or one below the other on a narrow terminal."""
        indent = max(len(name) for name, _ in rows) + 2
        beside = self._results.fits_beside(indent)
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
        """Print a message, wrapped at words."""
        self._print([self._messages.styled(line, style) for line in self._messages.wrapped(text)])

    def print_unwrapped(self, line: str) -> None:
        """Print a line to be copied (an address), never wrapped."""
        self._print([f"  {escape_control_characters(line)}"])

    def print_heading(self, text: str) -> None:
        """Print a heading."""
        self.print_message(text, BOLD)

    def print_warning(self, text: str) -> None:
        self.print_message(f"Warning: {text}", YELLOW)

    def print_error(self, text: str) -> None:
        self.print_message(f"Error: {text}", RED)

    def print_click_error(self, error: click.ClickException) -> None:
        """Print an error of the command line, after the usage if it is a wrong use."""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            for line in click.unstyle(error.ctx.get_usage()).splitlines():
                self.print_message(line)
        self.print_error(error.format_message())

    def show_progress(self, text: str) -> None:
        """Overwrite the progress line; print nothing if lines cannot be overwritten."""
        if self.can_redraw:
            self._shows_progress = True
            self._write_message(f"{_CLEAR_LINE}{self._messages.wrapped(text)[0]}")

    def _print(self, lines: Sequence[str]) -> None:
        self._clear_progress()
        self._write_message("".join(f"{line}\n" for line in lines))

    def _clear_progress(self) -> None:
        if self._shows_progress:
            self._shows_progress = False
            self._write_message(_CLEAR_LINE)

    def _write_message(self, text: str) -> None:
        # If stderr cannot be written there is nowhere to report it.
        with suppress(OSError):
            self._messages.write(text)


class _Stream:
    def __init__(self, stream: TextIO | None, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self._encoding = getattr(stream, "encoding", None) or "ascii"
        self._is_terminal = _is_terminal(stream)
        columns = environ.get("COLUMNS", "")
        self._columns = int(columns) if columns.isascii() and columns.isdigit() and len(columns) < 5 else DEFAULT_WIDTH
        # Windows sets no TERM, and its consoles can redraw.
        is_dumb = environ.get("TERM", "dumb" if os.name == "posix" else "") == "dumb"
        self.is_plain = not self._is_terminal or is_dumb or bool(environ.get("NO_COLOR"))

    def wrapped(self, text: str, indent: int = 0) -> list[str]:
        """Return the lines of ``text``, no wider than the terminal unless a word (an address) is."""
        text = escape_control_characters(text)
        if not self._is_terminal:
            return [text]
        width = max(MIN_WIDTH, (self.width or DEFAULT_WIDTH) - indent)
        return wrap(text, width)

    def fits_beside(self, indent: int) -> bool:
        """Return whether results fit beside their names."""
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
            if error.errno not in _BROKEN_PIPE:
                raise

    def _encodable(self, text: str) -> str:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return text.translate(_ASCII_FORMS).encode(self._encoding, "backslashreplace").decode(self._encoding)
        return text

    @property
    def width(self) -> int | None:
        """The columns to use at most, None if there is no terminal."""
        if not self._is_terminal:
            return None
        columns = 0
        with suppress(OSError, ValueError, AttributeError):
            columns = os.get_terminal_size(self._stream.fileno()).columns  # type: ignore[union-attr]
        return min(columns or self._columns, MAX_WIDTH)

    def _give_up(self) -> None:
        """Write no more; discard the text that Python still buffers when the program ends."""
        if self._stream is not None:
            redirect_to_devnull(self._stream)
            self._stream = None


def wrap(text: str, width: int) -> list[str]:
    """Return the lines of ``text``; words stay whole, as addresses are copied."""
    if len(text) <= width and text.isascii():
        return [text]
    import wcwidth  # Late: a server that says little starts sooner.

    # Not textwrap, which counts characters, not columns.
    return wcwidth.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def escape_control_characters(text: str) -> str:
    """Escape everything that a terminal obeys: control characters and changes of direction."""
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    is_obeyed = character in _DIRECTION_MARKS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
    return character.encode("unicode_escape").decode() if is_obeyed else character


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # It is closed.
        return False


def standard_terminal() -> Terminal:
    """Return the terminal of this process, or the pipes in its place."""
    return Terminal(sys.stdout, sys.stderr, os.environ)
