"""The temporary code behind the factor interface: its keyed hash, and its row in the database."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BindParameter, Connection, bindparam, select

from ..crypto.secrets_table import LOOKUP, Secrets
from ..db.tables import temporary_codes
from . import temporary_code
from .interface import Factor, Prompt, Question, Verdict
from .kinds import DeviceKind
from .temporary_code import TemporaryCodeState

_ID: BindParameter[object] = bindparam("the_id")
_LOAD = select(temporary_codes.c.code_hash).where(temporary_codes.c.device_id == _ID)


class TemporaryCodeFactor(Factor[TemporaryCodeState]):
    """Temporary codes, known by a hash under a key that lies sealed."""

    kind: ClassVar[DeviceKind] = DeviceKind.TEMPORARY_CODE

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def offer(self, state: TemporaryCodeState) -> Question[TemporaryCodeState]:
        """Ask for the code."""
        return Question(temporary_code.offer(), state)

    def read(self, state: TemporaryCodeState, text: str) -> str:
        """Return the code in its one spelling, or raise AnswerMalformed."""
        return temporary_code.read(text)

    def check(
        self, state: TemporaryCodeState, prompt: Prompt, answer: str, login_id: str
    ) -> Verdict[TemporaryCodeState]:
        """Judge a code; right as often as it is given, as long as it is valid."""
        given = hashed(self._secrets, state.device_id, answer)
        return Verdict(temporary_code.check(state, given), state)

    def load(self, connection: Connection, device_id: int) -> TemporaryCodeState:
        """Read a code's row."""
        code_hash = connection.execute(_LOAD, {"the_id": device_id}).scalar_one()
        return TemporaryCodeState(device_id, code_hash)

    def move(
        self,
        connection: Connection,
        device_id: int,
        old: TemporaryCodeState,
        new: TemporaryCodeState,
    ) -> bool:
        """Change nothing: a code stays what it is."""
        return True


def hashed(secrets: Secrets, device_id: int, code: str) -> bytes:
    """Return what is stored of a code: bound to its row, and under the verifier's own key."""
    return secrets.mac(LOOKUP, "temporary code", str(device_id), code)
