"""When a command began, however long the machine took to start it."""

import subprocess
import sys
import time

from tests.support.commands import ROOT

TOLD_LATE = """
import time
time.sleep(1)
from bootstrap.process_start import process_started_at
print(process_started_at())
"""


def test_a_process_began_when_it_was_started_and_not_when_it_came_to_work() -> None:
    before = time.time()
    told = subprocess.run([sys.executable, "-c", TOLD_LATE], cwd=ROOT, capture_output=True, text=True, check=True)
    after = time.time()
    assert before - 0.05 <= float(told.stdout) <= after - 1
