"""The host's end of pairing: the mirror of `card_end`, for whoever drives the cable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import agreement
from .agreement import VERSION, Keys, Share, key_length
from .card_end import Compare, Send
from .end import End
from .errors import AbortReason, PairingError
from .frames import Frame
from .messages import (
    CardConfirm,
    CardHello,
    CardShare,
    Done,
    HostConfirm,
    HostHello,
    Message,
    Offer,
    Reveal,
)


@dataclass(frozen=True, slots=True)
class Met:
    """A card answered: go on with `offer()`, or `abort()`."""

    card: CardHello


@dataclass(frozen=True, slots=True)
class Consented:
    """The card's owner held OK, and the card has the same key: take `key()`, then `confirm()`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The card has the key in its store. Pairing is over."""


HostStep = Met | Send | Compare | Consented | Stored


@dataclass(frozen=True, slots=True)
class _Calling:
    """A card's hello is due."""


@dataclass(frozen=True, slots=True)
class _Meeting:
    """A card is there; `offer()` is due."""

    hello: bytes


@dataclass(frozen=True, slots=True)
class _Offering:
    """The card's share is due."""

    hello: bytes
    offer: Offer
    length: int
    share: Share


@dataclass(frozen=True, slots=True)
class _Comparing:
    """The number is up; the card's confirmation is due."""

    keys: Keys


@dataclass(frozen=True, slots=True)
class _Agreed:
    """The card has confirmed; `confirm()` is due."""

    keys: Keys


@dataclass(frozen=True, slots=True)
class _Confirmed:
    """The card's last message is due."""

    keys: Keys


@dataclass(frozen=True, slots=True)
class _Over:
    """Nothing is due, and nothing is left."""


class HostEnd(End[HostStep]):
    """One pairing, seen from the computer; made anew for each."""

    def __init__(self, suite_check: Callable[[str], int] = key_length) -> None:
        """`suite_check` gives the bytes of a key under a suite, or raises OcraError."""
        super().__init__()
        self._suite_check = suite_check
        self._hello = self._send(HostHello(VERSION, VERSION))
        self._stage: _Calling | _Meeting | _Offering | _Comparing | _Agreed | _Confirmed | _Over = (
            _Calling()
        )

    def hello(self) -> bytes:
        """The frame to begin with; send it again every second until a card answers."""
        return self._hello

    def offer(self, slot: str, serial: str, issuer: str, suite: str, *, replace: bool) -> bytes:
        """After Met: the Offer frame. Raises OcraError for a suite that no card can use."""
        self._check_alive()
        if not isinstance(self._stage, _Meeting):
            raise self._out_of_order()
        length, share = self._suite_check(suite), Share()
        commitment = agreement.committed(share.public, share.nonce)
        offer = Offer(slot, serial, issuer, suite, replace, commitment)
        frame = self._send(offer)
        self._stage = _Offering(self._stage.hello, offer, length, share)
        return frame

    def key(self) -> bytes:
        """After Consented: the card's key, for its record."""
        return self._agreed().card

    def confirm(self) -> bytes:
        """The person said yes and the record is kept: the HostConfirm frame.

        From here on only Stored, or another look at the card, tells whether the card has the key.
        """
        keys = self._agreed()
        self._stage = _Confirmed(keys)
        return self._send(HostConfirm(agreement.mac(keys.host_confirm, self._transcript.digest())))

    def _agreed(self) -> Keys:
        self._check_alive()
        if not isinstance(self._stage, _Agreed):
            raise self._out_of_order()
        return self._stage.keys

    def _take(self, message: Message, frame: Frame) -> Iterator[HostStep]:
        match self._stage, message:
            case (_Calling(), CardHello()):
                yield self._meet(message, frame)
            case (_Meeting(hello) | _Offering(hello), CardHello()) if frame.raw == hello:
                return  # the answer to a hello that was sent twice
            case (_Offering(_, offer, length, share), CardShare()):
                yield from self._agree(offer, length, share, message, frame)
            case (_Comparing(keys), CardConfirm(mac)):
                agreement.check_mac(keys.card_confirm, self._transcript.digest(), mac)
                self._transcript.add(frame.raw)
                self._stage = _Agreed(keys)
                yield Consented()
            case (_Confirmed(keys), Done(mac)):
                agreement.check_mac(keys.done, self._transcript.digest(), mac)
                self._forget()
                yield Stored()
            case _:
                raise PairingError(AbortReason.ORDER)

    def _meet(self, hello: CardHello, frame: Frame) -> Met:
        if hello.version != VERSION:
            raise PairingError(AbortReason.VERSION)
        self._transcript.add(frame.raw)
        self._stage = _Meeting(frame.raw)
        return Met(hello)

    def _agree(
        self, offer: Offer, length: int, share: Share, answer: CardShare, frame: Frame
    ) -> Iterator[HostStep]:
        self._transcript.add(frame.raw)
        secret = share.secret_with(answer.public)
        reveal = self._send(Reveal(share.public, share.nonce))
        transcript = self._transcript.digest()
        self._stage = _Comparing(agreement.derive(secret, transcript, length))
        yield Send(reveal)
        yield Compare(agreement.number(transcript), offer)

    def _has_all(self) -> bool:
        return isinstance(self._stage, _Over)

    def _forget(self) -> None:
        self._stage = _Over()
