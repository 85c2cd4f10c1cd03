"""Waiting for edges: one thread for all watched lines, asleep until there is one."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from threading import Lock, Thread
from typing import Protocol


class Source(Protocol):
    """What can be watched: see `drivers.lines.Line`."""

    @property
    def handle(self) -> int:
        """A file descriptor that is readable when there was an edge."""

    def forget_edges(self) -> None:
        """Take the edges that were reported until now away, without blocking."""


class EdgeReader:
    """The thread starts with the first watched line. Nothing wakes it but an edge, or `close`."""

    def __init__(self) -> None:
        self._calls: dict[int, tuple[Source, Callable[[], None]]] = {}
        self._lock = Lock()
        self._poll = select.epoll()
        self._stop, self._stopper = os.pipe()
        self._poll.register(self._stop, select.EPOLLIN)
        self._thread: Thread | None = None
        self.closed = False

    def add(self, source: Source, call: Callable[[], None]) -> None:
        """Call `call`, from the thread, when `source` has edges."""
        with self._lock:
            self._calls[source.handle] = source, call
        self._poll.register(source.handle, select.EPOLLIN)
        if self._thread is None:
            self._thread = Thread(target=self._run, name="edges", daemon=True)
            self._thread.start()

    def remove(self, source: Source) -> None:
        """Watch it no longer."""
        with self._lock:
            del self._calls[source.handle]
        self._poll.unregister(source.handle)

    def close(self) -> None:
        """End the thread; a second time does nothing."""
        if self.closed:
            return
        self.closed = True
        os.close(self._stopper)
        if self._thread is not None:
            self._thread.join()
        self._poll.close()
        os.close(self._stop)

    def _run(self) -> None:
        while True:
            for handle, _ in self._poll.poll():
                if handle == self._stop:
                    return
                with self._lock:
                    source, call = self._calls.get(handle, (None, None))
                    if source is None or call is None:
                        continue  # removed since it had an edge
                    source.forget_edges()
                call()
