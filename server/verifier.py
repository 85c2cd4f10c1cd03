"""A verifier put together: every part with what it needs, for the web and for the commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .accounts.brake import Brake
from .accounts.passwords import Hasher
from .applications import applications
from .applications.passes import Passes
from .applications.validations import Validations
from .audit.anchor import AnchorFile
from .audit.log import AuditLog
from .clock import Clock, SystemClock
from .confirmations.binding import Binding
from .confirmations.receipts import Receipts
from .confirmations.service import Confirmations
from .credentials.checking import Credentials
from .crypto import secrets_table
from .crypto.keyring import Keyring, find_source
from .crypto.secrets_table import Secrets
from .db import migrate
from .db.engine import Database
from .db.reports import Reports
from .direct import Direct
from .documents.service import Documents
from .errors import DataDirRefused
from .factors.card import CardRules
from .factors.card_factor import CardFactor
from .factors.code_card_factor import CodeCardFactor, OnlineCodeCardFactor
from .factors.interface import Factor
from .factors.kinds import DeviceKind
from .factors.mobile_key_factor import MobileKeyFactor
from .factors.sms_code_factor import SmsCodeFactor
from .factors.temporary_code_factor import TemporaryCodeFactor
from .lifecycle.activation import Activation
from .lifecycle.code_cards import CodeCards
from .lifecycle.lost_in_post import LostInPost
from .lifecycle.mobile_keys import MobileKeys
from .lifecycle.opting import Opting
from .lifecycle.pin_change import PinChange
from .lifecycle.pin_gate import PinGate
from .lifecycle.requests import Requests
from .lifecycle.returns import Returns
from .lifecycle.sharing import Sharing
from .lifecycle.shipping import Shipping
from .lifecycle.sms_codes import SmsCodes
from .lifecycle.temporary_codes import TemporaryCodes
from .login.finishing import Finishing
from .login.judge import Judge
from .login.ledger import Ledger
from .login.offers import Factors
from .login.password import PasswordStep
from .login.proofs import Proofs
from .login.service import Logins
from .login.sessions import Sessions
from .mobile.approval_factor import ApprovalFactor
from .mobile.approvals import Approvals
from .mobile.notifications import Notifications
from .mobile.registering import Registering
from .moving import marks
from .notify.reach import Reach
from .openid.provider import OpenId
from .provisioning import credential, provisioners
from .provisioning.enrolment import Enrolments
from .provisioning.fulfilment import Fulfilment
from .settings import Settings
from .support.desk import Desk


class Verifier:
    """The parts of one verifier, over one data directory."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        keyring: Keyring,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.reports = Reports(database, _replica(settings))
        self.keyring = keyring
        self.clock = clock or SystemClock()
        self.secrets = Secrets(database, keyring)
        for name in secrets_table.NAMES:  # now, and not by whoever holds a connection already
            self.secrets.get(name)
        self.anchor = AnchorFile(settings.data / "audit.anchor")
        self.audit = AuditLog(database, self.secrets, self.anchor, settings.audit_seal_rows)
        self.hasher = Hasher(settings, self.secrets.get(secrets_table.DUMMY_HASH).decode("ascii"))
        rules = CardRules(settings.look_ahead, settings.resync_ahead)
        factors: dict[DeviceKind, Factor[Any]] = {
            DeviceKind.CARD: CardFactor(keyring, rules),
            DeviceKind.CODE_CARD: CodeCardFactor(keyring, self.clock),
            DeviceKind.ONLINE_CODE_CARD: OnlineCodeCardFactor(keyring, self.clock),
            DeviceKind.TEMPORARY_CODE: TemporaryCodeFactor(self.secrets),
        }
        if settings.public_url:
            factors[DeviceKind.MOBILE_KEY] = MobileKeyFactor(keyring, rules)
        self.reach = Reach(settings, self.secrets, self.clock)
        sms = SmsCodeFactor(settings, self.clock, self.audit, keyring, self.secrets, self.reach)
        if settings.sms_url:
            factors[DeviceKind.SMS_CODE] = sms
        self.factors: Factors = factors
        self.sessions = Sessions(database, settings)
        ledger = Ledger()
        judge = Judge(settings, self.audit, self.factors, ledger)
        self.notifications = Notifications(database, self.clock, settings, keyring, self.reach)
        approving = ApprovalFactor(keyring, rules, settings, self.clock)
        self.approvals = Approvals(database, self.clock, settings, self.audit, approving, ledger)
        self.logins = Logins(
            database,
            self.clock,
            settings,
            self.audit,
            self.factors,
            self.sessions,
            judge,
            ledger,
            {**self.factors, DeviceKind.MOBILE_KEY: approving},
            self.notifications.asked,
        )
        self.finishing = Finishing(database, self.clock, settings, ledger, self.logins)
        brake = Brake(self.secrets, settings)
        self.direct = Direct(database)
        self.proofs = Proofs(database, self.clock, settings, keyring, self.factors, judge, ledger)
        self.passwords = PasswordStep(
            database,
            self.clock,
            settings,
            self.audit,
            self.hasher,
            brake,
            self.logins,
            self.direct,
        )
        self.code_cards = {
            kind: CodeCards(
                kind,
                database,
                self.clock,
                settings,
                self.audit,
                keyring,
                self.sessions,
                self.proofs,
            )
            for kind in (DeviceKind.CODE_CARD, DeviceKind.ONLINE_CODE_CARD)
        }
        self.temporary_codes = TemporaryCodes(
            database, self.clock, settings, self.audit, self.secrets
        )
        self.sharing = Sharing(
            database, self.clock, self.audit, keyring, self.passwords, self.proofs, self.sessions
        )
        self.opting = Opting(database, self.clock, self.audit, self.proofs, self.sessions)
        self.documents = Documents(database, self.clock, keyring)
        self.mobile_keys = MobileKeys(database, self.clock, self.audit)
        self.desk = Desk(
            database,
            self.clock,
            settings,
            self.audit,
            keyring,
            self.temporary_codes,
            self.sharing,
            self.mobile_keys,
            self.reports,
        )
        self.credentials = Credentials(
            database, self.clock, self.audit, brake, credential.DOOR, provisioners.find
        )
        self.passes = Passes(self.secrets, self.clock, settings)
        self.applications = Credentials(
            database, self.clock, self.audit, brake, applications.DOOR, self.passes.find
        )
        self.validations = Validations(
            database,
            self.clock,
            settings,
            self.audit,
            self.passwords,
            self.logins,
            self.sessions,
            judge,
            ledger,
        )
        self.confirmations = Confirmations(
            database,
            self.clock,
            settings,
            self.audit,
            Binding(settings, keyring, self.factors),
            judge,
            ledger,
            Receipts(self.secrets),
        )
        self.enrolments = Enrolments(database, self.clock, self.audit, keyring)
        parts = (database, self.clock, settings, self.audit, keyring)
        self.fulfilment = Fulfilment(*parts)
        gate = PinGate(database, self.clock, self.audit, keyring, brake)
        self.openid = OpenId(*parts, self.secrets, self.sessions)
        self.requests = Requests(*parts, gate)
        self.shipping = Shipping(*parts)
        self.lost_in_post = LostInPost(database, self.clock, self.audit)
        self.returns = Returns(*parts)
        self.activation = Activation(database, self.clock, self.audit, self.proofs, self.sessions)
        self.pin_change = PinChange(
            database, self.clock, self.audit, keyring, self.proofs, self.sessions, gate
        )
        self.sms_codes = SmsCodes(
            database,
            self.clock,
            settings,
            self.audit,
            keyring,
            self.sessions,
            self.proofs,
            ledger,
            sms,
        )
        self.registering = Registering(
            *parts,
            self.secrets,
            self.passwords,
            self.proofs,
            self.reach,
            gate,
            judge,
            ledger,
        )

    def close(self) -> None:
        """End what is being sent, and give back the database."""
        self.reach.close()
        self.reports.close()
        self.database.close()


def open_verifier(
    settings: Settings,
    *,
    clock: Clock | None = None,
    environment: Mapping[str, str] | None = None,
) -> Verifier:
    """Open the verifier of a data directory; raises DataDirRefused where there is none."""
    _refuse_what_is_not_ours(settings.data, settings)
    source = (
        find_source(settings.data)
        if environment is None
        else find_source(settings.data, environment)
    )
    keyring = Keyring(source)
    database = Database(settings.database, settings.patience)
    try:
        with database.reading() as connection:
            marks.refuse_what_is_not_in_use(connection)
            if not migrate.has_tables(connection):
                raise DataDirRefused(
                    f"The database of {settings.data} is not a verifier's: give the directory that "
                    "`challng-server init` made, or make a new one."
                )
            if not migrate.is_current(connection):
                raise DataDirRefused(
                    f"The database of {settings.data} is of another version: run "
                    "`challng-server upgrade` with the newest version of this program."
                )
        return Verifier(settings, database, keyring, clock=clock)
    except BaseException:
        database.close()
        raise


def _replica(settings: Settings) -> Database | None:
    if settings.replica_url is None:
        return None
    return Database(settings.replica_url.get_secret_value(), settings.patience)


def _refuse_what_is_not_ours(data: Path, settings: Settings) -> None:
    if not data.is_dir():
        raise DataDirRefused(
            f"There is no data directory {data}: run `challng-server --data {data} init` first."
        )
    if settings.database_url is None and not (data / "challng.db").is_file():
        raise DataDirRefused(
            f"{data} is not a verifier's data directory: give the right one with --data, or run "
            "`challng-server init` for a new one."
        )
