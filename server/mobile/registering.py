"""Registering a phone put together: how it begins, the SMS, the proof, and the key."""

from __future__ import annotations

from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..crypto.secrets_table import Secrets
from ..db.engine import Database
from ..lifecycle.pin_gate import PinGate
from ..login.judge import Judge
from ..login.ledger import Ledger
from ..login.password import PasswordStep
from ..login.proofs import Proofs
from ..notify.reach import Reach
from ..settings import Settings
from .adding import Adding
from .beginning import Beginning
from .notes import Notes
from .proving import Proving
from .sending import Sending


class Registering:
    """The steps of a registration, in their order."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        keyring: Keyring,
        secrets: Secrets,
        passwords: PasswordStep,
        proofs: Proofs,
        reach: Reach,
        gate: PinGate,
        judge: Judge,
        ledger: Ledger,
    ) -> None:
        notes = Notes(database, clock, audit)
        basis = (database, clock, settings, keyring, secrets)
        self.beginning = Beginning(clock, settings, keyring, passwords, notes)
        self.sending = Sending(*basis, reach, notes)
        self.proving = Proving(*basis, proofs, notes)
        self.adding = Adding(*basis, gate, judge, ledger, notes)
