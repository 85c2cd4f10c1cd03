"""One card, put together: its keypad, button and display, on real pins or on simulated ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.battery import Gauge, gauge_of
from drivers.cable import Cable, GadgetCable
from drivers.errors import DriverError, NoFallback, PinError
from drivers.hardware import MODEL_PATH, is_raspberry_pi, real_pins
from drivers.keypad import Keypad
from drivers.mode import Mode
from drivers.pins import ButtonContact, PinFactory
from drivers.press_button import PressButton
from drivers.settings import BoardSettings, DisplaySettings, PadLayout

if TYPE_CHECKING:
    from drivers.display import Display
    from drivers.first import FirstScreen
    from drivers.sim.world import SimWorld

__all__ = ["Board", "BoardSettings", "DisplaySettings", "Mode", "PadLayout", "open_board"]


@dataclass
class Board:
    """The parts of an open card.

    `mode` is what it became, `reason` why `auto` fell back to simulated parts ('' if it did not),
    `world` what surrounds the simulated ones (None on real ones); `gauge` is None where the
    settings name none, and is first asked when somebody reads it; `cable` is None where they name
    no port, and on simulated parts unless one was given. Nothing opens it here.
    """

    keypad: Keypad
    press: PressButton
    display: Display
    mode: Mode
    reason: str
    world: SimWorld | None
    _factory: PinFactory
    gauge: Gauge | None = None
    cable: Cable | None = None

    def close(self) -> None:
        """Let go of pins and bus. The glass keeps what it shows."""
        if self.cable is not None:
            self.cable.close()
        self.keypad.close()
        self.press.close()
        self.display.close()
        self._factory.close()
        if self.world is not None:
            self.world.detach()


def open_board(
    settings: BoardSettings,
    mode: Mode,
    *,
    clock: Callable[[], float],
    wake: Callable[[], None],
    world: SimWorld | None = None,
    model: Path = MODEL_PATH,
    first: FirstScreen | None = None,
    cable: Cable | None = None,
) -> Board:
    """Open a card's parts; whether they are there is found out by opening them.

    `wake` is called, from any thread, when an edge asks for a `poll`. A simulated card lives in
    `world`, or in one of its own on `clock`. `auto` takes simulated parts where the real ones
    fail, and says why; on a Raspberry Pi (by the device tree `model`) it raises NoFallback.
    `cable` is that of a simulated card; a real one has the port of its settings.
    `first` is what stands on the real glass already: it is taken over, or darkened if not.
    """
    if mode is Mode.SIM:
        return _simulated(settings, clock, wake, world, "", cable)
    try:
        board = _assemble(settings, real_pins(), wake, Mode.HARDWARE, "", None, first)
        board.cable = GadgetCable(Path(settings.cable)) if settings.cable else None
        if first is not None:
            first.hand_over()
        return board
    except DriverError as error:
        if first is not None:
            first.dark()
        if mode is Mode.HARDWARE:
            raise
        reason = f"{error}."
        if is_raspberry_pi(model):
            raise NoFallback(
                f"{reason} This is a Raspberry Pi, so the card is not simulated: put that right, "
                "or ask for simulated parts by name."
            ) from error
    return _simulated(settings, clock, wake, world, reason, cable)


def _simulated(
    settings: BoardSettings,
    clock: Callable[[], float],
    wake: Callable[[], None],
    world: SimWorld | None,
    reason: str,
    cable: Cable | None,
) -> Board:
    from drivers.sim.world import SimWorld  # a card with real parts never comes here

    world = world or SimWorld(settings, clock)
    world.attach()
    try:
        board = _assemble(settings, world.factory, wake, Mode.SIM, reason, world)
        board.cable = cable
        return board
    except BaseException:
        world.detach()
        raise


def _assemble(
    settings: BoardSettings,
    factory: PinFactory,
    wake: Callable[[], None],
    mode: Mode,
    reason: str,
    world: SimWorld | None,
    first: FirstScreen | None = None,
) -> Board:
    # Imported only now, so that the modules above cost nothing before a card is opened.
    from drivers.display import Display
    from drivers.matrix import GpioMatrix

    try:
        display = Display(settings.display, first.picture if first else None)
        try:
            keypad = Keypad(settings.pad, GpioMatrix(settings.pad, factory), wake)
            press = PressButton(
                ButtonContact(factory.pin(settings.press_pin), settings.press_active_low), wake
            )
        except Exception as error:  # gpiozero and lgpio have nothing narrower in common
            display.close()
            raise PinError(f"a pin of the pad or button cannot be used: {error}") from error
    except DriverError:
        factory.close()
        raise
    gauge = gauge_of(settings.gauge)
    return Board(keypad, press, display, mode, reason, world, factory, gauge)
