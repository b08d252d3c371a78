"""The libraries in ``tests/browser/npm``, bundled once; without npm the tests that need them skip (in CI they fail)."""

import fcntl
import hashlib
import subprocess
from functools import lru_cache
from pathlib import Path

from tests.support.programs import require

FOLDER = Path(__file__).parents[1] / "browser" / "npm"
DOCS = Path(__file__).parents[2] / "docs" / "embedding.md"
SOURCES = (FOLDER / "package.json", FOLDER / "package-lock.json", FOLDER / "build.mjs", DOCS)
TIMEOUT_SECONDS = 300


@lru_cache(maxsize=1)
def bundles() -> Path:
    """Return the folder of the bundles, ``NAME.js`` for each library, after ``npm ci`` and the build where needed."""
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in SOURCES)).hexdigest()
    stamp = FOLDER / "dist" / "built-from"
    require("npm")
    with (FOLDER / ".lock").open("w") as lock:  # Several workers of pytest-xdist come here at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != digest:
            for command in (["npm", "ci", "--ignore-scripts"], ["node", "build.mjs"]):
                subprocess.run(command, cwd=FOLDER, check=True, timeout=TIMEOUT_SECONDS, capture_output=True)
            stamp.write_text(digest)
    return stamp.parent
