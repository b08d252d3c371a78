"""``python -m bootstrap``; Ctrl-C ends it quietly, even while it is being imported."""

import sys
import time


def main() -> None:
    """Run the command line."""
    started_at = time.time()  # Before the imports: what another process does meanwhile counts as after the start.
    try:
        from bootstrap.cli import main as run

        run(started_at)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
