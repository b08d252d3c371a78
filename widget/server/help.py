"""The look of ``--help``: bold headings, and text wrapped at words to the terminal's width."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable

import click

from widget.server.terminal import DEFAULT_WIDTH, MIN_COLUMN_WIDTH, MIN_WIDTH, wrap

_INDENT_BELOW = 4
_GAP = re.compile(r"(?<=\S) {2,}")


class Formatter(click.HelpFormatter):
    """Break no word, and so no address; click itself drops the styles in a pipe."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        columns = width or min(shutil.get_terminal_size().columns, DEFAULT_WIDTH)
        super().__init__(indent_increment, max(columns, MIN_WIDTH), max_width)

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{click.style(f'{heading}:', bold=True)}\n")

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, click.style(prefix or "Usage:", bold=True) + " ")

    def write_text(self, text: str) -> None:
        """Write paragraphs; the lines of one that begins with a backspace stay as they are, if they fit."""
        paragraphs = []
        for paragraph in text.split("\n\n"):
            first, *rest = paragraph.splitlines() or [""]
            lines = [self._fitting(line) for line in rest] if first.strip() == "\b" else [[paragraph]]
            paragraphs.append("".join(self._wrapped(part) for line in lines for part in line))
        self.write("\n".join(paragraphs))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names and their texts in two columns, or one below the other on a narrow terminal."""
        rows = list(rows)
        column = min(max((len(name) for name, _ in rows), default=0), col_max) + col_spacing
        if self.width - self.current_indent - column < MIN_COLUMN_WIDTH:
            column = _INDENT_BELOW
        for name, text in rows:
            lines = self._wrapped(text, column).splitlines()
            heading = f"{'':>{self.current_indent}}{name}"
            if len(name) <= column - col_spacing and lines:
                lines[0] = heading + lines[0][len(heading) :]
            else:
                lines.insert(0, heading)
            self.write("".join(f"{line}\n" for line in lines))

    def _fitting(self, line: str) -> list[str]:
        """Return a line as it is, or in its two columns one below the other."""
        if self.current_indent + len(line) <= self.width:
            return [line]
        indent = line[: len(line) - len(line.lstrip())]
        first, *rest = _GAP.split(line, maxsplit=1)
        return [first, *(f"{indent}  {part}" for part in rest)]

    def _wrapped(self, text: str, indent: int = 0) -> str:
        own_indent = text[: len(text) - len(text.lstrip(" "))]
        margin = " " * (self.current_indent + indent) + own_indent
        lines = wrap(" ".join(text.split()), max(MIN_WIDTH, self.width - len(margin)))
        return "".join(f"{margin}{line}\n" for line in lines)


class Context(click.Context):
    """A context whose help has our look."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose help has our look."""

    context_class = Context

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the whole first sentence: it is wrapped, not cut."""
        del limit
        return super().get_short_help_str(limit=1_000)


class Group(click.Group):
    """A group of such commands."""

    context_class = Context
    command_class = Command
