"""``python -m tests.benchmarks [NAME ...]``: all but the soak, or those that are named.

``python -m tests.benchmarks soak [MINUTES]`` takes ten minutes by default.
"""

import sys
from collections.abc import Callable, Mapping

from tests.benchmarks import http, memory, polling, soak, startup, strangers, streams, table, visitor, without_progress

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
    """Run the benchmarks that the command line names."""
    names = sys.argv[1:]
    table.heading()
    if names[:1] == ["soak"]:
        soak.report(*map(float, names[1:]))
        return
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; there are soak, {', '.join(BENCHMARKS)}")
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
