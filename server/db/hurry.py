"""A hurry: what is done on an event loop does not wait for other writers.

Where it would have to, nothing has been done yet: it is given up, and begun anew on a thread. So
there is one transaction that writes in a hurry, and no more.
"""

from __future__ import annotations

import threading

from sqlalchemy.exc import OperationalError

_BUSY = 5  # SQLITE_BUSY; the extended codes have it in their lowest byte


class WouldWait(Exception):
    """Somebody else writes; nothing was done."""


class Hurry:
    """What the thread that enters it does until it leaves it."""

    __slots__ = ("committed",)

    def __init__(self) -> None:
        self.committed = False

    def __enter__(self) -> Hurry:
        """Begin it."""
        _here.hurry = self
        return self

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        """End it; a lock of another program's is WouldWait, as our own writers' is."""
        _here.hurry = None
        if not self.committed and _is_locked(error):
            raise WouldWait from None


def _is_locked(error: object) -> bool:
    return (
        isinstance(error, OperationalError)
        and getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == _BUSY
    )


class _Here(threading.local):
    hurry: Hurry | None = None


_here = _Here()


def current() -> Hurry | None:
    """Return this thread's hurry."""
    return _here.hurry


def may_give_up() -> bool:
    """Tell whether what is done here can still be begun anew elsewhere."""
    return _here.hurry is not None and not _here.hurry.committed
