"""The press button: one contact that keeps its pin watched all the time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from drivers.debounce import Debounce
from drivers.events import (
    ButtonDown,
    ButtonEvent,
    ButtonStuck,
    ButtonUp,
    KeyDown,
    KeyEvent,
    KeysStuck,
)
from drivers.keypad import SAMPLE_PERIOD

__all__ = ["ButtonDown", "ButtonEvent", "ButtonStuck", "ButtonUp", "Contact", "PressButton"]

_CLOSED = frozenset({"press"})
_OPEN: frozenset[str] = frozenset()


class Contact(Protocol):
    """The pin of a button: see `drivers.pins`."""

    def closed(self) -> bool:
        """Say whether the contact reads closed."""

    def watch(self, on_edge: Callable[[], None]) -> None:
        """Call `on_edge`, from any thread, when the contact moves."""

    def close(self) -> None:
        """Let go of the pin."""


class PressButton:
    """Button events out of one contact. Call `poll` after each wake-up and whenever `due` says so.

    `wake` is called, from any thread, when an edge asks for a `poll`. How long the button is held
    is for others to say.
    """

    def __init__(self, contact: Contact, wake: Callable[[], None]) -> None:
        self._contact = contact
        self._wake = wake
        self._debounce = Debounce()
        self._edge = False
        self._edges = self._edges_told = 0
        self._told = -math.inf
        self._next: float | None = 0.0
        self._sampled = 0.0
        contact.watch(self._on_edge)

    @property
    def stuck(self) -> bool:
        """Whether the button was closed at power-on and has not opened since."""
        return bool(self._debounce.stuck)

    def poll(self, now: float) -> list[ButtonEvent]:
        """Look at the contact if it is time to, and return what happened; `now` in seconds."""
        due = self.due()
        if due is None or now < due:
            return []
        self._sampled = now
        if self._edge:
            self._edge = False
            self._debounce.stir()
        edges = self._edges  # now: what comes after this sets _edge anew
        closed = _CLOSED if self._contact.closed() else _OPEN
        events = self._debounce.sample(now, closed)
        self._next = self._debounce.settles()
        if not self._edge and self._next is None:
            self._told, self._edges_told = now, edges
        return [_as_button(event) for event in events]

    def due(self) -> float | None:
        """Return when `poll` wants to be called even without an edge; None: only after one."""
        if not self._edge:
            return self._next
        after_edge = self._sampled + SAMPLE_PERIOD
        return after_edge if self._next is None else min(self._next, after_edge)

    def told(self, since: float) -> bool:
        """Say whether all was told that the contact did until now, from `since` on.

        `since` is a time before the movement that is asked about: a look counts that began after
        it, left nothing open, and knew of every edge.
        """
        return self._told >= since and self._edges_told == self._edges

    def close(self) -> None:
        """Let go of the pin."""
        self._contact.close()

    def _on_edge(self) -> None:
        self._edges += 1
        self._edge = True
        self._wake()


def _as_button(event: KeyEvent) -> ButtonEvent:
    """Translate an event of the only key."""
    if isinstance(event, KeysStuck):
        return ButtonStuck()
    return ButtonDown() if isinstance(event, KeyDown) else ButtonUp()
