"""What the loop sleeps on: woken by an edge from another thread, a signal, the cable, the time."""

import os
import select
from collections.abc import Callable
from contextlib import suppress

from drivers.cable import Cable


class Waker:
    """A pipe to sleep on; `wakes` counts the sleeps that ended.

    `watch` is a cable that wakes too, while it is open: when it has something, and when it takes
    again what it did not take before. `set` may be called from any thread and a signal handler.
    `threading.Event` may not: its lock would be taken twice when the signal falls into `wait`.
    """

    def __init__(self) -> None:
        self.wakes = 0
        self.watch: Cable | None = None
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def set(self) -> None:
        """Wake the sleeper, or let its next sleep end at once."""
        with suppress(BlockingIOError):  # a full pipe wakes just as well
            os.write(self._writer, b"\0")

    def clear(self) -> None:
        """Forget every wake-up until now."""
        with suppress(BlockingIOError):
            while os.read(self._reader, 4096):
                pass

    def wait(self, until: float | None, clock: Callable[[], float]) -> None:
        """Sleep until woken, or until `until` on `clock` (seconds); None: only until woken."""
        timeout = None if until is None else max(0.0, until - clock())
        cable = self.watch
        reading = [self._reader] if cable is None else [self._reader, cable.fileno()]
        writing = [cable.fileno()] if cable is not None and cable.unsent else []
        select.select(reading, writing, [], timeout)
        self.wakes += 1

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._reader)
        os.close(self._writer)
