"""After an uncertain end: look whether the card has the key, and settle its record by that."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from protocol.fingerprint import fingerprint
from protocol.pairing.errors import AbortReason, PairingError
from protocol.pairing.messages import UNREADABLE, CardHello
from protocol.pskc import CardRecord
from provisioning.errors import CableCut, NoAnswer, NotSettled
from provisioning.pair.loader import sentence
from provisioning.pair.person import Person
from provisioning.pair.port import Port
from provisioning.pair.talk import Talk, ask
from provisioning.place import Place

QUESTION = "This card has not got the key. Is it the card that was being paired? (yes/no)"


class Settled(Enum):
    """How it ended."""

    CONFIRMED = auto()
    ABANDONED = auto()


def resume(
    record: CardRecord, place: Place, open_port: Callable[[], Port], person: Person
) -> Settled:
    """Confirm the record where the card has its key; abandon it where this very card has not.

    That a card has the key can only be said with the key; that it has not is believed of a card
    without this key that a person vouches for. Raises NotSettled when the question stays open; the
    record then stays as it is.
    """
    try:
        card = _look(open_port, person)
        if fingerprint(record.key) in card.slots.values():
            place.confirm(record)
            return Settled.CONFIRMED
        _check_the_same(card, record)
        if not ask(person, QUESTION):
            raise NotSettled("run it again with the card that was being paired")
        place.abandon(record)
        return Settled.ABANDONED
    except PairingError as error:
        raise NotSettled(sentence(error)) from None
    except (CableCut, NoAnswer) as error:
        raise NotSettled(str(error)) from None
    except EOFError:
        raise NotSettled(
            "nobody answered at the terminal: run it where somebody can type yes or no"
        ) from None


def _look(open_port: Callable[[], Port], person: Person) -> CardHello:
    with open_port() as port:
        talk = Talk(port, person)
        try:
            return talk.meet()
        finally:
            talk.abort(AbortReason.LOOKED)


def _check_the_same(card: CardHello, record: CardRecord) -> None:
    if card.serial not in ("", record.serial):
        raise NotSettled(
            f"this card is {card.serial}, the record is {record.serial}'s: take that card"
        )
    if UNREADABLE in card.slots.values():
        raise NotSettled(
            "the card cannot open one of its slots, and the key may be in there: "
            "look at `challng-card info` on it"
        )
