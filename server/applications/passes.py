"""Passes: what an application shows in place of its token for an hour (JWT, RFC 7519).

Signed with HMAC-SHA256 under a key of the verifier's own, and looked up at each use: a pass of an
application that was revoked opens nothing.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import Connection

from ..clock import Clock
from ..crypto.secrets_table import LOOKUP, Secrets
from ..settings import Settings
from .applications import TOKENS, Application

_ALGORITHM = "HS256"
_USE = "application pass"


class Passes:
    """Makes passes, and finds the application of one, or of a token itself."""

    def __init__(self, secrets_: Secrets, clock: Clock, settings: Settings) -> None:
        self._secrets = secrets_
        self._clock = clock
        self._seconds = settings.application_pass_seconds

    def make(self, application: Application) -> str:
        """Return a pass."""
        claims = {
            "username": application.name,
            "realm": "",
            "role": "admin",
            "nonce": secrets.token_hex(20),
            "exp": int(self._clock.now().timestamp()) + self._seconds,
            "use": _USE,
            "application": application.id,
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key(), algorithms=[_ALGORITHM])

    def find(self, connection: Connection, text: str) -> Application | None:
        """Return the application of a token or of a pass; None for anything else."""
        found = TOKENS.find(connection, text)
        if found is not None:
            return found
        application_id = self._read(text, self._clock.now())
        return None if application_id is None else TOKENS.get(connection, application_id)

    def _read(self, text: str, now: datetime) -> int | None:
        try:
            claims = jwt.decode(text, self._key(), algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError):  # not three parts, not ours, not JSON
            return None
        until, application_id = claims.get("exp"), claims.get("application")
        if claims.get("use") != _USE or not isinstance(until, int) or until <= now.timestamp():
            return None
        return application_id if isinstance(application_id, int) else None

    def _key(self) -> OctKey:
        return OctKey.import_key(self._secrets.mac(LOOKUP, _USE))
