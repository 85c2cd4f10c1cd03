"""The processor time of a program: all of its processes, user and system."""

from __future__ import annotations

import os
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
_SCHEDULED = 2
"""Of a process's clocks the one that counts what it ran, in nanoseconds, ended threads included."""


def cpu_seconds(pid: int) -> float:
    """Return what a process, its living descendants, and those they have reaped have used.

    To the nanosecond; what was reaped is known in ticks alone.
    """
    seconds = 0.0
    todo = [pid]
    while todo:
        one = todo.pop()
        try:
            used = time.clock_gettime(_clock(one))
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            for task in Path(f"/proc/{one}/task").iterdir():
                todo += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue  # it ended just now: its parent has reaped it
        seconds += used + sum(int(field) for field in fields[13:15]) / TICKS
    return seconds


def _clock(pid: int) -> int:
    """Return what clock_getcpuclockid(3) returns, which Python has no name for."""
    return (~pid << 3) | _SCHEDULED
