"""The ``.env`` file: ``NAME=value`` lines with the quotes of a POSIX shell, never expanded.

python-dotenv reads ``'``, a backslash and ``${…}`` differently, so a line that ``export`` prints would not come back.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from widget.model.errors import ConfigurationError

_ASSIGNMENT = re.compile(r"""[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=(?:[ \t]*(?=['"]))?""")
_SEGMENT = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\]+""", re.DOTALL)
_REST_OF_LINE = re.compile(r"[ \t\r]*(?:[ \t]#[^\n]*)?(?:\n|\Z)")
_COMMENT = re.compile(r"[ \t]+#.*")


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables in the file. Raises :class:`ConfigurationError` if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: save it as UTF-8 and check its permissions") from error
    try:
        return dict(parse_env(text))
    except ValueError as error:
        raise ConfigurationError(f"{path}, {error}") from error


def parse_env(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values. Raises ValueError for quotes that are not closed.

    Lines that assign nothing are skipped.

    An unquoted value ends at a comment or the line's end and may contain spaces, backslashes and quotation marks.
    """
    position = 0
    while position < len(text):
        assignment = _ASSIGNMENT.match(text, position)
        end_of_line = text.find("\n", position) + 1 or len(text) + 1
        if assignment is None:
            position = end_of_line
        elif text[assignment.end() : assignment.end() + 1] in ("'", '"'):
            value, position = _read_quoted(text, assignment)
            yield assignment[1], value
        else:
            yield assignment[1], _COMMENT.sub("", text[assignment.end() : end_of_line - 1]).strip()
            position = end_of_line


def _read_quoted(text: str, assignment: re.Match[str]) -> tuple[str, int]:
    """Return the value, and the position of the next line."""
    value, position = "", assignment.end()
    while segment := _SEGMENT.match(text, position):
        value += _unquote(segment[0])
        position = segment.end()
    rest = _REST_OF_LINE.match(text, position)
    if rest is None:
        line = text.count("\n", 0, assignment.start()) + 1
        raise ValueError(f"line {line}: close the quotes of {assignment[1]} and put nothing after them")
    return value, rest.end()


def _unquote(segment: str) -> str:
    if segment.startswith("'"):
        return segment[1:-1]
    if segment.startswith('"'):
        return re.sub(r'\\([$`"\\])', r"\1", segment[1:-1].replace("\\\n", ""))
    return re.sub(r"\\(.)", r"\1", segment, flags=re.DOTALL)
