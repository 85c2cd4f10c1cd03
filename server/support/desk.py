"""The desk put together, and what it does beside devices: codes, accounts, shares, the log."""

from __future__ import annotations

from ..accounts.roles import Duty
from ..audit import reading
from ..audit.events import Event
from ..audit.log import AuditLog
from ..audit.reading import Lines
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.reports import Reports
from ..errors import IllegalMove, NoSuchAccount, NotAllowed, NotTaken, NotThere
from ..lifecycle import accounts, cancelling, order_rows
from ..lifecycle.mobile_keys import MobileKeys
from ..lifecycle.order_rows import CardOrder
from ..lifecycle.shares import Share
from ..lifecycle.sharing import Sharing
from ..lifecycle.temporary_codes import TemporaryCodes
from ..login.sessions import Session
from ..notify.outbox import Notice, put
from ..settings import Settings
from ..states.order import OrderState
from ..words import N_
from . import checks
from .aid import Aid
from .finding import Finding
from .identity import IdentityChecks
from .settling import Settling
from .staff import NOT_ONESELF, check_reason, must, other

_NO_ACCOUNT = N_("There is no such account.")
_CLOSED_ALREADY = N_("This account is closed already: nothing was changed.")
_NO_DECISION = N_("Choose whether to approve or to reject.")
_NO_SUCH_EVENT = N_("There is no such event in the log.")


class Desk:
    """What staff do; each method asks for its duty."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        keyring: Keyring,
        codes: TemporaryCodes,
        sharing: Sharing,
        mobile_keys: MobileKeys,
        reports: Reports,
    ) -> None:
        self._database = database
        self._reports = reports
        self._clock = clock
        self._audit = audit
        self._keyring = keyring
        self._codes = codes
        self._sharing = sharing
        self.finding = Finding(database, clock, audit, keyring)
        self.identity = IdentityChecks(database, clock, settings, audit, keyring)
        self.aid = Aid(database, clock, audit, keyring, mobile_keys)
        self.settling = Settling(database, clock, settings, audit)

    def issue_code(self, session: Session, name: str, reason: str) -> str:
        """Issue a temporary code, to be read out once; spends the identity check."""
        must(session, Duty.ISSUE_TEMPORARY_CODES)
        why = check_reason(reason)
        with self._database.reading() as connection:
            user = other(connection, session, name)
            check = checks.need(connection, session.user_id, user.id, self._clock.now())
        return self._codes.issue(session, user.id, check, why)

    def close_account(self, session: Session, number: str, reason: str) -> None:
        """Close an account; its users see its documents from then on, and nothing else."""
        must(session, Duty.CHANGE_ACCOUNTS)
        why = check_reason(reason)
        with self._database.writing() as connection:
            now = self._clock.now()
            try:
                closed = accounts.close(
                    connection, self._keyring, self._audit, number, now, f"user:{session.user}"
                )
            except NoSuchAccount:
                raise NotThere(_NO_ACCOUNT) from None
            if not closed:
                raise IllegalMove(_CLOSED_ALREADY)
            actor = f"user:{session.user}"
            self._audit.write(connection, now, Event.ACCOUNT_CLOSED, actor, number, reason=why)

    def close_account_of(self, session: Session, name: str, reason: str) -> None:
        """Close the account of a user."""
        must(session, Duty.CHANGE_ACCOUNTS)
        with self._database.reading() as connection:
            number = other(connection, session, name).account
        if number is None:
            raise NotThere(_NO_ACCOUNT)
        self.close_account(session, number, reason)

    def cancel_order(self, session: Session, order_id: str | int, reason: str) -> CardOrder:
        """Cancel an order that is not shipped, also one that is just being made."""
        must(session, Duty.SHIP)
        why = check_reason(reason)
        with self._database.writing() as connection:
            now = self._clock.now()
            order = order_rows.get(connection, self._keyring, order_id)
            if order.user_id == session.user_id:
                raise NotAllowed(NOT_ONESELF)
            if order.state is OrderState.DRAFT:
                raise NotThere(order_rows.NOT_THERE)
            cancelling.must_not_be_in_use(connection, order, now)
            actor = f"user:{session.user}"
            cancelling.cancel(connection, self._audit, order, now, actor, reason=why)
            put(connection, order.user_id, Notice.ORDER_CANCELLED, f"order:{order.id}", now)
            return order_rows.get(connection, self._keyring, order_id)

    def decide_share(
        self, session: Session, share_id: str | int, decision: str, reason: str
    ) -> Share:
        """Approve or reject a share that waits for compliance: "approve" or "reject"."""
        must(session, Duty.DECIDE_SHARES)
        why = check_reason(reason)
        if decision == "approve":
            return self._sharing.approve(session, share_id, why)
        if decision == "reject":
            return self._sharing.reject(session, share_id, why)
        raise NotTaken(_NO_DECISION, field="decision")

    def read_audit(
        self, session: Session, event: str = "", about: str = "", before: int | None = None
    ) -> Lines:
        """Return a page of the log, and write down that it was read."""
        must(session, Duty.READ_AUDIT)
        if event and event not in set(Event):
            raise NotTaken(_NO_SUCH_EVENT, field="event")
        with self._reports.reading() as connection:
            found = reading.page(
                connection,
                event=Event(event) if event else None,
                about=about or None,
                before=before,
            )
        with self._database.writing() as connection:
            self._audit.write(
                connection,
                self._clock.now(),
                Event.AUDIT_READ,
                f"user:{session.user}",
                session.user,
                only=event or None,
                before=before,
            )
        return found
