"""Asking for a card: a draft that the pages fill in, and one step that makes it an order.

The draft is a row of the database, so that pages can be gone back to, sent twice, or left: what
the row holds decides. Submitting holds the deposit, and is done once however often it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from ..accounts import people
from ..accounts.people import Account
from ..accounts.users import hold
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import orders
from ..errors import IllegalMove, NotAllowed, NotTaken
from ..login.sessions import Session
from ..notify import outbox
from ..notify.outbox import Notice
from ..settings import Settings
from ..states.order import OPEN_ORDERS, OrderMove, OrderState
from ..words import N_
from . import (
    business_days,
    cancelling,
    deposits,
    devices,
    order_rows,
    shipping_address,
    who_may_order,
)
from .devices import Device
from .order_rows import CardOrder, Reason
from .pin_gate import PinGate
from .who_may_order import Asker

TRACKED = "tracked"
SHIPPING = {TRACKED: N_("Tracked letter, signed for")}
"""The ways that cards are sent, with what they are called on pages."""
_BEING_MADE = N_("The card is just being made: call the support desk to cancel the order.")
_NO_ACCOUNT = N_("Your user name has no account yet. Call the support desk.")
_UNDER_WAY = N_("A card is on order for you already: nothing was changed.")
_NOT_WHOLE = N_("Something is missing: fill in the address and the PIN.")
_NOT_YOUR_ACCOUNT = N_("Choose one of your own accounts.")


@dataclass(frozen=True)
class Choices:
    """What somebody who wants a card can choose among; `order` is the one that is open."""

    reasons: list[Reason]
    reported: list[Device]
    account: Account
    order: CardOrder | None


class Requests:
    """The steps of a request, each one transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        keyring: Keyring,
        gate: PinGate,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._keyring = keyring
        self._gate = gate

    def choices(self, session: Session) -> Choices:
        """Return what can be asked for; raises NotAllowed for a user without an account."""
        with self._database.reading() as connection:
            account = self._account(connection, session)
            asker = self._asker(connection, session, account)
            return Choices(
                who_may_order.reasons(asker, self._settings.additional_card_equity_usd),
                who_may_order.reported(asker),
                account,
                self._open(connection, session),
            )

    def get(self, session: Session, order_id: str | int) -> CardOrder:
        """Return one of the user's own orders, or raise NotThere."""
        with self._database.reading() as connection:
            return self._own(connection, session, order_id)

    def all_of(self, session: Session) -> list[CardOrder]:
        """Return the user's orders, oldest first."""
        with self._database.reading() as connection:
            return order_rows.find(connection, self._keyring, orders.c.user_id == session.user_id)

    def begin(self, session: Session, reason: Reason, replaces_id: int | None = None) -> CardOrder:
        """Begin a draft, or change the reason of the one there is, and keep what it holds.

        Raises NotAllowed, NotTaken, NotThere (see `who_may_order`), IllegalMove where an order is
        under way.
        """
        try:
            return self._begin(session, reason, replaces_id)
        except IntegrityError:  # the same form, sent twice at once
            return self._begin(session, reason, replaces_id)

    def set_address(
        self, session: Session, order_id: str | int, fields: Mapping[str, str]
    ) -> CardOrder:
        """Change where the card goes; raises NotTaken for a part that cannot be taken."""
        address = shipping_address.read(fields)
        with self._database.writing() as connection:
            order = self._own(connection, session, order_id)
            sealed = order_rows.sealed_address(self._keyring, order.id, address)
            order_rows.change_draft(connection, order, {"address_sealed": sealed})
            return self._own(connection, session, order_id)

    def set_pin(
        self,
        session: Session,
        order_id: str | int,
        pin: str,
        again: str,
        account_id: int | None = None,
    ) -> CardOrder:
        """Set the soft PIN, and the account that the deposit is held on; raises NotTaken."""
        if self.get(session, order_id).state is not OrderState.DRAFT:
            raise IllegalMove(_UNDER_WAY)
        chosen = self._gate.check(session, pin, again)
        with self._database.writing() as connection:
            order = self._own(connection, session, order_id)
            account = self._account(connection, session)
            if account_id not in (None, account.id):
                raise NotTaken(_NOT_YOUR_ACCOUNT, field="account")
            sealed = self._keyring.seal(
                chosen.encode("ascii"), order_rows.place("pin_sealed", order.id)
            )
            order_rows.change_draft(
                connection, order, {"pin_sealed": sealed, "account_id": account.id}
            )
            return self._own(connection, session, order_id)

    def submit(self, session: Session, order_id: str | int) -> CardOrder:
        """Make the draft an order; one that was submitted before is returned as it stands.

        Raises NotTaken while something is missing, NotAllowed where it is not allowed any more.
        """
        with self._database.writing() as connection:
            hold(connection, session.user_id)  # of two at once the second sees it submitted
            order = self._own(connection, session, order_id)
            if order.submitted:
                return order
            if order.state is OrderState.DRAFT and not (order.address and order.has_pin):
                raise NotTaken(_NOT_WHOLE)
            self._decide(connection, session, order.reason, order.replaces_id)
            now = self._clock.now()
            ships_by = self.ships_by()
            order_rows.move(
                connection,
                order,
                OrderMove.SUBMITTED,
                {"submitted_at": now, "ships_by": ships_by},
                orders.c.address_sealed.is_not(None),
                orders.c.pin_sealed.is_not(None),
            )
            deposits.hold(connection, order.account_id, order.id, order.deposit_cents, now)
            outbox.put(
                connection,
                session.user_id,
                Notice.CARD_ORDERED,
                f"order:{order.id}",
                now,
                ships_by=ships_by.isoformat(),
            )
            self._write(connection, session, Event.ORDER_SUBMITTED, order, reason=order.reason)
            return self._own(connection, session, order_id)

    def cancel(self, session: Session, order_id: str | int) -> CardOrder:
        """Cancel an order that is not shipped, nor being made just now; the deposit is free again.

        A card that was made for it is revoked.
        """
        with self._database.writing() as connection:
            order = self._own(connection, session, order_id)
            now = self._clock.now()
            if order.state is OrderState.TAKEN:
                raise IllegalMove(_BEING_MADE)
            cancelling.must_not_be_in_use(connection, order, now)
            cancelling.cancel(connection, self._audit, order, now, f"user:{session.user}")
            return self._own(connection, session, order_id)

    def ships_by(self) -> date:
        """Return when a card that is ordered now is estimated to ship."""
        today = self._clock.now().date()
        return business_days.after(today, self._settings.shipping_business_days)

    # --- within

    def _begin(self, session: Session, reason: Reason, replaces_id: int | None) -> CardOrder:
        with self._database.writing() as connection:
            account = self._account(connection, session)
            there = self._open(connection, session)
            if there is not None and there.state is not OrderState.DRAFT:
                raise IllegalMove(_UNDER_WAY)
            replaced = self._decide(connection, session, reason, replaces_id)
            values = {
                "reason": reason.value,
                "replaces_id": None if replaced is None else replaced.id,
            }
            if there is not None:
                order_rows.change_draft(connection, there, values)
                return order_rows.get(connection, self._keyring, there.id)
            return self._insert(connection, session, account, values)

    def _insert(
        self, connection: Connection, session: Session, account: Account, values: dict[str, Any]
    ) -> CardOrder:
        now = self._clock.now()
        order_id: int = connection.execute(
            insert(orders)
            .values(
                user_id=session.user_id,
                account_id=account.id,
                state=OrderState.DRAFT.value,
                deposit_cents=self._settings.card_deposit_usd * deposits.CENTS,
                shipping=TRACKED,
                asked_at=now,
                **values,
            )
            .returning(orders.c.id)
        ).scalar_one()
        order = order_rows.get(connection, self._keyring, order_id)
        contact = people.contact(connection, self._keyring, session.user_id)
        if contact.address is not None:
            sealed = order_rows.sealed_address(self._keyring, order_id, contact.address)
            order_rows.change_draft(connection, order, {"address_sealed": sealed})
        self._write(connection, session, Event.ORDER_BEGUN, order, reason=values["reason"])
        return order_rows.get(connection, self._keyring, order_id)

    def _decide(
        self, connection: Connection, session: Session, reason: Reason, replaces_id: int | None
    ) -> Device | None:
        asker = self._asker(connection, session, self._account(connection, session))
        return who_may_order.decide(
            asker, reason, replaces_id, self._settings.additional_card_equity_usd
        )

    def _asker(self, connection: Connection, session: Session, account: Account) -> Asker:
        now = self._clock.now()
        replaced = connection.execute(
            select(orders.c.replaces_id).where(
                orders.c.user_id == session.user_id,
                orders.c.replaces_id.is_not(None),
                orders.c.state == OrderState.SHIPPED.value,
            )
        ).scalars()
        return Asker(
            devices.own(connection, session.user_id, now),
            devices.shared_with(connection, session.user_id, now),
            account.equity_cents,
            frozenset(replaced),
        )

    def _account(self, connection: Connection, session: Session) -> Account:
        account = people.account_of(connection, session.user_id)
        if account is None or account.closed:
            raise NotAllowed(_NO_ACCOUNT)
        return account

    def _open(self, connection: Connection, session: Session) -> CardOrder | None:
        found = order_rows.find(
            connection,
            self._keyring,
            orders.c.user_id == session.user_id,
            orders.c.state.in_([state.value for state in OPEN_ORDERS]),
        )
        return found[0] if found else None

    def _own(self, connection: Connection, session: Session, order_id: str | int) -> CardOrder:
        return order_rows.get_own(connection, self._keyring, session.user_id, order_id)

    def _write(
        self, connection: Connection, session: Session, event: Event, order: CardOrder,
        **detail: str,
    ) -> None:  # fmt: skip
        actor = f"user:{session.user}"
        self._audit.write(
            connection, self._clock.now(), event, actor, f"order:{order.id}", **detail
        )
