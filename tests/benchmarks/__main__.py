"""``python -m tests.benchmarks [NAME ...]``: all of them, or those that are named."""

import sys
from collections.abc import Callable, Mapping

from tests.benchmarks import http, memory, polling, startup, strangers, streams, table, visitor, without_progress

BENCHMARKS: Mapping[str, Callable[[], None]] = {
    "polling": polling.report,
    "without_progress": without_progress.report,
    "http": http.report,
    "startup": startup.report,
    "memory": memory.report,
    "streams": streams.report,
    "strangers": strangers.report,
    "visitor": visitor.report,
}


def main() -> None:
    """Runs what was asked for."""
    unknown = [name for name in sys.argv[1:] if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    table.heading()
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
