"""The card's end of pairing: takes bytes, says what to send, to show and to store. No I/O."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from protocol.errors import OcraError

from . import agreement, messages
from .agreement import VERSION, Keys, Share, key_length
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
class Send:
    """Write these bytes to the cable."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """Show the six digits and what is offered; `consent()` once OK was held."""

    number: str
    offer: Offer


@dataclass(frozen=True, slots=True)
class Agreed:
    """Write this key to the offered slot, durably; then send what `stored()` gives."""

    offer: Offer
    key: bytes = field(repr=False)


HELLOS = 12
"""How often a hello may come again, for one that crosses its answer comes once or twice.

With what else a card says that is under the 16 transfers that a USB gadget holds for a computer
that does not read; with more, closing the port would take 15 seconds.
"""

CardStep = Send | Compare | Agreed


@dataclass(frozen=True, slots=True)
class _Silent:
    """Nothing has come yet."""


@dataclass(frozen=True, slots=True)
class _Greeted:
    """Both have said hello; an offer is due."""

    hello: bytes
    again: int = 0


@dataclass(frozen=True, slots=True)
class _Offered:
    """The card's share is sent; the host's is due."""

    offer: Offer
    length: int
    share: Share


@dataclass(frozen=True, slots=True)
class _Comparing:
    """The number is up; `consent()` is due."""

    offer: Offer
    keys: Keys


@dataclass(frozen=True, slots=True)
class _Confirming:
    """The owner has consented; the host's confirmation is due."""

    offer: Offer
    keys: Keys


@dataclass(frozen=True, slots=True)
class _Storing:
    """The key is out; `stored()` is due."""

    keys: Keys


@dataclass(frozen=True, slots=True)
class _Over:
    """Nothing is due, and nothing is left."""


class CardEnd(End[CardStep]):
    """One pairing, seen from the card; made anew for each."""

    def __init__(
        self,
        serial: str,
        slots: Mapping[str, bytes],
        suite_check: Callable[[str], int] = key_length,
    ) -> None:
        """`serial` is empty on a blank card; `slots` has the fingerprint of each loaded slot.

        A slot that cannot be opened counts as loaded, with the fingerprint `messages.UNREADABLE`.
        `suite_check` gives the bytes of a key under a suite, or raises OcraError.
        """
        super().__init__()
        self._hello = CardHello(VERSION, serial, dict(slots))
        self._suite_check = suite_check
        self._stage: _Silent | _Greeted | _Offered | _Comparing | _Confirming | _Storing | _Over = (
            _Silent()
        )

    def consent(self) -> bytes:
        """OK was held on the screen with the number: the CardConfirm frame to send."""
        self._check_alive()
        if not isinstance(self._stage, _Comparing):
            raise self._out_of_order()
        offer, keys = self._stage.offer, self._stage.keys
        self._stage = _Confirming(offer, keys)
        return self._send(CardConfirm(agreement.mac(keys.card_confirm, self._transcript.digest())))

    def stored(self) -> bytes:
        """The key is in the store: the Done frame to send. Pairing is over."""
        self._check_alive()
        if not isinstance(self._stage, _Storing):
            raise self._out_of_order()
        key = self._stage.keys.done
        self._forget()
        return self._send(Done(agreement.mac(key, self._transcript.digest())))

    def _take(self, message: Message, frame: Frame) -> Iterator[CardStep]:
        match self._stage, message:
            case (_Silent(), HostHello()):
                yield self._greet(message, frame)
            case (_Greeted(hello, again), HostHello()) if frame.raw == hello and again < HELLOS:
                # A host says hello until it is answered, so an answer may cross the next hello.
                self._stage = _Greeted(hello, again + 1)
                yield Send(messages.encode(self._hello))
            case (_Greeted(), Offer()):
                yield self._accept(message, frame)
            case (_Offered(offer, length, share), Reveal()):
                yield self._agree(offer, length, share, message, frame)
            case (_Confirming(offer, keys), HostConfirm(mac)):
                agreement.check_mac(keys.host_confirm, self._transcript.digest(), mac)
                self._transcript.add(frame.raw)
                self._stage = _Storing(keys)
                yield Agreed(offer, keys.card)
            case _:
                raise PairingError(AbortReason.ORDER)

    def _greet(self, hello: HostHello, frame: Frame) -> Send:
        if not hello.lowest <= VERSION <= hello.highest:
            raise PairingError(AbortReason.VERSION)
        self._transcript.add(frame.raw)
        self._stage = _Greeted(frame.raw)
        return Send(self._send(self._hello))

    def _accept(self, offer: Offer, frame: Frame) -> Send:
        if self._hello.serial not in ("", offer.serial):
            raise PairingError(AbortReason.OTHER_SERIAL)
        if offer.slot in self._hello.slots and not offer.replace:
            raise PairingError(AbortReason.SLOT_TAKEN)
        try:
            length = self._suite_check(offer.suite)
        except OcraError:
            raise PairingError(AbortReason.SUITE) from None
        self._transcript.add(frame.raw)
        share = Share()
        self._stage = _Offered(offer, length, share)
        return Send(self._send(CardShare(share.public, share.nonce)))

    def _agree(
        self, offer: Offer, length: int, share: Share, reveal: Reveal, frame: Frame
    ) -> Compare:
        self._check_commitment(offer, reveal)
        self._transcript.add(frame.raw)
        transcript = self._transcript.digest()
        keys = agreement.derive(share.secret_with(reveal.public), transcript, length)
        self._stage = _Comparing(offer, keys)
        return Compare(agreement.number(transcript), offer)

    def _check_commitment(self, offer: Offer, reveal: Reveal) -> None:
        opened = agreement.committed(reveal.public, reveal.nonce)
        if not hmac.compare_digest(opened, offer.commitment):
            raise PairingError(AbortReason.COMMITMENT)

    def _has_all(self) -> bool:
        return isinstance(self._stage, _Storing | _Over)

    def _forget(self) -> None:
        self._stage = _Over()
