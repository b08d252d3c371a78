"""The words of 1.1.0's dialect stay out: names, docstrings, comments and messages use the field's own terms."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent

# fmt: off
RETIRED_IN_NAMES = frozenset(
    {
        "announced", "announcement", "announcements", "asked", "asking", "believed", "board", "caretaker",
        "colour", "colours", "complaints", "crowd", "desk", "doorkeeper", "doubt", "doubts", "endurance",
        "faces", "gateway", "guest", "guests", "heard", "heeded", "hiding", "house", "knowledge", "messenger",
        "odd", "outlets", "programme", "prove", "rehearsal", "renewal", "renewals", "rhythm",
        "roams", "settled", "shown", "stage", "staged", "standing", "tell",
        "telling", "tells", "told", "trouble", "troubles", "turns", "unasked", "unfinished", "watcher",
        "whose", "wing", "wings", "wishes",
    }
)
# fmt: on
"""Words within identifiers. In their place stand *poll, response, problem, incident, alert, adapter, key, lease …*"""

RETIRED_IN_TEXT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\btold\b",
        r"\btells\b",
        r"\bheard\b",
        r"\bheeded\b",
        r"\bwhoever\b",
        r"\bwings?\b",
        r"\bguests?\b",
        r"\bcrowd\b",
        r"\btroubles?\b",
        r"\bcaretaker\b",
        r"\bdoorkeeper\b",
        r"\bwatcher\b",
        r"\bprogrammes?\b",
        r"\bcolou?rs? (?:is|are) told\b",
        r"\bcolour",
        r"\bcannot be right\b",
        r"\bunforeseen\b",
        r"\bwhere (?:there is|it is|that is|none|one is|nobody|nothing|unknown|known|they are|he|she)\b",
        r"\b(?:say|says|know|knows|tell|is|are|of|to|by|for|with|from|after|in|on) what (?!to do|plays|is playing)",
    )
)
"""Phrases in docstrings, comments and messages. SQL's WHERE is followed by none of these."""

OPENINGS = re.compile(r"(?:What|Where|Whose|Whoever|Until when|From when|Gives|Says|Tells)\b")
"""A docstring begins with an imperative, with "Return …", or with the noun that it describes."""


class Finding(NamedTuple):
    """A retired word, and the place where it stands."""

    place: str
    word: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.word!r} in {self.text!r}"


def package(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:2]) if parts[0] == "widget" else parts[0]


FILES = sorted((*ROOT.glob("widget/**/*.py"), *ROOT.glob("bootstrap/**/*.py")))
PACKAGES = sorted({package(path) for path in FILES})


def words(identifier: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Names that the module gives: definitions, arguments, attributes and variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def texts(source: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Docstrings and other strings for people, which have a space, and comments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def findings(source: str, name: str) -> Iterator[Finding]:
    tree = ast.parse(source)
    for line, identifier in identifiers(tree):
        for word in sorted(words(identifier) & RETIRED_IN_NAMES):
            yield Finding(f"{name}:{line}", word, identifier)
    for line, text in texts(source, tree):
        for pattern in RETIRED_IN_TEXT:
            if match := pattern.search(text):
                yield Finding(f"{name}:{line}", match[0].lower(), " ".join(text.split())[:100])
    for line, text in docstrings(tree):
        if match := OPENINGS.match(text):
            yield Finding(f"{name}:{line}", match[0], " ".join(text.split())[:100])


def findings_in_package(package_name: str) -> list[str]:
    files = [path for path in FILES if package(path) == package_name]
    return [
        str(finding)
        for path in files
        for finding in findings(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_speaks_the_language_of_the_field(name: str) -> None:
    found = findings_in_package(name)
    assert not found, "\n".join(found)


def test_the_check_finds_what_it_looks_for() -> None:
    source = 'def told_at(self, colourFinder):\n    """What was heard."""\n    return 1  # whoever asks\n'
    assert {finding.word for finding in findings(source, "example.py")} == {
        "told",
        "colour",
        "heard",
        "whoever",
        "What",
    }
    clean = 'def played_at(self, color_finder):\n    """Return the time of the last play."""\n    return 1  # s\n'
    assert not list(findings(clean, "example.py"))
