"""The mobile key behind the factor interface: its passcodes, and its row in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from ..crypto.keyring import Keyring
from ..db.tables import mobile_keys
from . import mobile_key
from .card import CardRules, CardState
from .interface import Factor, Prompt, Question, Verdict
from .kinds import DeviceKind
from .mobile_key import Element, MobileKeyState

_ID: BindParameter[object] = bindparam("the_id")
_LOAD = select(mobile_keys).where(mobile_keys.c.device_id == _ID)
_PROMPTED = ("prompted_first", "prompted_second", "prompted_third")
_MOVING = ("counter", "far_counter", "far_login_id", "resync", "sign_count", *_PROMPTED)
_MOVE = (
    update(mobile_keys)
    .where(
        mobile_keys.c.device_id == _ID,
        *(
            mobile_keys.c[name].is_not_distinct_from(
                bindparam(f"old_{name}", type_=mobile_keys.c[name].type)
            )
            for name in _MOVING
        ),
    )
    .values({name: bindparam(f"new_{name}", type_=mobile_keys.c[name].type) for name in _MOVING})
)


class MobileKeyFactor(Factor[MobileKeyState]):
    """Mobile keys, their OCRA keys and PINs sealed under the master key."""

    kind: ClassVar[DeviceKind] = DeviceKind.MOBILE_KEY

    def __init__(self, keyring: Keyring, rules: CardRules) -> None:
        self._keyring = keyring
        self._rules = rules

    def offer(self, state: MobileKeyState) -> Question[MobileKeyState]:
        """Draw a challenge."""
        return Question(mobile_key.offer(state), state)

    def read(self, state: MobileKeyState, text: str) -> str:
        """Return the digits of a passcode, or raise AnswerMalformed."""
        return mobile_key.read(state, text)

    def check(
        self, state: MobileKeyState, prompt: Prompt, answer: str, login_id: str
    ) -> Verdict[MobileKeyState]:
        """Judge a passcode."""
        return mobile_key.check(self._rules, state, prompt, answer, login_id)

    def load(self, connection: Connection, device_id: int) -> MobileKeyState:
        """Read a key's row, and open its secrets."""
        row = connection.execute(_LOAD, {"the_id": device_id}).one()
        element = Element(row.element)
        pin = self._keyring.open(row.pin_sealed, place("pin_sealed", device_id)).decode("ascii")
        asked: tuple[datetime | None, ...] = tuple(row._mapping[name] for name in _PROMPTED)
        return MobileKeyState(
            element=element,
            passcode=CardState(
                suite=row.suite,
                counter=row.counter,
                key=self._keyring.open(row.key_sealed, place("key_sealed", device_id)),
                pin=pin if element is Element.PIN else None,
                far_counter=row.far_counter,
                far_login_id=row.far_login_id,
                resync=row.resync,
            ),
            pin=pin,
            sign_key=row.sign_key,
            credential_id=row.credential_id,
            credential_key=row.credential_key,
            sign_count=row.sign_count,
            prompted=tuple(at for at in asked if at is not None),
        )

    def move(
        self, connection: Connection, device_id: int, old: MobileKeyState, new: MobileKeyState
    ) -> bool:
        """Store what moves in a key's life, where nobody else moved it first: the counter, a
        passcode found far ahead, the authenticator's own count, and when its user was asked.
        """
        values: dict[str, object] = {"the_id": device_id}
        values |= {f"old_{name}": value for name, value in _moving(old).items()}
        values |= {f"new_{name}": value for name, value in _moving(new).items()}
        return connection.execute(_MOVE, values).rowcount == 1


def place(column: str, device_id: int) -> str:
    """Name the place that a mobile key's sealed value is bound to."""
    return f"mobile_keys.{column}:{device_id}"


def _moving(state: MobileKeyState) -> Mapping[str, Any]:
    times = (*state.prompted[-3:], None, None, None)
    return {
        "counter": state.passcode.counter,
        "far_counter": state.passcode.far_counter,
        "far_login_id": state.passcode.far_login_id,
        "resync": state.passcode.resync,
        "sign_count": state.sign_count,
        **dict(zip(_PROMPTED, times, strict=False)),
    }
