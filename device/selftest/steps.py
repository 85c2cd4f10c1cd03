"""The steps of a self-test, in order: each looks at one part and notes what it saw."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from device.errors import DeviceError
from device.faults import Fault
from device.selftest.bench import Bench
from device.selftest.faces import Face
from device.selftest.observations import BatteryLook, Glass, Pins, RandomLook, StoreTrouble
from device.selftest.screens import Prompt
from device.suites import form_of
from drivers.battery import gauge_of
from drivers.bus_scan import BusState, scan
from drivers.display import Display
from drivers.errors import BatteryError, DisplayError, MissingLibrary, PinError
from drivers.probe import Look, Probe

HARDWARE_RANDOM = Path("/dev/hwrng")
_HANDS_OFF = 2.0
_KEY_PATIENCE = 8.0
_LIFT_PATIENCE = 10.0
_RANDOM_BYTES = 32


class Step(Protocol):
    """One look at one part."""

    def run(self, bench: Bench) -> None:
        """Look, and note what was seen in `bench.seen`."""


class Bus:
    """Which addresses answer on the display's bus."""

    def run(self, bench: Bench) -> None:
        """Scan the bus."""
        look = bench.seen.bus = scan(bench.settings.board.display.bus)
        answered = ", ".join(f"{address:#04x}" for address in look.addresses) or "nobody"
        said = f"answers from {answered}" if look.state is BusState.OPEN else look.state.value
        bench.say(Prompt(f"I2C bus {look.number}: {said}."))


class Glasses:
    """Whether the display can be set up; from here on prompts are on the glass too."""

    def run(self, bench: Bench) -> None:
        """Set the display up, if something answers at its address."""
        settings = bench.settings.board.display
        if bench.seen.bus is None or settings.address not in bench.seen.bus.addresses:
            return
        try:
            bench.display = Display(settings)
        except DisplayError as error:
            bench.seen.glass = Glass.NO_ANSWER
            bench.say(Prompt(f"{error}."))


class Rest:
    """What the lines do while nobody touches anything."""

    def run(self, bench: Bench) -> None:
        """Open the pins, wait for hands to go, and look."""
        try:
            bench.factory = bench.open_pins()
            bench.probe = Probe(bench.settings.board, bench.factory)
        except (MissingLibrary, PinError) as error:
            missing = isinstance(error, MissingLibrary)
            bench.seen.pins = Pins.NO_LIBRARY if missing else Pins.REFUSED
            bench.seen.pins_said = str(error.__cause__ or error)
            return
        bench.seen.pins = Pins.OPEN
        bench.say(Prompt("Take your hands off all keys.", ("HANDS OFF ALL KEYS",)))
        bench.pause(_HANDS_OFF)
        steady = bench.watch(_LIFT_PATIENCE, lambda look: True)
        bench.seen.rest = steady if steady is not None else bench.probe.look()


class OneKey:
    """What the lines do while one key is pressed."""

    def __init__(self, key: str) -> None:
        self.key = key

    def run(self, bench: Bench) -> None:
        """Ask for the key and look until something changes."""
        look = _pressed(bench, Prompt(f"Press {self.key}.", ("PRESS",), self.key))
        if look is not None:
            bench.seen.keys[self.key] = look


class Press:
    """What the lines do while the press button is pressed."""

    def run(self, bench: Bench) -> None:
        """Ask for the button and look until something changes."""
        bench.seen.press = _pressed(
            bench, Prompt("Press the press button.", ("PRESS THE BUTTON",), "PRESS")
        )


class Battery:
    """What the fuel gauge says; nothing of it is seen on a card without one."""

    def run(self, bench: Bench) -> None:
        """Ask the gauge, if the settings name one."""
        gauge = gauge_of(bench.settings.board.gauge)
        if gauge is None:
            return
        try:
            reading = gauge.read()
        except BatteryError as error:
            bench.seen.battery = BatteryLook(None, str(error))
            return
        bench.seen.battery = BatteryLook(reading)
        bench.say(Prompt(f"Battery: {reading.percent:.0f} %, {reading.volts:.2f} V."))


class Picture:
    """What an eye sees on the glass."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def run(self, bench: Bench) -> None:
        """Ask, if there is a glass to ask about."""
        if bench.display is None:
            return
        answer = self._face.picture(bench)
        if bench.seen.glass is None:  # asking may have shown that it stopped answering
            bench.seen.glass = answer


class Store:
    """Whether every slot holds a key that the card can use."""

    def run(self, bench: Bench) -> None:
        """Open each slot; the keys themselves are not looked at."""
        bench.say(Prompt("Looking at the key store.", ("LOOKING AT THE STORE",)))
        try:
            slots = bench.store.slots()
        except DeviceError as error:
            bench.seen.store.append(StoreTrouble(Fault.of(error), str(error)))
            return
        if not slots:
            bench.seen.store.append(
                StoreTrouble(Fault.NO_KEY, "load one with `challng-provision new`")
            )
        for slot in slots:
            try:
                form_of(bench.store.load(slot).suite)
            except DeviceError as error:
                bench.seen.store.append(StoreTrouble(Fault.of(error), str(error)))


class RandomSource:
    """Whether random numbers are there when a key is made."""

    def __init__(
        self,
        draw: Callable[[int, int], bytes] = os.getrandom,
        hardware: Path = HARDWARE_RANDOM,
    ) -> None:
        self._draw = draw
        self._hardware = hardware

    def run(self, bench: Bench) -> None:
        """Draw some bytes without waiting for them, and look for the hardware source."""
        try:
            ready = len(self._draw(_RANDOM_BYTES, os.GRND_NONBLOCK)) == _RANDOM_BYTES
        except BlockingIOError:
            ready = False
        bench.seen.random = RandomLook(ready, self._hardware.exists())


def _pressed(bench: Bench, prompt: Prompt) -> Look | None:
    """Ask for one contact; return the first steady look that differs from rest, else the last."""
    rest = bench.seen.rest
    if rest is None:
        return None
    bench.say(prompt)
    look = bench.watch(_KEY_PATIENCE, lambda look: look != rest)
    if look is None:
        # A finger that is still there when the next one comes would join two dead lines.
        bench.say(Prompt("Not seen. Let go.", ("NOT SEEN", "LET GO")))
        bench.pause(_HANDS_OFF)
        return rest
    bench.say(Prompt("Seen. Let go.", ("LET GO",)))
    bench.watch(_LIFT_PATIENCE, lambda look: look == rest)
    return look
