"""Secrets out of swap and core dumps, as far as the system lets a process ask for it.

What Python copies about in memory is not overwritten by this; docs/security.md says so.
"""

import ctypes
import os
import resource
from pathlib import Path

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_CAP_IPC_LOCK = 14


def protect() -> list[str]:
    """Forbid core dumps, other processes' eyes and swap; a sentence for each that was refused."""
    refused = []
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        refused.append(f"memory may be dumped by others ({_why()})")
    if not may_lock():
        refused.append(
            "memory may be swapped: locking it needs LimitMEMLOCK=infinity (or turn swap off)"
        )
    # Only what is touched: the libraries' unused pages stay out of a small board's memory.
    elif libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT):
        refused.append(f"memory may be swapped ({_why()}): turn swap off")
    return refused


def may_lock() -> bool:
    """Whether all memory, of now and later, may be locked.

    Not under any finite limit: the first allocation beyond it would fail in the midst of a login.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
        return True
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_IPC_LOCK & 1)
    return False


def _why() -> str:
    return os.strerror(ctypes.get_errno())
