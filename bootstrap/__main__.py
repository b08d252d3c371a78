"""``python -m bootstrap``: Ctrl-C ends it quietly, while it is still being imported too."""

import sys


def main() -> None:
    """Runs the command line."""
    try:
        from bootstrap.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
