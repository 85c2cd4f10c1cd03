"""The functions of RPi.GPIO that gpiozero's RPiGPIOFactory calls, on a simulated circuit.

gpiozero's real back end runs on it unchanged. As in the library, a set-up forgets the pull that it
is not told, edges come only from inputs that ask for them, and asking twice is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from drivers.sim.electrical import Circuit, Drive


class FakeRPiGPIO(ModuleType):
    """Module `RPi.GPIO`, whose channels are the nets of a circuit."""

    BCM = 11
    OUT, IN, SERIAL, SPI, I2C, HARD_PWM, UNKNOWN = 0, 1, 40, 41, 42, 43, -1
    PUD_OFF, PUD_DOWN, PUD_UP = 20, 21, 22
    RISING, FALLING, BOTH = 31, 32, 33

    def __init__(self, circuit: Circuit) -> None:
        super().__init__("RPi.GPIO")
        self.circuit = circuit
        self.functions: dict[int, int] = {}
        self.watches: dict[int, Callable[[int], None]] = {}
        self.calls = 0

    def setmode(self, mode: int) -> None:
        assert mode == self.BCM

    def setwarnings(self, on: bool) -> None:
        assert not on

    def setup(self, channel: int, function: int, pull: int = PUD_OFF, initial: int = -1) -> None:
        self.calls += 1
        self.functions[channel] = function
        if function == self.IN:
            pulls = {self.PUD_UP: Drive.PULL_UP, self.PUD_DOWN: Drive.PULL_DOWN}
            self.circuit.drive(channel, pulls.get(pull, Drive.FLOATING))
        else:
            self.circuit.drive(channel, Drive.HIGH if initial == 1 else Drive.LOW)

    def input(self, channel: int) -> int:
        self.calls += 1
        return int(self.circuit.level(channel))

    def output(self, channel: int, level: int) -> None:
        self.calls += 1
        if self.functions[channel] != self.OUT:
            raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
        self.circuit.drive(channel, Drive.HIGH if level else Drive.LOW)

    def gpio_function(self, channel: int) -> int:
        return self.functions.get(channel, self.IN)

    def add_event_detect(
        self, channel: int, edge: int, callback: Callable[[int], None], bouncetime: int
    ) -> None:
        self.calls += 1
        assert (edge, bouncetime) == (self.BOTH, -666)
        if channel in self.watches:
            raise RuntimeError("Conflicting edge detection already enabled for this GPIO channel")
        self.watches[channel] = callback
        self.circuit.listen(channel, lambda _: self._edge(channel))

    def remove_event_detect(self, channel: int) -> None:
        self.calls += 1
        self.watches.pop(channel, None)

    def cleanup(self, channel: int | None = None) -> None:
        for one in list(self.functions) if channel is None else [channel]:
            self.functions.pop(one, None)
            self.watches.pop(one, None)
            self.circuit.drive(one, Drive.FLOATING)

    def _edge(self, channel: int) -> None:
        if channel in self.watches and self.functions.get(channel) == self.IN:
            self.watches[channel](channel)
