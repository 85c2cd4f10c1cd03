"""The deposit of a card, settled by the desk: given back, or taken for a card that stays away.

A card that is recorded as returned, and a lost one whose successor is sent, settle themselves.
This is for the rest: cards that were revoked before they came back, that came back damaged on
purpose, or that did not come back after their account was closed. A deposit is settled once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from protocol import serial as serials
from protocol.errors import SerialError

from ..accounts.roles import Duty
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..db.tables import accounts, ledger, orders, returns, users
from ..db.tables import devices as devices_table
from ..errors import IllegalMove, NotAllowed, NotTaken, NotThere
from ..factors.kinds import DeviceKind
from ..lifecycle import deposits, devices, revocation
from ..lifecycle.devices import Device
from ..login.sessions import Session
from ..notify.outbox import Notice, put
from ..settings import Settings
from ..states.device import DeviceState
from ..states.order import OPEN_ORDERS
from ..states.returned import RETURN, ReturnMove, ReturnState
from ..words import N_
from .staff import NOT_ONESELF, check_reason, must

_NO_CARD = N_("There is no such card.")
_NO_SERIAL = N_("A card's serial is CH and 8 digits, the last a check digit. Read it again.")
_NO_CAUSE = N_("Choose one of the causes.")
_SETTLED = N_("This deposit is settled already: nothing was changed.")
_ON_ORDER = N_("This card was not sent yet: cancel its order instead.")
_IN_USE = N_(
    "This card is not over. Record its return or have it suspended first; what is in use keeps its "
    "deposit."
)
_ARRIVED = N_("This card was in use, so it did arrive. Choose another cause.")
_TOO_EARLY = N_(
    "That a card was not returned can be said %(days)s days after its account was closed, not "
    "before."
)
_NOTHING = N_("Nothing is held for this card, and there is no account that would pay for it.")


class Cause(StrEnum):
    """Why a deposit is settled, from a closed list; each says which way it goes."""

    CAME_BACK = "came_back"
    NEVER_ARRIVED = "never_arrived"
    FAULTY = "faulty"
    MISTAKE = "mistake"
    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    NOT_RETURNED = "not_returned"

    @property
    def keeps(self) -> bool:
        """Whether the fee is taken; else the deposit is given back."""
        return self in _KEEPS

    @property
    def is_here(self) -> bool:
        """Whether the card is at the desk by this."""
        return self in {Cause.CAME_BACK, Cause.DAMAGED}


_KEEPS = frozenset({Cause.LOST, Cause.STOLEN, Cause.DAMAGED, Cause.NOT_RETURNED})
WORDS = {
    Cause.CAME_BACK: N_("given back: it came back after it was over"),
    Cause.NEVER_ARRIVED: N_("given back: it was lost in the post"),
    Cause.FAULTY: N_("given back: battery or electronics failed"),
    Cause.MISTAKE: N_("given back: a mistake of ours"),
    Cause.LOST: N_("taken: lost"),
    Cause.STOLEN: N_("taken: stolen"),
    Cause.DAMAGED: N_("taken: damaged on purpose"),
    Cause.NOT_RETURNED: N_("taken: not returned after the account was closed"),
}
"""What each cause is called on pages, keys of the catalogues."""

_OVER = frozenset({DeviceState.REVOKED})
_AWAY = _OVER | {DeviceState.SUSPENDED}
_ANY = frozenset(DeviceState) - {DeviceState.PENDING}
_FITS = {
    Cause.CAME_BACK: _OVER,
    Cause.NEVER_ARRIVED: _AWAY,
    Cause.FAULTY: _OVER,
    Cause.MISTAKE: _OVER,
    Cause.LOST: _AWAY,
    Cause.STOLEN: _AWAY,
    Cause.DAMAGED: _ANY,
    Cause.NOT_RETURNED: _ANY,
}


@dataclass(frozen=True)
class Hold:
    """A card whose deposit is not settled; `fee_cents` is what is taken if it is kept."""

    device_id: int
    serial: str
    owner: str
    account: str | None
    account_closed_at: datetime | None
    state: DeviceState
    ended_at: datetime | None
    held_cents: int
    fee_cents: int


@dataclass(frozen=True)
class Settled:
    """What was done: `cents` were given back, or taken."""

    serial: str
    cause: Cause
    cents: int


class Settling:
    """Lists the deposits that wait for the desk, and settles one."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, audit: AuditLog
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit

    def waiting(self, session: Session, serial: str = "") -> list[Hold]:
        """Return what is held for cards that are over or whose account is closed, oldest first.

        With a serial: every card of it that is not settled. Raises NotTaken for no serial.
        """
        must(session, Duty.RECEIVE_RETURNS)
        if serial.strip():
            try:
                where = [devices_table.c.serial == serials.check(serial)]
            except SerialError:
                raise NotTaken(_NO_SERIAL, field="serial") from None
        else:
            over = devices_table.c.state == DeviceState.REVOKED.value
            where = [or_(over, accounts.c.closed_at.is_not(None)), _HELD > 0]
        with self._database.reading() as connection:
            return self._find(connection, *where)

    def settle(self, session: Session, device_id: str | int, cause: str, reason: str) -> Settled:
        """Settle a card's deposit for one of the causes; the card is over after that.

        Raises NotTaken, NotThere, NotAllowed for one's own, IllegalMove where it was settled or
        the cause does not fit.
        """
        must(session, Duty.RECEIVE_RETURNS)
        if cause not in set(Cause):
            raise NotTaken(_NO_CAUSE, field="cause")
        why, because = Cause(cause), check_reason(reason)
        with self._database.writing() as connection:
            now = self._clock.now()
            device = _card(connection, device_id, now)
            if device.owner_id == session.user_id:
                raise NotAllowed(NOT_ONESELF)
            deposits.hold_orders(connection, device.id)
            hold = self._fit(connection, device, why, now)
            ended, returned = self._end(connection, session, device, why, now)
            cents = self._move(connection, device, hold, why, now)
            self._tell(connection, device, hold, why, cents, now)
            if ended:
                self._note(connection, session, Event.DEVICE_ENDED, device, why, now)
            if returned:
                came = Event.RETURN_RECEIVED if why.is_here else Event.RETURN_CANCELLED
                self._note(connection, session, came, device, why, now)
            self._audit.write(
                connection,
                now,
                Event.DEPOSIT_SETTLED,
                f"user:{session.user}",
                device.serial,
                owner=device.owner,
                device=device.id,
                decision="keep" if why.keeps else "release",
                cause=why.value,
                reason=because,
                cents=cents,
            )
        return Settled(device.serial, why, cents)

    # --- within

    def _fit(self, connection: Connection, device: Device, why: Cause, now: datetime) -> Hold:
        found = self._find(connection, devices_table.c.id == device.id)
        if not found:
            raise IllegalMove(_SETTLED)
        states = [state.value for state in OPEN_ORDERS]
        ordered = select(orders.c.id).where(
            orders.c.device_id == device.id, orders.c.state.in_(states)
        )
        never_used = device.activated_at is None  # else its order cannot be cancelled
        if never_used and connection.execute(ordered).first():
            raise IllegalMove(_ON_ORDER)
        if device.state not in _FITS[why]:
            raise IllegalMove(_IN_USE)
        if why is Cause.NEVER_ARRIVED and device.activated_at is not None:
            raise IllegalMove(_ARRIVED)
        if why is Cause.NOT_RETURNED:
            days = self._settings.return_after_closing_days
            closed_at = found[0].account_closed_at
            if closed_at is None or now < closed_at + timedelta(days=days):
                raise IllegalMove(_TOO_EARLY, days=days)
        return found[0]

    def _move(
        self, connection: Connection, device: Device, hold: Hold, why: Cause, now: datetime
    ) -> int:
        if why.keeps:
            cents = deposits.keep(connection, device.id, hold.fee_cents, now)
        else:
            cents = deposits.release_device(connection, device.id, deposits.Why.RETURNED, now)
        if cents is None:
            raise IllegalMove(_SETTLED if hold.held_cents else _NOTHING)
        return cents

    def _end(
        self, connection: Connection, session: Session, device: Device, why: Cause, now: datetime
    ) -> tuple[bool, bool]:
        """End the card that the decision rests on; it is held from here on. Its return first, as
        when it is recorded. Tells whether the card ended now, and whether it was expected back.
        """
        actor = f"user:{session.user}"
        move = ReturnMove.RECEIVED if why.is_here else ReturnMove.CANCELLED
        here = {"received_at": now, "received_by_id": session.user_id} if why.is_here else {}
        expected = connection.execute(
            update(returns)
            .where(
                returns.c.device_id == device.id,
                returns.c.state == ReturnState.ANNOUNCED.value,
            )
            .values(state=RETURN.after(ReturnState.ANNOUNCED, move).value, **here)
        )
        ended = revocation.revoke(
            connection, self._audit, device.id, now, actor, why.value, decided_by=device
        )
        if not ended and device.state is not DeviceState.REVOKED:
            raise IllegalMove(_IN_USE)  # something else was done with it at this moment
        if ended and device.state is not DeviceState.SUSPENDED:  # of that he was told
            put(
                connection,
                device.owner_id,
                Notice.DEVICE_ENDED,
                f"device:{device.id}",
                now,
                serial=device.serial,
            )
        return ended, bool(expected.rowcount)

    def _note(
        self,
        connection: Connection,
        session: Session,
        event: Event,
        device: Device,
        why: Cause,
        now: datetime,
    ) -> None:
        about = device.owner if event is Event.DEVICE_ENDED else device.serial
        told = {"owner": device.owner, "device": device.serial, "reason": why.value}
        self._audit.write(connection, now, event, f"user:{session.user}", about, **told)

    def _tell(
        self,
        connection: Connection,
        device: Device,
        hold: Hold,
        why: Cause,
        cents: int,
        now: datetime,
    ) -> None:
        notice = Notice.DEPOSIT_KEPT if why.keeps else Notice.DEPOSIT_RELEASED
        if why.keeps and not cents:  # it costs nothing: what was held is given back
            notice, cents = Notice.DEPOSIT_RELEASED, hold.held_cents
        if not cents:
            return
        once, usd = f"device:{device.id}", f"{cents / deposits.CENTS:.2f}"
        put(connection, device.owner_id, notice, once, now, serial=device.serial, usd=usd)

    def _find(self, connection: Connection, *where: ColumnElement[bool]) -> list[Hold]:
        rows = connection.execute(
            select(
                devices_table,
                users.c.name,
                accounts.c.number,
                accounts.c.closed_at,
                _HELD.label("held"),
            )
            .join(users, users.c.id == devices_table.c.owner_id)
            .outerjoin(orders, orders.c.device_id == devices_table.c.id)
            .outerjoin(
                accounts, accounts.c.id == func.coalesce(orders.c.account_id, users.c.account_id)
            )
            .where(
                devices_table.c.kind == DeviceKind.CARD.value,
                devices_table.c.state != DeviceState.PENDING.value,
                devices_table.c.settled_at.is_(None),
                *where,
            )
            .order_by(devices_table.c.id)
        )
        return [
            Hold(
                device_id=row.id,
                serial=row.serial,
                owner=row.name,
                account=row.number,
                account_closed_at=row.closed_at,
                state=DeviceState(row.state),
                ended_at=row.ended_at,
                held_cents=int(row.held),  # PostgreSQL's sums of big integers are decimals
                fee_cents=deposits.fee_cents(self._settings, DeviceKind(row.kind), row.serial),
            )
            for row in rows
        ]


_HELD = (
    select(func.coalesce(func.sum(ledger.c.cents), 0))
    .where(ledger.c.order_id == orders.c.id, ledger.c.book == deposits.Book.HELD.value)
    .correlate(orders)
    .scalar_subquery()
)


def _card(connection: Connection, device_id: str | int, now: datetime) -> Device:
    text = str(device_id)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
    device = devices.get(connection, number, now) if number >= 0 else None
    if device is None or device.kind is not DeviceKind.CARD or device.state not in _ANY:
        raise NotThere(_NO_CARD)
    return device
