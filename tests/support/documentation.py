"""The documentation as data: its pages, sections, tables and code blocks.

``python -m tests.support.documentation`` writes the tables that are made from the program's own.
"""

import re
from pathlib import Path
from typing import NamedTuple

from starlette.datastructures import QueryParams

from tests.support.commands import ROOT
from widget.web.embed.options import OPTIONS, Option, WidgetOptions

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.glob("*.md")), ROOT / ".github/CONTRIBUTING.md", ROOT / ".github/SECURITY.md"]
ADDRESS = "https://music.example.org"


def text_of(page: Path) -> str:
    """Return the text of a page."""
    return page.read_text(encoding="utf-8")


def doc(name: str) -> str:
    """Return the text of ``docs/NAME.md``."""
    return text_of(DOCS / f"{name}.md")


def section(text: str, title: str) -> str:
    """Return the text below the heading ``title``, up to the next heading of its level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n", text, re.MULTILINE)
    assert found, title
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start() if end else None]


def rows(text: str) -> list[list[str]]:
    """Return the cells of each row of the tables in ``text``, less the lines under their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return [row for row in cells if not all(cell and set(cell) <= {"-"} for cell in row)]


class Block(NamedTuple):
    """A fenced block of code."""

    page: str
    language: str
    text: str


def blocks(*languages: str) -> list[Block]:
    """Return the blocks of code in any of ``languages``, on all pages."""
    found = [
        Block(page.name, language, text)
        for page in PAGES
        for language, text in re.findall(r"^```(\w*)\n(.*?)^```$", text_of(page), re.MULTILINE | re.DOTALL)
    ]
    return [block for block in found if block.language in languages]


def options_table() -> str:
    """Return the table of the widget's options, in Markdown."""
    lines = ["| option | values | default | |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{option.name}` | {_values(option)} | {_default(option)} | {option.description} |" for option in OPTIONS
    ]
    return "\n".join(lines) + "\n"


def _values(option: Option) -> str:
    values = ", ".join([*(f"`{value}`" for value in option.values), *filter(None, [option.syntax])])
    return f"a list of {values}" if option.repeatable else values


def _default(option: Option) -> str:
    return f"`{option.default}`" if option.default else option.default_label


def write_tables() -> None:
    """Write the table of options into ``docs/embedding.md``."""
    page = DOCS / "embedding.md"
    options = section(text_of(page), "Options")
    written = re.sub(r"^\| option \|.*\n(?:\|.*\n)+", lambda _: options_table(), options, count=1, flags=re.MULTILINE)
    page.write_text(text_of(page).replace(options, written), encoding="utf-8")


def is_understood(name: str, value: str) -> bool:
    """Return whether ``value`` changes the look, or is the default itself."""
    option = name.replace("-", "_")
    default = getattr(WidgetOptions(), option)
    return getattr(WidgetOptions.from_query(QueryParams({name: value})), option) != default or value == str(default)


if __name__ == "__main__":
    write_tables()
