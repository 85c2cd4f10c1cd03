"""The outbox: a notice is written in the transaction that makes it true, and sent later."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from ..db.tables import outbox


class Notice(StrEnum):
    """What there is to tell; each has its text in `notify.texts`."""

    CARD_ORDERED = "card_ordered"
    ORDER_CANCELLED = "order_cancelled"
    CARD_SHIPPED = "card_shipped"
    CARD_ACTIVATES_SOON = "card_activates_soon"
    CARD_ACTIVATES_NOW = "card_activates_now"
    DEVICE_ACTIVATED = "device_activated"
    DEVICE_LOCKED = "device_locked"
    DEVICE_SUSPENDED = "device_suspended"
    MOBILE_KEY_COPIED = "mobile_key_copied"
    LOGIN_DENIED = "login_denied"
    DEVICE_ENDED = "device_ended"
    DEVICE_REACTIVATED = "device_reactivated"
    TEMPORARY_CODE_ISSUED = "temporary_code_issued"
    ONLINE_CODE_CARD_MADE = "online_code_card_made"
    PIN_CHANGED = "pin_changed"
    SHARE_ASKED = "share_asked"
    SHARE_DECIDED = "share_decided"
    SHARE_CANCELLED = "share_cancelled"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    RETURN_RECEIVED = "return_received"
    DEPOSIT_RELEASED = "deposit_released"
    DEPOSIT_KEPT = "deposit_kept"
    ACCOUNT_CLOSED = "account_closed"
    MOBILE_KEY_ADDED = "mobile_key_added"
    MOBILE_KEY_MOVED = "mobile_key_moved"
    MOBILE_KEY_DEACTIVATED = "mobile_key_deactivated"


BEFORE_ACTIVATION = (Notice.CARD_ACTIVATES_SOON, Notice.CARD_ACTIVATES_NOW)
"""What is written when a card ships, and taken back when it is activated or ends before."""


def put(
    connection: Connection,
    user_id: int,
    notice: Notice,
    once: str,
    now: datetime,
    *,
    due_at: datetime | None = None,
    **values: str,
) -> bool:
    """Write a notice to be sent from `due_at` on; False where `once` was written before.

    `once` names the one occasion ("order:7"); `values` fill the text, and are no secrets.
    """
    key = f"{notice.value}:{once}"
    if connection.execute(select(outbox.c.id).where(outbox.c.once == key)).first():
        return False
    connection.execute(
        insert(outbox).values(
            user_id=user_id,
            notice=notice.value,
            once=key,
            values=json.dumps(values),
            made_at=now,
            due_at=due_at or now,
            tries=0,
        )
    )
    return True


def take_back(connection: Connection, once: str, *notices: Notice) -> None:
    """Take notices back that are not true any more and were not sent yet."""
    connection.execute(
        delete(outbox).where(
            outbox.c.once.in_([f"{notice.value}:{once}" for notice in notices]),
            outbox.c.sent_at.is_(None),
        )
    )
