"""The code card behind the factor interface: printed or online, its values sealed as one."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BindParameter, Connection, Update, bindparam, insert, select, update

from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.tables import code_cards, code_pairs, devices
from . import code_card
from .code_card import CodeCardState, Pair
from .interface import Factor, Prompt, Question, Verdict
from .kinds import DeviceKind

_ID: BindParameter[object] = bindparam("the_id")
_LOAD = select(code_cards).where(code_cards.c.device_id == _ID)
_USED = select(code_pairs.c.low, code_pairs.c.high).where(code_pairs.c.device_id == _ID)
_IS_UNLOCKED = (
    select(devices.c.id).where(devices.c.id == _ID, devices.c.locked_at.is_(None)).exists()
)
_ASK = (
    update(code_cards)
    .where(code_cards.c.device_id == _ID, code_cards.c.asked_first.is_(None))
    .values(asked_first=bindparam("first"), asked_second=bindparam("second"))
)
_ANSWERED = (
    update(code_cards)
    .where(
        code_cards.c.device_id == _ID,
        code_cards.c.asked_first == bindparam("first"),
        code_cards.c.asked_second == bindparam("second"),
        _IS_UNLOCKED,
    )
    .values(asked_first=None, asked_second=None)
)
_FORGET = (
    update(code_cards)
    .where(code_cards.c.device_id == _ID)
    .values(asked_first=None, asked_second=None)
)


class CodeCardFactor(Factor[CodeCardState]):
    """Code cards of one kind, printed or online."""

    kind: ClassVar[DeviceKind] = DeviceKind.CODE_CARD

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock

    def offer(self, state: CodeCardState) -> Question[CodeCardState]:
        """Ask for two values."""
        return code_card.offer(state)

    def read(self, state: CodeCardState, text: str) -> str:
        """Return the answer in its one spelling, or raise AnswerMalformed."""
        return code_card.read(text)

    def check(
        self, state: CodeCardState, prompt: Prompt, answer: str, login_id: str
    ) -> Verdict[CodeCardState]:
        """Judge two values."""
        return code_card.check(state, prompt, answer)

    def load(self, connection: Connection, device_id: int) -> CodeCardState:
        """Read a code card's row, and open its values."""
        row = connection.execute(_LOAD, {"the_id": device_id}).one()
        values = opened(self._keyring, row.values_sealed, device_id)
        if row.asked_first is not None:
            return CodeCardState(values, (row.asked_first, row.asked_second))
        used = connection.execute(_USED, {"the_id": device_id})
        return CodeCardState(values, None, frozenset((pair.low, pair.high) for pair in used))

    def move(
        self, connection: Connection, device_id: int, old: CodeCardState, new: CodeCardState
    ) -> bool:
        """Note the pair that is asked from now on, or that it was answered right."""
        if old.asked is None and new.asked is not None:
            return _done(connection, _ASK, device_id, new.asked)
        if old.asked is None or new.asked is not None:
            return old.asked == new.asked
        if not _done(connection, _ANSWERED, device_id, old.asked):
            return False
        low, high = code_card.ordered(old.asked)
        connection.execute(
            insert(code_pairs).values(
                device_id=device_id, low=low, high=high, accepted_at=self._clock.now()
            )
        )
        return True

    def locked(self, connection: Connection, device_id: int) -> None:
        """Ask for another pair once the desk has unlocked the device."""
        connection.execute(_FORGET, {"the_id": device_id})


class OnlineCodeCardFactor(CodeCardFactor):
    """Online code cards: the same grid, for a while."""

    kind: ClassVar[DeviceKind] = DeviceKind.ONLINE_CODE_CARD


def _done(connection: Connection, statement: Update, device_id: int, pair: Pair) -> bool:
    first, second = pair
    done = connection.execute(
        statement,
        {"the_id": device_id, "first": first, "second": second},
    )
    return done.rowcount == 1


def sealed(keyring: Keyring, values: tuple[str, ...], device_id: int) -> bytes:
    """Return the values of a card as they are stored."""
    return keyring.seal("".join(values).encode("ascii"), _place(device_id))


def opened(keyring: Keyring, stored: bytes, device_id: int) -> tuple[str, ...]:
    """Return the values of a card from what is stored."""
    text = keyring.open(stored, _place(device_id)).decode("ascii")
    step = code_card.LENGTH
    return tuple(text[at : at + step] for at in range(0, len(text), step))


def _place(device_id: int) -> str:
    return f"code_cards.values_sealed:{device_id}"
