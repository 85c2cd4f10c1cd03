"""Cards as rows: added to a user, listed, unlocked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from protocol import card_suite, pskc
from protocol.errors import OcraError

from ..accounts.users import User
from ..crypto.keyring import Keyring
from ..db.tables import cards, devices, users
from ..errors import CardRefused, CardThere, NoSuchCard
from ..states.device import DeviceState
from .card_factor import place
from .kinds import DeviceKind
from .names import free_label


@dataclass(frozen=True)
class CardListed:
    """One line of the list of cards."""

    serial: str
    user: str
    state: DeviceState
    locked: bool
    wrong_run: int
    counter: int
    used_at: datetime | None


def choose(records: Sequence[pskc.CardRecord], serial: str | None) -> pskc.CardRecord:
    """Take the one record that is meant, or raise CardRefused."""
    if serial is not None:
        records = [record for record in records if record.serial == serial]
        if not records:
            raise CardRefused(f"The file has no card {serial}: check the serial.")
    if len(records) != 1:
        raise CardRefused(
            f"The file has {len(records)} cards: choose one with --serial."
            if records
            else "The file has no card in it."
        )
    return records[0]


def import_card(
    connection: Connection,
    keyring: Keyring,
    record: pskc.CardRecord,
    user: User,
    pin: str,
    now: datetime,
    *,
    state: DeviceState = DeviceState.ACTIVE,
    provisioner_id: int | None = None,
) -> int:
    """Add a card to a user, active at once but for `state`; returns the device's id.

    Raises CardRefused, CardThere among it.
    """
    try:
        card_suite.check(record.suite)
    except OcraError as error:
        raise CardRefused(f"The card {record.serial} cannot be used here: {error}.") from None
    kept = devices.c.state != DeviceState.REVOKED.value
    if connection.execute(
        select(devices.c.id).where(devices.c.serial == record.serial, kept)
    ).first():
        raise CardThere(f"The card {record.serial} was imported already: nothing is changed.")
    device_id: int = connection.execute(
        insert(devices)
        .values(
            kind=DeviceKind.CARD.value,
            serial=record.serial,
            state=state.value,
            activated_at=now if state is DeviceState.ACTIVE else None,
            provisioner_id=provisioner_id,
            owner_id=user.id,
            label=free_label(connection, user.id, "card"),
            wrong_run=0,
            added_at=now,
        )
        .returning(devices.c.id)
    ).scalar_one()
    connection.execute(
        insert(cards).values(
            device_id=device_id,
            suite=record.suite,
            key_id=record.key_id,
            key_sealed=keyring.seal(record.key, place("key_sealed", device_id)),
            pin_sealed=keyring.seal(pin.encode("ascii"), place("pin_sealed", device_id)),
            counter=record.counter,
            issuer=record.issuer,
        )
    )
    return device_id


def all_of_them(connection: Connection) -> list[CardListed]:
    """Return all cards by serial."""
    rows = connection.execute(
        select(
            devices.c.serial,
            users.c.name,
            devices.c.state,
            devices.c.locked_at,
            devices.c.wrong_run,
            cards.c.counter,
            devices.c.used_at,
        )
        .join(cards, cards.c.device_id == devices.c.id)
        .join(users, users.c.id == devices.c.owner_id)
        .order_by(devices.c.serial, devices.c.id)
    )
    return [
        CardListed(
            r.serial,
            r.name,
            DeviceState(r.state),
            r.locked_at is not None,
            r.wrong_run,
            r.counter,
            r.used_at,
        )
        for r in rows
    ]


def unlock(connection: Connection, serial: str) -> bool:
    """Unlock a card; False where it was not locked. Raises NoSuchCard."""
    row = connection.execute(
        select(devices.c.id, devices.c.locked_at).where(
            devices.c.serial == serial, devices.c.state != DeviceState.REVOKED.value
        )
    ).one_or_none()
    if row is None:
        raise NoSuchCard(
            f"There is no card {serial}: `challng-server card list` shows which there are."
        )
    connection.execute(
        update(devices).where(devices.c.id == row.id).values(locked_at=None, wrong_run=0)
    )
    return row.locked_at is not None
