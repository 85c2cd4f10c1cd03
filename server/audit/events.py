"""The events that are written down."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """What happened; the value is what stands in the log."""

    VERIFIER_MADE = "verifier.made"
    USER_ADDED = "user.added"
    USER_LOCKED = "user.locked"
    USER_UNLOCKED = "user.unlocked"
    STAFF_ADDED = "staff.added"
    CONTACT_SET = "contact.set"
    ACCOUNT_OPENED = "account.opened"
    ACCOUNT_JOINED = "account.joined"
    ACCOUNT_CLOSED = "account.closed"
    PASSWORD_SET = "password.set"  # noqa: S105
    PASSWORD_REFUSED = "password.refused"  # noqa: S105
    CARD_IMPORTED = "card.imported"
    CARD_PREPARED = "card.prepared"
    CARD_CONFIRMED = "card.confirmed"
    CARD_ABANDONED = "card.abandoned"
    CARD_REVOKED = "card.revoked"
    PROVISIONER_ADDED = "provisioner.added"
    PROVISIONER_REVOKED = "provisioner.revoked"
    PROVISIONER_REFUSED = "provisioner.refused"
    DEVICE_LOCKED = "device.locked"
    DEVICE_UNLOCKED = "device.unlocked"
    DEVICE_MADE = "device.made"
    DEVICE_ACTIVATED = "device.activated"
    DEVICE_ENDED = "device.ended"
    CODE_CARD_PRINTED = "code-card.printed"
    TEMPORARY_CODE_ISSUED = "temporary-code.issued"
    LOGIN_BEGUN = "login.begun"
    LOGIN_FACTOR_CHOSEN = "login.factor-chosen"
    LOGIN_ACCEPTED = "login.accepted"
    LOGIN_WRONG = "login.wrong"
    LOGIN_WITHOUT_DEVICE = "login.without-device"
    PROOF_WRONG = "proof.wrong"
    LOGIN_CLOSED = "login.closed"
    NOT_ALLOWED = "access.refused"
    SESSION_OPENED = "session.opened"
    SESSION_ENDED = "session.ended"
    MASTER_KEY_ADDED = "master-key.added"
    MASTER_KEY_APPLIED = "master-key.applied"
