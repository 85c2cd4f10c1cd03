"""From what was seen of bus, display, pins, store and random source to findings. Pure."""

from device.power import UNKNOWN, Level, Limits, judge
from device.selftest.findings import Finding, Kind
from device.selftest.observations import (
    BatteryLook,
    Glass,
    Observations,
    Pins,
    RandomLook,
    StoreTrouble,
)
from device.selftest.wiring import wiring_findings
from drivers.bus_scan import BusLook, BusState
from drivers.header import place
from drivers.settings import BoardSettings, DisplaySettings

_DISPLAY_ADDRESSES = (0x3C, 0x3D)
_BUS_WIRES = {1: (2, 3)}  # SDA and SCL, where the header fixes them


def diagnose(board: BoardSettings, limits: Limits, seen: Observations) -> list[Finding]:
    """Everything that is wrong, in the order in which it is best put right; [] when all is well."""
    found: list[Finding] = []
    if seen.bus is not None:
        found += _bus(board.display, seen.bus, seen.glass)
    found += _pins(seen)
    if seen.rest is not None:
        found += wiring_findings(board, seen.rest, seen.keys, seen.press)
    if seen.battery is not None:
        found += _battery(limits, seen.battery)
    found += [_store(trouble) for trouble in seen.store]
    if seen.random is not None:
        found += _random(seen.random)
    return found


def _bus(display: DisplaySettings, bus: BusLook, glass: Glass | None) -> list[Finding]:
    path = f"/dev/i2c-{bus.number}"
    match bus.state:
        case BusState.MISSING:
            return [
                Finding(
                    Kind.NO_BUS,
                    f"there is no I2C bus {path}",
                    "switch I2C on (raspi-config, Interface Options, I2C) and restart, or correct "
                    "display.bus in card.toml",
                )
            ]
        case BusState.FORBIDDEN:
            return [
                Finding(
                    Kind.BUS_FORBIDDEN,
                    f"{path} may not be opened by this user",
                    "add the user to the group i2c (`sudo usermod -aG i2c NAME`) and log in again",
                )
            ]
        case BusState.HELD:
            return [
                Finding(
                    Kind.BUS_HELD,
                    f"a wire of the I2C bus {bus.number} stays low",
                    f"is {_wires(bus.number)} on ground, is a wire in a wrong hole, "
                    "has the display its 3.3 V?",
                )
            ]
    if display.address not in bus.addresses:
        return [_not_there(display, bus)]
    return _glass(display, glass)


def _not_there(display: DisplaySettings, bus: BusLook) -> Finding:
    elsewhere = [one for one in _DISPLAY_ADDRESSES if one in bus.addresses]
    if elsewhere:
        return Finding(
            Kind.WRONG_ADDRESS,
            f"nothing answers at {display.address:#04x}, but {elsewhere[0]:#04x} does",
            f"set display.address = {elsewhere[0]:#04x} in card.toml",
            f"answers at {elsewhere[0]:#04x}",
        )
    if bus.addresses:
        others = ", ".join(f"{address:#04x}" for address in bus.addresses)
        return Finding(
            Kind.NO_DISPLAY,
            f"no display answers on I2C, only {others}",
            "are the display's four wires connected, and is its address 0x3c or 0x3d?",
        )
    return Finding(
        Kind.NO_DISPLAY,
        "nothing answers on I2C",
        f"is {_wires(bus.number)} (not swapped), is ground connected, is 3.3 V?",
    )


def _wires(bus: int) -> str:
    if bus not in _BUS_WIRES:
        return "SDA and SCL on the pins of this bus"
    data, clock = _BUS_WIRES[bus]
    return f"SDA on pin 3, {place(data)}, and SCL on pin 5, {place(clock)}"


def _glass(display: DisplaySettings, glass: Glass | None) -> list[Finding]:
    where = f"the display at {display.address:#04x}"
    match glass:
        case Glass.NO_ANSWER | Glass.DROPPED_OUT:
            return [
                Finding(
                    Kind.DROPS_OUT,
                    f"{where} answers a scan, but not all that is sent to it",
                    "look for a loose wire, ground first; make the wires shorter than 20 cm",
                )
            ]
        case Glass.WRONG:
            other = "sh1106" if display.driver == "ssd1306" else "ssd1306"
            return [
                Finding(
                    Kind.WRONG_PICTURE,
                    f"{where} does not show the frame as it is",
                    f'set display.driver = "{other}" in card.toml (now "{display.driver}"); if '
                    f"that is no better, correct display.size ({display.width}x{display.height})",
                )
            ]
        case Glass.NOT_SEEN:
            return [
                Finding(
                    Kind.NOT_SEEN,
                    f"{where} answers, but nobody saw its picture",
                    "is its 3.3 V connected, is display.contrast above 0?",
                )
            ]
    return []


def _pins(seen: Observations) -> list[Finding]:
    if seen.pins is Pins.NO_LIBRARY:
        return [
            Finding(
                Kind.NO_PIN_LIBRARY,
                f"the library for the pins is missing ({seen.pins_said})",
                "install challng[pi]",
            )
        ]
    if seen.pins is Pins.REFUSED:
        return [
            Finding(
                Kind.PINS_REFUSED,
                f"the pins cannot be used ({seen.pins_said})",
                "is this a Raspberry Pi, is this user in the group gpio, is the card's service "
                "stopped (`systemctl stop challng-card`)?",
            )
        ]
    return []


def _battery(limits: Limits, battery: BatteryLook) -> list[Finding]:
    if battery.reading is None:
        seen, _, look = battery.error.partition(": ")
        return [Finding(Kind.NO_GAUGE, seen, look)]
    if judge(UNKNOWN, battery.reading, limits).level is not Level.CRITICAL:
        return []
    return [
        Finding(
            Kind.BATTERY_EMPTY,
            f"the battery is at {battery.reading.percent:.0f} %, and the card begins no login "
            f"under {limits.critical} %",
            "charge it, or look at battery.critical_percent in card.toml",
        )
    ]


def _store(trouble: StoreTrouble) -> Finding:
    return Finding(trouble.fault, trouble.fault.words.capitalize(), trouble.message)


def _random(random: RandomLook) -> list[Finding]:
    found: list[Finding] = []
    if not random.ready:
        found.append(
            Finding(
                Kind.RANDOM_NOT_READY,
                "random numbers would have to be waited for",
                "wait a minute and try again, and make no key before",
            )
        )
    if not random.hardware:
        found.append(
            Finding(
                Kind.NO_HARDWARE_RANDOM,
                "there is no hardware source of random numbers",
                "is /dev/hwrng there, does `dmesg` say why not?",
            )
        )
    return found
