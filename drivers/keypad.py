"""The keypad: scanned after an edge, and once more when the contacts have been quiet for long.

Between two scans the matrix is parked: all rows low, the columns pulled up and watched, so that any
key pulls a column down and wakes the card. Nothing is read or written while it is parked, and
nothing that a contact does goes unnoticed, however short: a line that never rests types nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from drivers.debounce import Debounce
from drivers.events import KeyDown, KeyEvent, KeysRefused, KeysStuck, KeyUp
from drivers.settings import PadLayout

__all__ = [
    "KeyDown",
    "KeyEvent",
    "KeyUp",
    "Keypad",
    "KeysRefused",
    "KeysStuck",
    "Matrix",
    "PadLayout",
]

SAMPLE_PERIOD = 0.0025
"""Seconds between two scans at least, so that a line that never rests does not keep the card busy.

A key that is pressed for the shortest time wants its scans less than 4.5 ms late.
"""
HELD_PERIOD = 1.0
"""Seconds between two looks at keys that are held down without moving.

Only a key in the same column as a held one closes without an edge, so only it waits for this look.
"""


class Matrix(Protocol):
    """The pins of a keypad: see `drivers.matrix`."""

    def scan(self) -> frozenset[str]:
        """Return the keys that read closed; the matrix is awake afterwards."""

    def park(self, on_edge: Callable[[], None]) -> None:
        """Drive all rows low and call `on_edge`, from any thread, when a column changes."""

    def pulled_down(self) -> frozenset[int]:
        """Return the column pins that read low; with a parked matrix those with a closed key."""

    def wake(self) -> None:
        """Stop watching the columns."""

    def close(self) -> None:
        """Let go of the pins."""


class Keypad:
    """Key events out of a matrix. Call `poll` after each wake-up and whenever `due` says so.

    `wake` is called, from any thread, when an edge asks for a `poll`.
    """

    def __init__(self, layout: PadLayout, matrix: Matrix, wake: Callable[[], None]) -> None:
        self._layout = layout
        self._matrix = matrix
        self._wake = wake
        self._debounce = Debounce()
        self._parked = False
        self._edge = False
        self._edges = self._edges_told = 0
        self._told = -math.inf
        self._next: float | None = 0.0
        self._scanned = 0.0

    def poll(self, now: float) -> list[KeyEvent]:
        """Look at the keys if it is time to, and return what happened; `now` in seconds."""
        due = self.due()
        if due is None or now < due:
            return []
        if self._parked:
            self._matrix.wake()
            self._parked = False
        if self._edge:
            self._edge = False
            self._debounce.stir()
        edges = self._edges  # now: what comes after this sets _edge anew
        self._scanned = now
        events = self._debounce.sample(now, self._matrix.scan())
        self._park(now)
        if not self._edge and self._debounce.settles() is None:
            self._told, self._edges_told = now, edges
        return events

    def due(self) -> float | None:
        """Return when `poll` wants to be called even without an edge; None: only after one."""
        if not self._edge:
            return self._next
        after_edge = self._scanned + SAMPLE_PERIOD
        return after_edge if self._next is None else min(self._next, after_edge)

    def told(self, since: float) -> bool:
        """Say whether all was told that the contacts did until now, from `since` on.

        `since` is a time before the movement that is asked about: a look counts that began after
        it, left nothing open, and knew of every edge.
        """
        return self._told >= since and self._edges_told == self._edges

    def close(self) -> None:
        """Let go of the pins."""
        self._matrix.close()

    def _park(self, now: float) -> None:
        closed = self._debounce.closed
        self._matrix.park(self._on_edge)
        self._parked = True
        # A key that moved while the columns were not watched gave no edge: look once.
        if self._matrix.pulled_down() != {self._layout.crossing(key)[1] for key in closed}:
            self._edge = True
        ends = (self._debounce.settles(), now + HELD_PERIOD if closed else None)
        self._next = min((end for end in ends if end is not None), default=None)

    def _on_edge(self) -> None:
        self._edges += 1
        self._edge = True
        self._wake()
