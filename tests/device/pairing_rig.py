"""A card on a cable, and a computer at the other end of it, both in this process."""

from __future__ import annotations

import os
import select
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.keystore import CardKey, FileKeyStore
from device.settings import parse
from device.simulated import OK, SimulatedCard
from drivers.cable import Cable
from drivers.errors import CableError
from drivers.sim.cable import PtyCable
from protocol.ocra import DEFAULT_SUITE
from protocol.pairing.card_end import Compare, Send
from protocol.pairing.host_end import HostEnd, HostStep
from tests.device.conftest import KEY

SERIAL = "CH00000013"


def at_once(cable: Cable, seconds: float) -> float:
    """Simulated time that takes none, also while the cable is open."""
    return 0.0 if select.select([cable], [], [], 0)[0] else seconds


class SpyCable:
    """A cable without another end, that counts what is done with it."""

    name = "spy"
    unsent = False

    def __init__(self) -> None:
        self.opened = 0
        self.reads = 0
        self.listening = False
        self.broken = False
        self._pipe = os.pipe()

    def there(self) -> bool:
        return True

    def open(self) -> None:
        if self.broken:
            raise CableError("the port cannot be opened: it is a test")
        self.opened += 1
        self.listening = True

    def read(self) -> bytes:
        assert self.listening
        self.reads += 1
        return b""

    def write(self, data: bytes) -> None:
        raise AssertionError("nobody is there to be spoken to")

    def fileno(self) -> int:
        assert self.listening
        return self._pipe[0]

    def close(self) -> None:
        self.listening = False


class Computer:
    """The far end: speaks, and waits for the card to have heard it."""

    def __init__(self, card: SimulatedCard, cable: PtyCable) -> None:
        self.end = HostEnd()
        self._card = card
        self._cable = cable
        self._far = os.open(cable.name, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._far)

    def say(self, frame: bytes) -> None:
        """Send, and let the card act on it."""
        os.write(self._far, frame)
        assert select.select([self._cable], [], [], 10)[0]
        self._card.run(0.1)

    def hear(self) -> list[HostStep]:
        """What the card's next message makes of this end."""
        assert select.select([self._far], [], [], 10)[0], "the card says nothing"
        return self.end.receive(os.read(self._far, 4096))

    def silence(self) -> bool:
        """Whether the card has said nothing more."""
        return not select.select([self._far], [], [], 0)[0]

    def cut(self) -> None:
        """Pull the cable."""
        self.close()
        self._card.run(0.1)

    def close(self) -> None:
        if self._far >= 0:
            os.close(self._far)
            self._far = -1

    def meet(self) -> None:
        self.say(self.end.hello())
        self.hear()

    def offer(self, slot: str = "A", suite: str = DEFAULT_SUITE, replace: bool = False) -> None:
        self.say(self.end.offer(slot, SERIAL, "Example", suite, replace=replace))

    def compare(self) -> str:
        """Both have the number; the person's half of the work is to do."""
        sent, compare = self.hear()
        assert isinstance(sent, Send)
        assert isinstance(compare, Compare)
        self.say(sent.data)
        return compare.number

    def confirm(self) -> bytes:
        """After the card's consent: keep the key, tell the card, hear that it has stored it."""
        self.hear()
        key = self.end.key()
        self.say(self.end.confirm())
        return key


class Rig:
    """A card with a cable; the store may be blank."""

    def __init__(self, directory: Path, store: FileKeyStore, size: str = "128x64") -> None:
        self.store = store
        self.cable = PtyCable(directory / "cable")
        settings = parse({"display": {"size": size}}, "test")
        self.card = SimulatedCard(settings, store, cable=self.cable, sleep=at_once)
        self._at, self._turns = 0.0, 0
        self._turn = self.card.firmware.turn
        self.card.firmware.turn = self._counted  # type: ignore[method-assign]
        self._computers: list[Computer] = []

    def computer(self) -> Computer:
        self._computers.append(Computer(self.card, self.cable))
        return self._computers[-1]

    def gesture(self) -> None:
        """From a dark glass to one that offers pairing."""
        self.card.press()
        self.card.hold(OK)

    def comparing(self, **offer: object) -> tuple[Computer, str]:
        """Up to the number on both ends."""
        self.gesture()
        computer = self.computer()
        computer.meet()
        computer.offer(**offer)  # type: ignore[arg-type]
        return computer, computer.compare()

    @property
    def listening(self) -> bool:
        return self.card.firmware.listens_to() is not None

    def _counted(self) -> float | None:
        """One turn of the loop, which must not stand still in time for ever."""
        now = self.card.clock.now()
        self._turns = self._turns + 1 if now == self._at else 0
        self._at = now
        assert self._turns < 200, "the loop spins"
        return self._turn()

    def close(self) -> None:
        for computer in self._computers:
            computer.close()
        self.card.close()
        self.cable.unplug()


@pytest.fixture
def blank(tmp_path: Path) -> Iterator[Rig]:
    """A card without a key."""
    (tmp_path / "blank").mkdir()
    rig = Rig(tmp_path, FileKeyStore(tmp_path / "blank"))
    yield rig
    rig.close()


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[Rig]:
    """A card with a key in slot A."""
    store = FileKeyStore(tmp_path / "loaded")
    store.add("A", CardKey(SERIAL, DEFAULT_SUITE, KEY, 0, "Example"))
    rig = Rig(tmp_path, store)
    yield rig
    rig.close()
