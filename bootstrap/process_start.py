"""When this process began."""

import os
import time
from pathlib import Path

STARTTIME = 21 - 2
"""Where ``starttime`` (clock ticks since the machine started) stands behind the name, proc_pid_stat(5)."""


def process_started_at() -> float:
    """When this process began (s since the epoch).

    Where the system does not tell, it is taken to have had a processor for itself: a little late on a busy machine.
    """
    now = time.time()
    try:
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[STARTTIME]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        age = 0.0
    return now - max(age, time.process_time())
