"""What an application is told about a user: Core 1.0, sections 2 and 5, and what is our own."""

from __future__ import annotations

import base64
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from ..accounts import groups, people
from ..crypto.keyring import Keyring
from ..crypto.secrets_table import LOOKUP, Secrets
from ..db.tables import mobile_keys, sessions
from ..factors.kinds import DeviceKind
from ..login.sessions import Session
from ..settings import Settings
from .levels import methods

CLAIMS = (
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "azp", "nonce", "at_hash"),
    *("preferred_username", "locale", "email", "email_verified", "groups", "limits"),
)
"""All claims that there are."""
_SUBJECT_BYTES = 16


def subject(secrets: Secrets, user_id: int) -> str:
    """Return `sub`: the same for ever, never another's, and no name."""
    tag = secrets.mac(LOOKUP, "openid subject", str(user_id))[:_SUBJECT_BYTES]
    return base64.urlsafe_b64encode(tag).rstrip(b"=").decode("ascii")


def of_user(
    connection: Connection,
    keyring: Keyring,
    settings: Settings,
    session: Session,
    scopes: Collection[str],
) -> dict[str, Any]:
    """Return the claims that scopes open, beside `sub`."""
    told: dict[str, Any] = {}
    if "profile" in scopes:
        told["preferred_username"] = session.user
        if session.locale:
            told["locale"] = session.locale.replace("_", "-")
    if "email" in scopes:
        mail = people.contact(connection, keyring, session.user_id).mail
        if mail:
            told |= {"email": mail, "email_verified": settings.openid_mail_verified}
    if "groups" in scopes:
        told["groups"] = list(groups.of_user(connection, session.user_id))
    if "limits" in scopes:
        told["limits"] = {
            "device_kind": session.device_kind.value,
            "access": session.access.value,
            "currency": "USD",
            **session.limits.model_dump(),
        }
    return told


def proved_by(connection: Connection, settings: Settings, session: Session) -> tuple[str, ...]:
    """Return `amr` for a session."""
    if session.device_kind is not DeviceKind.MOBILE_KEY:
        return methods(session.device_kind)
    row = connection.execute(
        select(mobile_keys.c.element, mobile_keys.c.backed_up)
        .join(sessions, sessions.c.device_id == mobile_keys.c.device_id)
        .where(sessions.c.token_hash == session.token_hash)
    ).one()
    attested = settings.attestation == "direct" and row.backed_up is False
    return methods(session.device_kind, row.element, hardware=attested)


def seconds(moment: datetime) -> int:
    """Return a moment as tokens have it: whole seconds since 1970."""
    return int(moment.timestamp())
