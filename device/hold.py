"""How long the press button has been down: a pure timer, each length reported once per hold."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PressHeld:
    """Held long enough to ask for `PIN>`."""


@dataclass(frozen=True)
class PressLongHeld:
    """Held long enough to blank the card."""


@dataclass(frozen=True)
class PressHaltHeld:
    """Held long enough to halt the computer."""


HoldEvent = PressHeld | PressLongHeld | PressHaltHeld


@dataclass(frozen=True)
class HoldTimes:
    """Seconds until each length is reached; they grow in this order."""

    open: float = 0.5
    blank: float = 3.0
    halt: float = 8.0


class Hold:
    """Fed with the button's edges and the time; asks to be ticked at `due()`."""

    def __init__(self, times: HoldTimes) -> None:
        self._steps: tuple[tuple[float, HoldEvent], ...] = (
            (times.open, PressHeld()),
            (times.blank, PressLongHeld()),
            (times.halt, PressHaltHeld()),
        )
        self._since: float | None = None
        self._reported = 0

    def down(self, now: float) -> None:
        """The button closed at `now` (seconds)."""
        if self._since is None:
            self._since, self._reported = now, 0

    def up(self) -> None:
        """The button opened."""
        self._since = None

    def due(self) -> float | None:
        """When the next length is reached; None while the button is open or all are reported."""
        if self._since is None or self._reported == len(self._steps):
            return None
        return self._since + self._steps[self._reported][0]

    def tick(self, now: float) -> list[HoldEvent]:
        """The lengths reached by `now` and not reported yet."""
        events: list[HoldEvent] = []
        while (due := self.due()) is not None and now >= due:
            events.append(self._steps[self._reported][1])
            self._reported += 1
        return events


class KeyHold:
    """How long one key of the pad has been down, alone; its length is reported once per hold."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: float | None = None

    def down(self, now: float) -> None:
        """The key closed at `now` (seconds)."""
        self._due = now + self._seconds

    def up(self) -> None:
        """The key opened, or is no longer the only one."""
        self._due = None

    def due(self) -> float | None:
        """When the length is reached; None while the key is open or it was reported."""
        return self._due

    def tick(self, now: float) -> bool:
        """Whether the length is reached by `now` and was not reported yet."""
        if self._due is None or now < self._due:
            return False
        self._due = None
        return True
