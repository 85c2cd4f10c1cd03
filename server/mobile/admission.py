"""Who may register a phone, and what he can prove himself with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from ..accounts import people
from ..accounts.roles import Role
from ..crypto.keyring import Keyring
from ..db.tables import devices as rows
from ..db.tables import users
from ..errors import DeviceLocked, IllegalMove, NotAllowed, NumberNotOnRecord
from ..factors.kinds import DeviceKind
from ..lifecycle import devices, shares
from ..lifecycle.devices import Device
from ..login.judge import LOCKED
from ..login.offers import Choice, choices
from ..login.standing import standing
from ..states.device import DeviceState
from ..words import N_
from .registrations import Aim

_CLOSED = N_("This account is closed: no device is registered for it any more.")
_OPTED_OUT = N_(
    "This user logs in without a device. To use one, choose in the settings to always log in with "
    "it; then register the phone."
)
_STAFF = N_("Who works at the desk gets the first device from the operator.")
_HAS_ONE = N_(
    "You have a mobile key already. Move it to this phone, or take it back after a reinstall; or "
    "deactivate it first."
)
_HAS_NONE = N_("You have no mobile key in use: register this phone instead.")
_STOPPED = N_(
    "Your mobile key is suspended. If its phone has turned up, put it into use again where your "
    "list of devices offers that; else call the support desk, which deactivates it, and register "
    "after that."
)
BY_CARD = N_(
    "Who works at the desk proves himself by his card, not by an SMS, and has none in use that is "
    "not locked: the operator gives it."
)
NO_NUMBER = N_(
    "There is no phone number on record that a token could be sent to. Call the support desk."
)


@dataclass(frozen=True)
class Admission:
    """What a registration rests on: the key in use, and how its user can prove himself.

    Whoever works at the desk has neither a number nor the choice of one: his card alone proves.
    """

    existing: Device | None
    number: str | None = field(repr=False)
    may_add_number: bool
    card: Choice | None


def admit(
    connection: Connection, keyring: Keyring, user_id: int, aim: Aim, now: datetime
) -> Admission:
    """Return what a registration rests on; raises NotAllowed, IllegalMove, DeviceLocked,
    NumberNotOnRecord.
    """
    facts = standing(connection, user_id, now)
    if facts.closed:
        raise NotAllowed(_CLOSED)
    if facts.opted_out:
        raise NotAllowed(_OPTED_OUT)
    role = connection.execute(select(users.c.role).where(users.c.id == user_id)).scalar_one()
    staff = Role(role) is not Role.CUSTOMER
    if staff and not facts.had_device:
        raise NotAllowed(_STAFF)
    shares.must_use_none(connection, user_id)
    _must_be_open(connection, user_id, now)
    existing = in_use(connection, user_id, now)
    if aim is Aim.REGISTER and existing is not None:
        raise IllegalMove(_HAS_ONE)
    if aim is not Aim.REGISTER and existing is None:
        raise IllegalMove(_HAS_NONE)
    card = None
    if staff or aim is Aim.MIGRATE:
        offered = choices(connection, user_id, now)
        cards = [each for each in offered if each.kind is DeviceKind.CARD and not each.locked]
        card = next(iter(cards), None)
    if staff:
        if card is None:
            raise NotAllowed(BY_CARD)
        return Admission(existing, None, may_add_number=False, card=card)
    number = people.contact(connection, keyring, user_id).phone
    # else a stolen password and a number of the thief's would replace every device
    may_add = aim is Aim.REGISTER and not facts.had_device
    if number is None and not may_add and card is None:
        raise NumberNotOnRecord(NO_NUMBER)
    return Admission(existing, number, may_add_number=may_add, card=card)


def _must_be_open(connection: Connection, user_id: int, now: datetime) -> None:
    """Raise DeviceLocked, IllegalMove where a mobile key is stopped, or was when it ended: another
    one in its place would undo that, and only the desk may.
    """
    own = devices.own(connection, user_id, now)
    phones = [each for each in own if each.kind is DeviceKind.MOBILE_KEY]
    if any(each.state is DeviceState.SUSPENDED for each in phones):
        raise IllegalMove(_STOPPED)
    last = (
        select(rows.c.locked_at)
        .where(rows.c.owner_id == user_id, rows.c.kind == DeviceKind.MOBILE_KEY.value)
        .order_by(rows.c.id.desc())
        .limit(1)
    )
    if connection.execute(last).scalar() is not None:
        raise DeviceLocked(LOCKED)


def in_use(connection: Connection, user_id: int, now: datetime) -> Device | None:
    """Return the mobile key that a user has in use."""
    own = devices.own(connection, user_id, now)
    return next(
        (
            each
            for each in own
            if each.kind is DeviceKind.MOBILE_KEY and each.state is DeviceState.ACTIVE
        ),
        None,
    )
