"""The pairing cable as it is on a Pi, in the guest: a gadget's port, and the computer's ttyACM0.

Both ends are the kernel's own drivers (u_serial and cdc-acm) and the project's own code; between
them is dummy_hcd, a USB controller whose device side is in the same machine. It judges nothing.
"""

import select
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from drivers.cable import GadgetCable
from drivers.errors import CableCut as CutOnTheCard
from provisioning.errors import CableCut as CutAtTheComputer
from provisioning.pair.port import AUTO, Port

GADGET = Path("/sys/kernel/config/usb_gadget/card")
CONTROLLERS = Path("/sys/class/udc")
CARD, COMPUTER = Path("/dev/ttyGS0"), Path("/dev/ttyACM0")
EVERY_BYTE = bytes(range(256))
PATIENCE = 10.0


def until(true: Callable[[], object], what: str) -> None:
    """Wait for it; raises TimeoutError."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.01)


def set_up() -> None:
    """What `g_serial` is: one serial port, not plugged in yet."""
    GADGET.mkdir()
    (GADGET / "idVendor").write_text("0x0525")
    (GADGET / "idProduct").write_text("0xa4a7")
    configuration, function = GADGET / "configs/c.1", GADGET / "functions/acm.0"
    configuration.mkdir()
    function.mkdir()
    (configuration / "acm.0").symlink_to(function)


def plug() -> None:
    """The cable in."""
    (GADGET / "UDC").write_text(next(CONTROLLERS.iterdir()).name)
    until(COMPUTER.exists, "the computer sees the card")


def unplug() -> None:
    """The cable out, at both ends at once."""
    (GADGET / "UDC").write_text("\n")


def wakes(cable: GadgetCable) -> bool:
    """Whether a card that sleeps on it is woken."""
    return bool(select.select([cable], [], [], 0.2)[0])


def received(read: Callable[[], bytes], size: int) -> str:
    """What comes, up to `size` bytes of it."""
    found, end = b"", time.monotonic() + PATIENCE
    while len(found) < size and time.monotonic() < end:
        found += read()
        time.sleep(0.01)
    return found.hex()


def cable() -> dict[str, object]:
    """Plugged, spoken over both ways, pulled; what each end saw of it."""
    told: dict[str, object] = {}
    set_up()
    card = GadgetCable(CARD)
    card.open()
    told["wakes unplugged"] = wakes(card)
    card.close()
    plug()
    with Port(AUTO) as port:
        told["found"] = port.name
        told["listens before the card opens"] = port.listens()
    card.open()
    told["wakes before the computer opens"] = wakes(card)
    card.write(b"nobody listens")
    told["unsent to nobody"] = card.unsent
    with Port(AUTO) as port:
        until(port.listens, "the computer sees that the card listens")
        port.settle()
        told["kept for the next"] = port.read().hex()
        port.write(EVERY_BYTE)
        told["to the card"] = received(card.read, len(EVERY_BYTE))
        card.write(EVERY_BYTE)
        told["to the computer"] = received(port.read, len(EVERY_BYTE))
        card.close()
        until(lambda: not port.listens(), "the computer sees that the card does not")
        port.write(b"before it opened")
        card.open()
        told["heard from before"] = wakes(card)
        until(port.listens, "the computer sees that the card listens again")
        unplug()
        told["wakes when pulled"] = wakes(card)
        told["cut on the card"] = cut(card.read, CutOnTheCard)
        told["cut on the card, writing"] = cut(lambda: card.write(b"x"), CutOnTheCard)
        until(
            lambda: cut(port.read, CutAtTheComputer),  # its kernel looks at its hub by itself
            "the computer sees that the cable is out",
        )
        told["cut at the computer"] = cut(port.read, CutAtTheComputer)  # and it stays so
    card.close()
    plug()
    card.open()
    told["wakes when plugged again"] = wakes(card)
    card.close()
    return told


def cut(use: Callable[[], object], error: type[Exception]) -> bool:
    """Whether using this end says that the cable is gone."""
    with suppress(error):
        use()
        return False
    return True
