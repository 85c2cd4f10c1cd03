"""gpiozero's pins on the kernel's lines, with nothing in between that wakes up by itself.

lgpio has a thread that wakes 50 times a second from the moment a chip is open (lgPthTx.c: "run at
least fifty times a second") and another that looks at watched lines 2,000 times a second
(lgPthAlerts.c: a ppoll of 0.5 ms). A card that waits may wake once a second.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gpiozero.exc import PinFixedPull, PinInvalidEdges, PinInvalidFunction, PinInvalidPull
from gpiozero.pins.local import LocalPiFactory, LocalPiPin

from drivers.edges import EdgeReader
from drivers.lines import BOTH_EDGES, INPUT, NO_PULL, OUTPUT, PULL_DOWN, PULL_UP, Line

_PULLS = {"up": PULL_UP, "down": PULL_DOWN, "floating": NO_PULL}


class KernelFactory(LocalPiFactory):
    """The pins of one GPIO chip, such as /dev/gpiochip0."""

    def __init__(self, chip: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.pin_class = KernelPin
        self.edges = EdgeReader()
        self._chip = chip
        self._lines: list[Line] = []

    def line(self, number: int) -> Line:
        """Open one line; it stays open until the factory is closed."""
        line = Line(self._chip, number)
        self._lines.append(line)
        return line

    def close(self) -> None:
        """Let go of every pin, and end the thread that waits for edges."""
        super().close()  # type: ignore[no-untyped-call]
        self.edges.close()
        while self._lines:
            self._lines.pop().close()


class KernelPin(LocalPiPin):
    """One line; what is asked of it and already so costs no system call."""

    def __init__(self, factory: KernelFactory, info: Any) -> None:  # noqa: ANN401 - untyped
        super().__init__(factory, info)  # type: ignore[no-untyped-call]
        self._line = factory.line(self._number)
        self._edges_of = factory.edges
        self._output = False
        self._pulled = "floating"
        self._watched = False

    def output_with_state(self, state: int) -> None:
        """Become an output, at `state` from the first moment."""
        self.when_changed = None
        self._output, self._pulled = True, "floating"
        self._line.become(OUTPUT, bool(state))

    def close(self) -> None:
        """Become an input without pull, unwatched."""
        self.when_changed = None
        self._output, self._pulled = False, "floating"
        self._become_input()

    def _get_function(self) -> str:
        return "output" if self._output else "input"

    def _set_function(self, value: str) -> None:
        if value not in ("input", "output"):
            raise PinInvalidFunction(f"{self!r} is an input or an output, not {value!r}")
        if value == "output":
            self.output_with_state(0)
        elif self._output:
            self._output = False
            self._become_input()

    def _get_state(self) -> bool:
        return self._line.read()

    def _set_state(self, value: float) -> None:
        self._line.write(bool(value))

    def _get_pull(self) -> str:
        return self._pulled

    def _set_pull(self, value: str) -> None:
        if value not in _PULLS:
            raise PinInvalidPull(f"a pull is up, down or floating, not {value!r}")
        if self._output:
            raise PinFixedPull(f"{self!r} is an output and has no pull")
        if self.info.pull not in (value, ""):
            raise PinFixedPull(f"{self!r} has a pull-{self.info.pull} resistor on the board")
        if value != self._pulled:
            self._pulled = value
            self._become_input()

    def _get_edges(self) -> str:
        return "both"

    def _set_edges(self, value: str) -> None:
        if value != "both":
            raise PinInvalidEdges(f"{self!r} reports both edges, not {value!r}")

    def _enable_event_detect(self) -> None:
        self._watched = True
        self._become_input()
        self._edges_of.add(self._line, self._edge)

    def _disable_event_detect(self) -> None:
        self._edges_of.remove(self._line)
        self._watched = False
        self._become_input()
        self._line.forget_edges()

    def _become_input(self) -> None:
        edges = BOTH_EDGES if self._watched else 0
        self._line.become(INPUT | _PULLS[self._pulled] | edges)

    def _edge(self) -> None:
        changed = self.when_changed
        if changed is not None:
            changed(self.factory.ticks(), None)
