"""``python -m widget``: serves. Signals mean the end from here on; what takes time is imported after that."""

from __future__ import annotations

from collections.abc import Sequence

from widget.server.shutdown import ShutdownHandler


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command with ``arguments``, else with those of the process."""
    ending = ShutdownHandler()
    ending.install()
    from widget.server.command import serve

    serve(arguments, obj=ending)


if __name__ == "__main__":
    main()
