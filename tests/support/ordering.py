"""The order of a parallel run, so that no processor stands idle and nobody waits for the last long test at the end."""

import subprocess
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BROWSERS = Path(__file__).parent.parent / "browser"
STARTERS = {
    "tests.support.terminal",
    "tests.support.commands",
    "tests.support.desktop_players",
    "tests.support.fronts",
    "tests.support.live_server",
    "tests.support.maloja_server",
    "tests.support.mpd_daemon",
    "tests.support.postgres",
    "tests.support.real_players",
    "tests.support.supysonic_server",
}
"""Support for tests that mostly wait: for processes and servers."""


def ordered(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return ``items`` so that each of ``workers``, which get equal parts of them one after the other, starts well.

    One half of the workers begins with browsers, the other with processes, both module by module; so those who wait
    always have others beside them who compute. All go on with the quick rest, of which anybody can take over some.
    """
    parts: list[list[pytest.Item]] = [[] for _ in range(workers)]
    browsers, processes, quick = _by_kind(items)
    half = max(1, workers // 2)
    for modules, first, last in ((browsers, 0, half), (processes, workers - half, workers)):
        for module in modules:
            min(parts[first:last], key=len).extend(module)
    left = len(items)
    rest = iter(quick)
    for number, part in enumerate(parts):
        size = left // (workers - number)
        part.extend(islice(rest, max(0, size - len(part))))
        left -= len(part)
    return [*(item for part in parts for item in part), *rest]


def _by_kind(
    items: Iterable[pytest.Item],
) -> tuple[list[list[pytest.Item]], list[list[pytest.Item]], list[pytest.Item]]:
    browsers: dict[Path, list[pytest.Item]] = {}
    processes: dict[Path, list[pytest.Item]] = {}
    quick: list[pytest.Item] = []
    for item in items:
        if item.path.is_relative_to(BROWSERS):
            browsers.setdefault(item.path, []).append(item)
        elif _starts_processes(getattr(item, "module", None)):
            processes.setdefault(item.path, []).append(item)
        else:
            quick.append(item)
    return list(browsers.values()), list(processes.values()), quick


def _starts_processes(module: ModuleType | None) -> bool:
    values: Iterable[Any] = vars(module).values() if module else ()
    return any(value is subprocess or getattr(value, "__module__", None) in STARTERS for value in values)
