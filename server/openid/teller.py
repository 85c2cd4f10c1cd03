"""Tells claims: the transaction and the keys around `claims`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..crypto.keyring import Keyring
from ..crypto.secrets_table import Secrets
from ..db.engine import Database
from ..login.sessions import Session
from ..settings import Settings
from . import claims


class Teller:
    """Knows what applications are told about a user."""

    def __init__(
        self, database: Database, settings: Settings, keyring: Keyring, secrets: Secrets
    ) -> None:
        self._database = database
        self._settings = settings
        self._keyring = keyring
        self._secrets = secrets

    def subject(self, session: Session) -> str:
        """Return `sub` of a session's user."""
        return claims.subject(self._secrets, session.user_id)

    def told(self, session: Session, scopes: Collection[str]) -> dict[str, Any]:
        """Return `sub` and the claims that scopes open."""
        with self._database.reading() as connection:
            opened = claims.of_user(connection, self._keyring, self._settings, session, scopes)
        return {"sub": self.subject(session)} | opened
