"""The 40-pin header of a Pi: what is on each pin."""

from drivers.header import HEADER_PINS

PINS = range(1, 41)
SUPPLY_3V3 = (1, 17)
SUPPLY_5V = (2, 4)
GROUND = (6, 9, 14, 20, 25, 30, 34, 39)
GPIO = {pin: gpio for gpio, pin in HEADER_PINS.items()}
"""The BCM number on each pin that has one."""


def label(pin: int) -> str:
    """What is printed beside a pin: `GPIO 5`, `3.3 V`, `5 V` or `Ground`."""
    if pin in GPIO:
        return f"GPIO {GPIO[pin]}"
    if pin in SUPPLY_3V3:
        return "3.3 V"
    return "5 V" if pin in SUPPLY_5V else "Ground"


def is_left(pin: int) -> bool:
    """Whether a pin is in the column of the odd numbers, left when USB is below."""
    return pin % 2 == 1


def nearest_ground(pin: int, taken: set[int]) -> int:
    """The free ground pin next to `pin` in its own column; in a draw the one further down."""
    free = [one for one in GROUND if is_left(one) == is_left(pin) and one not in taken]
    return min(free, key=lambda one: (abs(one - pin), -one))
