"""Sharing a device between user names of the same person.

The requesting user gives the owner's user name and password; the owner's device answers, in the
requester's session; he looks it over and submits it. It is approved at once, or waits for
compliance. While a share is active the requester's own devices rest; when it is cancelled they
are back in use. The rules are asked at each of these steps, by what stands then.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, insert, select

from ..accounts import people
from ..accounts.roles import DUTIES, Duty, Role
from ..accounts.users import hold
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import shares as shares_table
from ..db.tables import users
from ..errors import DeviceLocked, IllegalMove, NotAllowed, NotTaken
from ..factors.kinds import DeviceKind
from ..login.access import Access
from ..login.judge import LOCKED
from ..login.ledger import Purpose
from ..login.password import PasswordStep
from ..login.proofs import Asked, Proofs
from ..login.sessions import Session, Sessions
from ..login.standing import Proven, standing
from ..notify.outbox import Notice
from ..states.device import DeviceState
from ..states.share import ShareMove, ShareState
from ..threads import aside
from ..words import N_
from . import devices, share_rules, shares, temporary
from .devices import Device
from .rights import must_change_security
from .share_moves import ShareMoves, entity_of
from .shares import Share

REVIEW_FOR = timedelta(minutes=15)
"""How long after the device has answered a share can be submitted."""

_ONESELF = N_("This is your own user name. Give the one that the device belongs to.")
_ONE_AT_A_TIME = N_("You share a device already, or have asked for one. Cancel that first.")
_NO_DEVICE = N_("This user name has no device in use that could be shared.")
_CLOSED = N_("The account of this user name is closed.")
_NOT_FOR_STAFF = N_("Devices of the support desk are not shared.")
_TOO_LATE = N_("The device answered too long ago. Start again.")
_NOT_YOURS_TO_SUBMIT = N_("Only who asked for the device submits this.")
_PROVED_ELSEWHERE = N_(
    "The device answered in another session of yours. Submit this there, or start again here."
)
_NOT_BY_DUTY = N_("Shares are decided by compliance.")
_OWN_CASE = N_("Nobody decides a share that he takes part in: ask a colleague.")


class Sharing:
    """Takes a share through its life."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        keyring: Keyring,
        passwords: PasswordStep,
        proofs: Proofs,
        sessions: Sessions,
    ) -> None:
        self._database = database
        self._clock = clock
        self._moves = ShareMoves(audit)
        self._keyring = keyring
        self._passwords = passwords
        self._proofs = proofs
        self._sessions = sessions

    # --- what the requesting user does

    def standing(self, session: Session) -> tuple[list[Share], Share | None]:
        """Return the open shares that a user takes part in, and the last one he asked for."""
        with self._database.reading() as connection:
            return (
                shares.open_of(connection, session.user_id),
                shares.asked_by(connection, session.user_id),
            )

    async def ask(
        self, session: Session, username: str, password: str, address: str, serial: str = ""
    ) -> Asked:
        """Ask the owner's device, for his right user name and password.

        Raises what a login raises for a wrong one, and alike; else NotTaken with the rule that
        does not hold, IllegalMove, NotAllowed. `serial`: which device, where the owner has several.
        """
        await aside.run(self._must_change, session)

        def then(connection: Connection, owner: Proven) -> Asked | NotTaken:
            must_change_security(connection, session)
            device = self._choose(connection, session, owner.id, serial)
            try:
                self._check(connection, session.user_id, device)
            except NotTaken as refused:  # the password was right: that stands
                why = str(refused)
                self._write(
                    connection, session, Event.SHARE_REFUSED, device.owner, device.serial, why
                )
                return refused
            return self._proofs.ask(connection, session, device.id, Purpose.SHARE)

        outcome = await self._passwords.check(username, password, address, then)
        if isinstance(outcome, NotTaken):
            raise outcome
        return outcome

    def show(self, session: Session, proof_id: str) -> Asked:
        """Return a question to the owner's device that can still be answered."""
        return self._proofs.show(session, proof_id, Purpose.SHARE)

    def answer(self, session: Session, proof_id: str, text: str) -> Share:
        """Decide the device's answer; returns the share, to be looked over and submitted."""

        def then(connection: Connection, asked: Asked) -> Share:
            must_change_security(connection, session)
            now = self._clock.now()
            device = devices.get(connection, asked.device_id, now)
            self._check(connection, session.user_id, device)
            for each in shares.open_of(connection, session.user_id):  # left lying unsubmitted
                if each.user_id == session.user_id:
                    self._moves.cancel(connection, each, now, session.user)
            share_id = connection.execute(
                insert(shares_table)
                .values(
                    device_id=device.id,
                    user_id=session.user_id,
                    state=ShareState.PROVED.value,
                    asked_at=now,
                )
                .returning(shares_table.c.id)
            ).scalar_one()
            self._write(connection, session, Event.SHARE_PROVED, device.owner, device.serial)
            return shares.get(connection, share_id)

        return self._proofs.answer(session, proof_id, Purpose.SHARE, text, then)

    def review(self, session: Session, share_id: str | int) -> Share:
        """Return a share that a user takes part in."""
        with self._database.reading() as connection:
            return shares.get_own(connection, session.user_id, share_id)

    def submit(self, session: Session, share_id: str | int) -> Share:
        """Submit a share: approved at once, or pending where compliance must look.

        Only the session in which the device has answered does: it is what the device proves.
        """
        with self._database.writing() as connection:
            must_change_security(connection, session)
            now = self._clock.now()
            share = shares.get_own(connection, session.user_id, share_id)
            if share.user_id != session.user_id:
                raise NotAllowed(_NOT_YOURS_TO_SUBMIT)
            hold(connection, share.user_id, share.owner_id)
            if share.state is ShareState.PROVED and now - share.asked_at > REVIEW_FOR:
                raise IllegalMove(_TOO_LATE)
            if share.state is ShareState.PROVED and not self._proofs.is_proved_in(
                connection, session, share.device_id, Purpose.SHARE, share.asked_at
            ):
                raise NotAllowed(_PROVED_ELSEWHERE)  # else it would be raised by another's proof
            shares.move(connection, share, ShareMove.SUBMITTED, {"submitted_at": now})
            device = devices.get(connection, share.device_id, now)
            self._check(connection, share.user_id, device, share)
            self._write(connection, session, Event.SHARE_SUBMITTED, share.owner, share.serial)
            self._moves.tell(
                connection, now, share.owner_id, Notice.SHARE_ASKED, share, user=share.user
            )
            share = shares.get(connection, share.id)
            entity = entity_of(connection, share.user_id)
            owners = entity_of(connection, share.owner_id)
            if not share_rules.needs_compliance(entity, owners):
                self._moves.approve(connection, share, now, session.user, None, None)
                # The shared device has answered in this very session, which goes on under it.
                self._sessions.prove(connection, session.token_hash, share.device_id)
                self._moves.end_own(connection, share, now)
            return shares.get(connection, share.id)

    def cancel(self, session: Session, share_id: str | int) -> Share:
        """Cancel a share, as the one who asked or as the owner; the set-aside devices are back."""
        with self._database.writing() as connection:
            must_change_security(connection, session)
            share = shares.get_own(connection, session.user_id, share_id)
            self._moves.cancel(connection, share, self._clock.now(), session.user)
            return shares.get(connection, share.id)

    # --- what compliance does

    def pending(self, session: Session) -> list[Share]:
        """Return what waits for compliance."""
        _must_decide(session)
        with self._database.reading() as connection:
            return shares.pending(connection)

    def approve(self, session: Session, share_id: str | int, reason: str) -> Share:
        """Approve a pending share; the rules are asked once more."""
        with self._database.writing() as connection:
            share = self._case(connection, session, share_id)
            hold(connection, share.user_id, share.owner_id)
            now = self._clock.now()
            if share.state is ShareState.PENDING:
                device = devices.get(connection, share.device_id, now)
                self._check(connection, share.user_id, device, share)
            self._moves.approve(connection, share, now, session.user, session.user_id, reason)
            self._moves.end_own(connection, share, now)
            return shares.get(connection, share.id)

    def reject(self, session: Session, share_id: str | int, reason: str) -> Share:
        """Reject a pending share."""
        with self._database.writing() as connection:
            share = self._case(connection, session, share_id)
            values = {
                "decided_at": self._clock.now(),
                "decided_by_id": session.user_id,
                "reason": reason,
            }
            shares.move(connection, share, ShareMove.REJECTED, values)
            self._write(connection, session, Event.SHARE_REJECTED, share.user, share.serial, reason)
            self._moves.tell(
                connection,
                self._clock.now(),
                share.user_id,
                Notice.SHARE_DECIDED,
                share,
                decision="rejected",
            )
            return shares.get(connection, share.id)

    # --- within

    def _must_change(self, session: Session) -> None:
        with self._database.reading() as connection:
            must_change_security(connection, session)

    def _case(self, connection: Connection, session: Session, share_id: str | int) -> Share:
        _must_decide(session)
        share = shares.get(connection, share_id)
        if session.user_id in {share.user_id, share.owner_id}:
            raise NotAllowed(_OWN_CASE)
        return share

    def _choose(
        self, connection: Connection, session: Session, owner_id: int, serial: str
    ) -> Device:
        """Return the owner's device of a serial, or his best one: in use, not locked, his own."""
        if owner_id == session.user_id:
            raise NotTaken(_ONESELF, field="username")
        now = self._clock.now()
        if standing(connection, owner_id, now).closed:
            raise NotTaken(_CLOSED, field="username")
        usable = [
            each
            for each in devices.own(connection, owner_id, now)
            if each.state is DeviceState.ACTIVE
            and each.kind is not DeviceKind.SMS_CODE
            and (not serial or each.serial == serial.upper())
        ]
        if not usable:
            raise NotTaken(_NO_DEVICE, field="serial" if serial else "username")
        best = min(usable, key=lambda each: (each.locked, share_rules.rank(each.kind), each.id))
        if best.locked:
            raise DeviceLocked(LOCKED)
        return best

    def _check(
        self, connection: Connection, user_id: int, device: Device, share: Share | None = None
    ) -> None:
        """Raise NotTaken or IllegalMove where a rule of sharing does not hold now."""
        now = self._clock.now()
        roles = connection.execute(
            select(users.c.role).where(users.c.id.in_([user_id, device.owner_id]))
        ).scalars()
        if set(roles) != {Role.CUSTOMER.value}:
            raise NotTaken(_NOT_FOR_STAFF)
        for each in shares.open_of(connection, user_id):
            if each.state is not ShareState.PROVED and (share is None or each.id != share.id):
                raise IllegalMove(_ONE_AT_A_TIME)
        if device.state is not DeviceState.ACTIVE:
            raise IllegalMove(_NO_DEVICE)
        if any(standing(connection, each, now).closed for each in (user_id, device.owner_id)):
            raise IllegalMove(_CLOSED)
        entity, owners = entity_of(connection, user_id), entity_of(connection, device.owner_id)
        if not share_rules.is_same_person(
            entity, self._known(connection, entity), owners, self._known(connection, owners)
        ):
            raise NotTaken(share_rules.DIFFERENT)
        taking_part = shares.participants(connection, device.id, device.owner_id, user_id)
        share_rules.check_device(
            device.kind,
            shares.kinds_in_use(connection, taking_part, now),
            [temporary.assigned(connection, each, now) for each in taking_part],
        )

    def _known(self, connection: Connection, entity: int | None) -> people.Identification | None:
        return people.identification(connection, self._keyring, entity) if entity else None

    def _write(
        self,
        connection: Connection,
        session: Session,
        event: Event,
        subject: str,
        serial: str,
        reason: str | None = None,
    ) -> None:
        now = self._clock.now()
        self._moves.write(connection, now, session.user, event, subject, serial, reason)


def _must_decide(session: Session) -> None:
    if session.access is not Access.FULL or Duty.DECIDE_SHARES not in DUTIES[session.role]:
        raise NotAllowed(_NOT_BY_DUTY)
