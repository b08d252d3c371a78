"""A minifier for the syntax that our own scripts use: their source stays readable, and needs no build step."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import product
from string import ascii_letters, digits

_COMMENTS_AND_INDENTS = re.compile(rb"^[ \t]+(?://.*\n)?|[ \t]+//.*$", re.MULTILINE)
_SPACE = re.compile(rb"""("(?:\\.|[^"\\\n])*"|`[^`]*`)|[ \t]*(\n?[})\]]|[,;{(\[?:]\s*|[=<>!&|*/]+)[ \t]*""")
"""Matches a string, which stays as it is, or punctuation with white space around it.

Our regular expressions hold no white space, and a line break after a closing bracket stays: it may end a statement."""

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|(?<=[(=])/(?![*/=])(?:\\.|\[[^]]+]|[^/\\\n])+/|\.{3}|\d[\w.]*|\w+|\s+|\$\{|.')
_TEMPLATE_TEXT = re.compile(r"(?:\\.|\$(?!\{)|[^`\\$])+")
_DECLARATION = re.compile(r"\b(?:const|let) (\w+)|\bfunction (\w+)(?:\(([\w,]+)\))?|\(([\w,]+)\)=>")


def minify_js(script: bytes) -> bytes:
    """Return ``script`` without comments and needless white space."""
    code = _COMMENTS_AND_INDENTS.sub(b"", script)
    return _SPACE.sub(lambda found: found[2].strip() if found[1] is None else found[1], code)


def shorten_names(script: bytes) -> bytes:
    """Return minified ``script`` with short names for those it declares, unless they name a property anywhere.

    A name becomes the same one everywhere, so scopes don't matter. The script must have no classes, and declare no name
    of a global that it uses elsewhere.
    """
    code = script.decode()
    tokens = list(_tokens(code))
    declared = {name for found in _DECLARATION.findall(code) for name in ",".join(found).split(",")}
    renamed = {name for name in declared - _property_names(tokens) if len(name) > 1}
    names = _short_names(taken=set(tokens))
    # The most frequent get one letter.
    shortened = {name: next(names) for name, _ in Counter(token for token in tokens if token in renamed).most_common()}
    return "".join(shortened.get(token, token) for token in tokens).encode()


def _tokens(code: str) -> Iterator[str]:
    """Yield ``code`` in pieces: names, strings, white space, single characters, the text of templates."""
    position, brackets = 0, [""]
    while found := (brackets[-1] == "`" and _TEMPLATE_TEXT.match(code, position)) or _TOKEN.match(code, position):
        piece, position = found[0], found.end()
        if piece in ("{", "${") or (piece == "`" and brackets[-1] != "`"):
            brackets.append(piece)
        elif piece in ("}", "`"):
            brackets.pop()
        yield piece


def _property_names(tokens: list[str]) -> set[str]:
    """Return the names after a dot, and those in an object literal or pattern: ``{ key: value, shorthand }``."""
    names, brackets = set(), [""]
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        if token in ("(", "[", "{", "${"):
            brackets.append(token)
        elif token in (")", "]", "}"):
            brackets.pop()
        elif before == "." or (brackets[-1] == "{" and before in ("{", ",") and after in (":", ",", "}", "=")):
            names.add(token)
    return names


def _short_names(taken: set[str]) -> Iterator[str]:
    """Yield names that are free, the shortest first."""
    for letters in (*ascii_letters, *map("".join, product(ascii_letters, ascii_letters + digits))):
        if letters not in taken and letters not in ("as", "do", "if", "in", "is", "of"):
            yield letters
