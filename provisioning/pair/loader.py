"""Getting a key onto a card over the cable: agreed on by both ends, sent by none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocol import card_suite, serial
from protocol.fingerprint import key_id
from protocol.pairing.card_end import Compare
from protocol.pairing.errors import AbortReason, PairingError
from protocol.pairing.host_end import Consented, Stored
from protocol.pskc import CardRecord
from provisioning.errors import CableCut, LoadUncertain, NoAnswer, NoSuchSlot, NotLoaded
from provisioning.loader import Keep, Loader
from provisioning.order import Order, slot_for
from provisioning.pair.person import Person
from provisioning.pair.port import Port
from provisioning.pair.talk import Talk

QUESTION = "Does the card show the same number? (yes/no)"
_TOLD: Mapping[AbortReason, str] = {
    AbortReason.CANCELLED: "the card was taken back to rest by hand: start again when you like",
    AbortReason.TIMEOUT: "the card waited in vain: start again, and hold OK while the number shows",
    AbortReason.SLOT_TAKEN: "that slot holds a key already: choose another with --slot, or give "
    "--replace, after which the old key and its record are worth nothing",
    AbortReason.OTHER_SERIAL: "the card has another serial: leave --serial out, or take the other "
    "card",
    AbortReason.SUITE: "the card cannot use this suite: choose another with --suite",
}


def sentence(error: PairingError) -> str:
    """What a person at the computer reads."""
    if error.told:
        return f"the card refused: {_TOLD.get(error.reason, error.reason.sentence)}"
    if error.reason is AbortReason.GARBAGE:
        return (
            "what came over the cable is no pairing: look for a login prompt (getty) on the card's "
            "port, for another device on this one, or for a bad cable"
        )
    return error.reason.sentence


class CableLoader(Loader):
    """Pairs with the card at the other end of a serial port.

    `resume` is the command that a person gives after an uncertain end.
    """

    def __init__(self, open_port: Callable[[], Port], person: Person, resume: str) -> None:
        self._open = open_port
        self._person = person
        self._resume = resume

    def load(self, order: Order, keep: Keep) -> CardRecord:
        """Pair; raises OcraError, SerialError, PortRefused before anything is sent."""
        suite = card_suite.check(order.suite)
        wanted = None if order.serial is None else serial.check(order.serial)
        with self._open() as port:
            talk = Talk(port, self._person)
            card, slot, key = self._agree(talk, order, wanted)
            record = CardRecord(
                serial=card,
                suite=order.suite,
                key=key,
                counter=0,
                issuer=order.issuer,
                key_id=key_id(card, slot, key),
                challenge_length=suite.question_length,
            )
            try:
                keep(record)
            except BaseException:
                talk.abort(AbortReason.NOT_KEPT)
                raise
            self._check_there(talk)
            self._finish(talk)
            return record

    def _agree(self, talk: Talk, order: Order, wanted: str | None) -> tuple[str, str, bytes]:
        """Up to both consents; the card's serial, its slot and its key."""
        try:
            met = talk.meet()
            card = wanted or met.serial or serial.random()
            slot = slot_for(order.slot, tuple(met.slots), replace=order.replace)
            self._person.tell(f"Found {met.serial or 'a card without a key'}; slot {slot} is next.")
            talk.send(talk.end.offer(slot, card, order.issuer, order.suite, replace=order.replace))
            number = talk.wait(Compare).number
            self._person.tell(f"Number: {number[:3]} {number[3:]}")
            self._person.tell("The same on the card? Then hold OK there for 2 seconds, and answer:")
            if not talk.answer(QUESTION, Consented, "The card's owner has held OK."):
                talk.abort(AbortReason.DIFFERENT)
                raise NotLoaded(
                    "the numbers were not the same, so somebody may stand between card and "
                    "computer: use another cable and port; the card has no new key"
                )
            return card, slot, talk.end.key()
        except PairingError as error:
            if not error.told:
                talk.abort(error.reason)
            raise NotLoaded(sentence(error)) from None
        except NoAnswer as error:
            talk.abort(AbortReason.TIMEOUT)
            raise NotLoaded(str(error)) from None
        except CableCut as error:
            raise NotLoaded(f"{error}; the card has no new key") from None
        except EOFError:
            talk.abort(AbortReason.CANCELLED)
            raise NotLoaded(
                "nobody answered at the terminal: run it where somebody can type yes or no"
            ) from None
        except NoSuchSlot:
            talk.abort(AbortReason.CANCELLED)
            raise
        except NotLoaded:
            raise
        except BaseException:
            talk.abort(AbortReason.CANCELLED)
            raise

    def _check_there(self, talk: Talk) -> None:
        """Keeping the record may have taken long: a card that has given up surely has no key."""
        try:
            talk.poll()
        except PairingError as error:
            if not error.told:
                talk.abort(error.reason)
            raise NotLoaded(sentence(error)) from None
        except CableCut as error:
            raise NotLoaded(f"{error}; the card has no new key") from None

    def _finish(self, talk: Talk) -> None:
        """The last two messages; whatever goes wrong here, the card may have the key or not."""
        try:
            talk.send(talk.end.confirm())
            talk.wait(Stored)
        except PairingError as error:
            raise self._uncertain(sentence(error)) from None
        except (CableCut, NoAnswer) as error:
            raise self._uncertain(str(error)) from None
        except KeyboardInterrupt:
            raise self._uncertain("interrupted at the last message") from None

    def _uncertain(self, why: str) -> LoadUncertain:
        return LoadUncertain(
            f"{why}; whether the card has the key is not known and its record stays unconfirmed: "
            f"begin pairing on the card again and run `{self._resume}`"
        )
