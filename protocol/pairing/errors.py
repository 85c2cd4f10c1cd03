"""Why pairing ends without a key: one reason for every end, sent as one byte to the other side."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, unique

from protocol.errors import ProtocolError


@unique
class AbortReason(IntEnum):
    """As it goes over the cable, in one byte."""

    VERSION = 1
    GARBAGE = 2
    ORDER = 3
    TIMEOUT = 4
    CANCELLED = 5
    DIFFERENT = 6
    COMMITMENT = 7
    POINT = 8
    CONFIRMATION = 9
    SLOT_TAKEN = 10
    OTHER_SERIAL = 11
    SUITE = 12
    STORE = 13
    NOT_KEPT = 14
    LOOKED = 15

    @property
    def sentence(self) -> str:
        """For people: what was wrong, and what to do."""
        return _SENTENCES[self]


_SENTENCES: Mapping[AbortReason, str] = {
    AbortReason.VERSION: "they speak no common version of pairing: bring the older one up to date",
    AbortReason.GARBAGE: "what came over the cable is no message of pairing: try another cable",
    AbortReason.ORDER: "a message came where another was due: start again",
    AbortReason.TIMEOUT: "nothing came in time: start again",
    AbortReason.CANCELLED: "it was ended by hand",
    AbortReason.DIFFERENT: "the numbers were not the same: use another cable and port",
    AbortReason.COMMITMENT: "the share is not what was committed to: use another cable and port",
    AbortReason.POINT: "a public key came that gives no secret: use another cable and port",
    AbortReason.CONFIRMATION: "card and computer have not the same key: use another cable and port",
    AbortReason.SLOT_TAKEN: "the slot holds a key already: choose another, or ask to replace it",
    AbortReason.OTHER_SERIAL: "the card has another serial: leave it out, or take the other card",
    AbortReason.SUITE: "the card cannot use this suite: choose another",
    AbortReason.STORE: "the card could not write its store: look at its disk",
    AbortReason.NOT_KEPT: "the computer could not keep the card's record: look at its disk",
    AbortReason.LOOKED: "the computer only wanted to see which keys the card has",
}


class PairingError(ProtocolError):
    """Pairing is over and this end has no key; `reason` says why.

    `told` when the other end knows already: then nothing is to be sent to it any more.
    """

    def __init__(self, reason: AbortReason, *, told: bool = False) -> None:
        super().__init__(reason.sentence)
        self.reason = reason
        self.told = told
