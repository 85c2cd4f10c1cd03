"""What a restored verifier must not take, because it was good, and maybe seen, when it was made.

Between backup and restore codes were accepted, sessions and logins ended, temporary codes used up,
and none of it is in the backup. So nothing that a single look over a shoulder could have copied
opens anything in what comes back.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from ..db.tables import (
    cards,
    code_cards,
    code_pairs,
    devices,
    identity_checks,
    logins,
    mobile_keys,
    mobile_registrations,
    openid_requests,
    sessions,
)
from ..factors import code_card
from ..factors.kinds import DeviceKind
from ..lifecycle import revocation
from ..login.ledger import UNFINISHED, LoginState
from ..states.device import DeviceState
from ..states.registration import REGISTRATION, RegistrationMove, RegistrationState

_DRAWN = 16
REASON = "backup-restored"
"""Why a temporary code has ended."""

DECIDED = {
    "sessions": "ended",
    "logins": "open ones closed",
    "mobile_registrations": "open ones ended",
    "cards": "two answers for consecutive counters are asked",
    "mobile_keys": "two passcodes for consecutive counters are asked",
    "code_cards": "the pair that was being asked is not asked again",
    "code_pairs": "as they were, and the pairs that were being asked",
    "temporary_codes": "ended",
    "identity_checks": "used up",
    "openid_requests": "forgotten: each waits for a login that is closed",
    "openid_grants": "ended: they go with their sessions",
    "openid_tokens": "ended: they go with their grants",
    "openid_clients": "as they were: those removed since the backup have to be removed again",
    "openid_keys": "as they were: withdraw those that were withdrawn since the backup",
    "accounts": "as they were",
    "applications": "as they were: those revoked since the backup have to be revoked again",
    "audit_cut": "as it was",
    "audit_head": "as they were",
    "audit_log": "as they were",
    "audit_seals": "as they were",
    "brakes": "as they were",
    "confirmations": "as they were; open ones are closed with their login",
    "devices": "as they were",
    "entities": "as they were",
    "ledger": "as they were",
    "orders": "as they were",
    "outbox": "as they were: notices sent since the backup are sent again",
    "provisioners": "as they were: those revoked since the backup have to be revoked again",
    "radius_clients": "as they were: those removed since the backup have to be removed again",
    "returns": "as they were",
    "secrets": "as they were",
    "shares": "as they were",
    "sms_codes": "as they were: a code is its login's, and closed with it",
    "user_groups": "as they were",
    "users": "as they were: passwords are those of the backup",
    "whereabouts": "as they were: none, for one that has moved makes no backup",
}
"""What a restore does to each table; a table that nobody has decided about fails a test."""


@dataclass(frozen=True)
class Quarantined:
    """How many were taken out of use."""

    sessions: int
    logins: int
    temporary_codes: int
    cards: int


def apply(connection: Connection, now: datetime) -> Quarantined:
    """Take all of it out of use, in the transaction that restores."""
    ended = connection.execute(delete(sessions)).rowcount
    connection.execute(delete(openid_requests))
    closed = connection.execute(
        update(logins)
        .where(UNFINISHED)
        .values(state=LoginState.CLOSED.value, decided_at=now, detail_sealed=None)
    ).rowcount
    open_ = [state.value for state in REGISTRATION.sources(RegistrationMove.ENDED)]
    connection.execute(
        update(mobile_registrations)
        .where(mobile_registrations.c.state.in_(open_))
        .values(
            state=RegistrationState.ENDED.value,
            exchange_sealed=None,
            challenge=None,
            number_sealed=None,
        )
    )
    connection.execute(
        update(identity_checks).where(identity_checks.c.used_at.is_(None)).values(used_at=now)
    )
    _use_up_pairs(connection, now)
    codes = connection.execute(
        select(devices.c.id).where(
            devices.c.kind == DeviceKind.TEMPORARY_CODE.value,
            devices.c.state != DeviceState.REVOKED.value,
        )
    ).scalars()
    over = sum(revocation.end(connection, each, now, REASON) for each in codes.all())
    drawn = os.urandom(_DRAWN)
    counted = sum(_resync(connection, table, drawn) for table in (cards, mobile_keys))
    return Quarantined(ended, closed, over, counted)


def _use_up_pairs(connection: Connection, now: datetime) -> None:
    """Count the pairs that were being asked as answered: most likely they were, since."""
    asked = connection.execute(
        select(code_cards).where(code_cards.c.asked_first.is_not(None))
    ).all()
    for row in asked:
        low, high = code_card.ordered((row.asked_first, row.asked_second))
        connection.execute(
            insert(code_pairs).values(device_id=row.device_id, low=low, high=high, accepted_at=now)
        )
    connection.execute(update(code_cards).values(asked_first=None, asked_second=None))


def _resync(connection: Connection, table: Table, drawn: bytes) -> int:
    """Ask two consecutive counters of whatever still has a key, whatever it was found ahead of."""
    values: dict[str, Any] = {"resync": drawn, "far_counter": None, "far_login_id": None}
    return connection.execute(
        update(table).where(table.c.key_sealed.is_not(None)).values(values)
    ).rowcount
