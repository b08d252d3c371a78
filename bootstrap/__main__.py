"""``python -m bootstrap``."""

import sys

if __name__ == "__main__":
    try:
        from bootstrap.cli import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)
