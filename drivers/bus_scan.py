"""Which addresses answer on an I2C bus, or why none can be asked. For the self-test."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import Enum

from smbus2 import SMBus

from drivers.errors import DisplayError

_ADDRESSES = range(0x08, 0x78)  # the others are reserved by the I2C specification
# Memories and clocks, which a write of nothing might upset: these are read, as i2cdetect does.
_READ_INSTEAD = frozenset((*range(0x30, 0x38), *range(0x50, 0x60)))
_IN_USE = errno.EBUSY  # a kernel driver has this chip, so it is there
_HELD = (errno.ETIMEDOUT, errno.EAGAIN)  # SDA or SCL does not go high


class BusState(Enum):
    """How far a scan came."""

    OPEN = "scanned"
    MISSING = "there is no such bus"
    FORBIDDEN = "this user may not open it"
    HELD = "one of its wires stays low"


@dataclass(frozen=True)
class BusLook:
    """What a scan of bus `number` found: `addresses` answered, which needs state OPEN."""

    number: int
    state: BusState
    addresses: tuple[int, ...] = ()


def scan(number: int) -> BusLook:
    """Ask every address of the bus /dev/i2c-`number` whether somebody is there."""
    try:
        bus = SMBus(number)
    except PermissionError:
        return BusLook(number, BusState.FORBIDDEN)
    except FileNotFoundError:
        return BusLook(number, BusState.MISSING)
    except OSError as error:
        raise DisplayError(
            f"the I2C bus /dev/i2c-{number} cannot be opened ({error.strerror}): "
            "restart the computer, and look at what its kernel says about I2C (dmesg)"
        ) from error
    try:
        answered = tuple(address for address in _ADDRESSES if _answers(bus, address))
    except TimeoutError:
        # The first address tells; each further one would take a second.
        return BusLook(number, BusState.HELD)
    finally:
        bus.close()
    return BusLook(number, BusState.OPEN, answered)


def _answers(bus: SMBus, address: int) -> bool:
    try:
        if address in _READ_INSTEAD:
            bus.read_byte(address)
        else:
            bus.write_quick(address)
    except OSError as error:
        if error.errno in _HELD:
            raise TimeoutError from error
        return error.errno == _IN_USE
    return True
