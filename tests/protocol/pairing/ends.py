"""Two ends joined in memory, and the frames that go between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from protocol.ocra import DEFAULT_SUITE
from protocol.pairing.card_end import Agreed, CardEnd, Compare, Send
from protocol.pairing.host_end import Consented, HostEnd, Met, Stored

SERIAL = "CH00000013"
OTHER_SERIAL = "CH00000021"
FRAMES = ("hello", "card hello", "offer", "share", "reveal", "card confirm", "host confirm", "done")
"""Every frame of a pairing that goes well, in order."""
TO_CARD = ("hello", "offer", "reveal", "host confirm")

Through = Callable[[str, bytes], list[bytes]]


def untouched(name: str, frame: bytes) -> list[bytes]:
    """A good cable."""
    return [frame]


@dataclass
class Pair:
    """A host and a card; `through` is the cable, which gives the pieces that arrive."""

    card: CardEnd = field(default_factory=lambda: CardEnd("", {}))
    host: HostEnd = field(default_factory=HostEnd)
    through: Through = untouched
    suite: str = DEFAULT_SUITE
    replace: bool = False
    slot: str = "A"
    numbers: dict[str, str] = field(default_factory=dict)
    host_key: bytes | None = None
    card_key: bytes | None = None
    frames: dict[str, bytes] = field(default_factory=dict)
    stored: bool = False

    def run(self) -> None:
        """A whole pairing: everybody consents. Raises PairingError of whichever end finds it."""
        self._carry("hello", self.host.hello())

    def _carry(self, name: str, frame: bytes) -> None:
        self.frames[name] = frame
        for piece in self.through(name, frame):
            steps: list[object] = []
            if name in TO_CARD:
                steps += self.card.receive(piece)
            else:
                steps += self.host.receive(piece)
            # What a person sees comes before what the other end makes of the next frame.
            for step in sorted(steps, key=lambda step: isinstance(step, Send)):
                self._do(name, step)

    def _do(self, name: str, step: object) -> None:
        match step:
            case Send(data):
                self._carry(FRAMES[FRAMES.index(name) + 1], data)
            case Met():
                offer = self.host.offer(
                    self.slot, SERIAL, "Challng", self.suite, replace=self.replace
                )
                self._carry("offer", offer)
            case Compare(number):
                self.numbers["card" if name == "reveal" else "host"] = number
                if name == "reveal":
                    self._carry("card confirm", self.card.consent())
            case Consented():
                self.host_key = self.host.key()
                self._carry("host confirm", self.host.confirm())
            case Agreed(_, key):
                self.card_key = key
                self._carry("done", self.card.stored())
            case Stored():
                self.stored = True
