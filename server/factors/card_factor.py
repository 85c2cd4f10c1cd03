"""The card behind the factor interface: its rules, and its row in the database."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from ..crypto.keyring import Keyring
from ..db.prepared import Prepared
from ..db.tables import cards, devices
from . import card
from .card import CardRules, CardState
from .interface import Factor, Prompt, Question, Verdict
from .kinds import DeviceKind

_ID: BindParameter[object] = bindparam("the_id")
_LOAD = Prepared(
    select(
        cards.c.suite,
        cards.c.counter,
        cards.c.key_sealed,
        cards.c.pin_sealed,
        cards.c.far_counter,
        cards.c.far_login_id,
        cards.c.resync,
    ).where(cards.c.device_id == _ID)
)
_MOVE = Prepared(
    update(cards)
    .where(
        cards.c.device_id == _ID,
        cards.c.counter == bindparam("old_counter"),
        select(devices.c.id).where(devices.c.id == _ID, devices.c.locked_at.is_(None)).exists(),
    )
    .values(
        counter=bindparam("new_counter"),
        far_counter=bindparam("new_far_counter"),
        far_login_id=bindparam("new_far_login"),
        resync=bindparam("new_resync"),
    )
)


class CardFactor(Factor[CardState]):
    """Cards, their keys and PINs sealed under the master key."""

    kind: ClassVar[DeviceKind] = DeviceKind.CARD

    def __init__(self, keyring: Keyring, rules: CardRules) -> None:
        self._keyring = keyring
        self._rules = rules

    def offer(self, state: CardState) -> Question[CardState]:
        """Draw a challenge."""
        return Question(card.offer(state), state)

    def read(self, state: CardState, text: str) -> str:
        """Return the digits of a response, or raise AnswerMalformed."""
        return card.read(state, text)

    def check(
        self, state: CardState, prompt: Prompt, answer: str, login_id: str
    ) -> Verdict[CardState]:
        """Judge a response."""
        return card.check(self._rules, state, prompt, answer, login_id)

    def load(self, connection: Connection, device_id: int) -> CardState:
        """Read a card's row, and open its key and PIN."""
        row = _LOAD.one(connection, the_id=device_id)
        return CardState(
            suite=row.suite,
            counter=row.counter,
            key=self._keyring.open(row.key_sealed, place("key_sealed", device_id)),
            pin=self._keyring.open(row.pin_sealed, place("pin_sealed", device_id)).decode("ascii"),
            far_counter=row.far_counter,
            far_login_id=row.far_login_id,
            resync=row.resync,
        )

    def move(self, connection: Connection, device_id: int, old: CardState, new: CardState) -> bool:
        """Move the counter, or note a card found far ahead, where nobody else moved it first."""
        moved = _MOVE.count(
            connection,
            the_id=device_id,
            old_counter=old.counter,
            new_counter=new.counter,
            new_far_counter=new.far_counter,
            new_far_login=new.far_login_id,
            new_resync=new.resync,
        )
        return moved == 1


def place(column: str, device_id: int) -> str:
    """Name the place that a card's sealed value is bound to."""
    return f"cards.{column}:{device_id}"
