"""A simulated card on a bench, with a firmware that does nothing but listen."""

from __future__ import annotations

from types import TracebackType

from drivers.board import Board, Mode, open_board
from drivers.events import ButtonEvent, KeyDown, KeyEvent
from drivers.settings import BoardSettings, DisplaySettings, PadLayout
from drivers.sim.clock import VirtualClock
from drivers.sim.world import SimWorld

PAD_4X4 = PadLayout((5, 6, 13, 19), (12, 16, 20, 21), ("123A", "456B", "789C", "*0#D"))
PAD_3X4 = PadLayout((5, 6, 13, 19), (12, 16, 20), ("123", "456", "789", "*0#"))
SETTINGS = BoardSettings(PAD_4X4, press_pin=26)
POWER_UP = 0.05


def settings(**display: object) -> BoardSettings:
    """The bench card with another display."""
    return BoardSettings(PAD_4X4, press_pin=26, display=DisplaySettings(**display))  # type: ignore[arg-type]


class Rig:
    """An open card, its world, and the events it gave, each with its time."""

    def __init__(self, settings: BoardSettings = SETTINGS, seed: int = 0) -> None:
        self.clock = VirtualClock()
        self.world = SimWorld(settings, self.clock, seed)
        self.keys: list[tuple[float, KeyEvent]] = []
        self.presses: list[tuple[float, ButtonEvent]] = []
        self.wakes = 0
        self.board: Board | None = None

    def power_on(self) -> Rig:
        self.board = open_board(
            self.world.settings, Mode.SIM, clock=self.clock, wake=self._wake, world=self.world
        )
        self.run(POWER_UP)
        return self

    def __enter__(self) -> Rig:
        return self if self.board else self.power_on()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.board is not None
        self.board.close()
        if error is None:
            assert self.world.shorts == []

    def run(self, seconds: float) -> None:
        """Let time pass: the firmware polls when something is due and after each wake-up."""
        self.run_until(self.clock.now() + seconds)

    def run_until(self, end: float) -> None:
        assert self.board is not None
        keypad, press, clock = self.board.keypad, self.board.press, self.clock
        polls: dict[float, int] = {}
        while True:
            now = clock.now()
            polls[now] = polls.get(now, 0) + 1
            assert polls[now] < 100, "the firmware is called again and again without time passing"
            self.keys += [(now, event) for event in keypad.poll(now)]
            self.presses += [(now, event) for event in press.poll(now)]
            times = (keypad.due(), press.due(), clock.next_event())
            ahead = [time for time in times if time is not None and time <= end]
            if not ahead:
                clock.advance_to(end)
                return
            clock.advance_to(max(min(ahead), now))

    @property
    def key_events(self) -> list[KeyEvent]:
        return [event for _, event in self.keys]

    @property
    def press_events(self) -> list[ButtonEvent]:
        return [event for _, event in self.presses]

    @property
    def typed(self) -> str:
        return "".join(event.key for _, event in self.keys if isinstance(event, KeyDown))

    def _wake(self) -> None:
        self.wakes += 1
