"""What the processes of a program hold: memory and open files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Held:
    """Kilobytes of memory of its own and open files, of a process and its descendants."""

    kilobytes: int
    files: int


def held(pid: int) -> Held:
    """Look at a program's processes now."""
    kilobytes = files = 0
    todo = [pid]
    while todo:
        place = Path(f"/proc/{todo.pop()}")
        for line in (place / "smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                kilobytes += int(line.split()[1])
        files += len(list((place / "fd").iterdir()))
        for task in (place / "task").iterdir():
            todo += [int(child) for child in (task / "children").read_text().split()]
    return Held(kilobytes, files)
