"""``python -m widget``: handle signals from the start, import everything slow after that."""

from __future__ import annotations

from collections.abc import Sequence

from widget.server.shutdown import ShutdownHandler


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with ``arguments``, else with those of the process."""
    shutdown = ShutdownHandler()
    shutdown.install()
    from widget.server.command import main as run

    run(shutdown, arguments)


if __name__ == "__main__":
    main()
