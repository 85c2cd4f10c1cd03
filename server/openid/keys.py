"""Signing keys: the next is published before it signs, and a retired one until nothing hangs on it.

Which key is which is decided from the clock when it is read: the current key is the one that began
to sign last. When it comes of age, whoever reads next makes its successor, once: the keys of an
algorithm are numbered, and of two workers one gets the number.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any

from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import Connection, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import openid_keys as table
from ..settings import Settings

_RSA_BITS = 2048
_ITSELF = "verifier"
_LEEWAY = timedelta(minutes=10)
"""Beside the life of a token: how far clocks may differ."""

PrivateKey = ECKey | RSAKey


class KeyState(StrEnum):
    """Where a key stands at a moment."""

    NEXT = auto()
    CURRENT = auto()
    RETIRED = auto()
    """It signs no more, and what it has signed may still be looked at."""
    GONE = auto()
    """Nothing that it has signed can hold any more, or it was withdrawn."""


@dataclass(frozen=True)
class KeyRow:
    """One key without its private part; `public` is a JWK."""

    kid: str
    algorithm: str
    number: int
    public: dict[str, Any]
    signs_from: datetime
    ended: bool
    state: KeyState = KeyState.CURRENT


class SigningKeys:
    """The keys of all algorithms that were ever in use."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        keyring: Keyring,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._keyring = keyring
        self._opened: dict[str, PrivateKey] = {}
        self._lock = threading.Lock()

    def signing(self) -> tuple[str, PrivateKey]:
        """Return the current key's id, and the key.

        Where there is none yet, the one that another worker has just made, by a clock that is a
        moment ahead of what was read here.
        """
        algorithm = self._settings.openid_algorithm
        own = [row for row in self.rows() if row.algorithm == algorithm]
        current = [row for row in own if row.state is KeyState.CURRENT]
        coming = [row for row in reversed(own) if row.state is KeyState.NEXT]
        kid = (current or coming)[0].kid
        with self._lock:
            found = self._opened.get(kid)
        if found is None:
            with self._database.reading() as connection:
                sealed = connection.execute(
                    select(table.c.private_sealed).where(table.c.kid == kid)
                ).scalar_one()
            found = _imported(json.loads(self._keyring.open(sealed, _place(kid))))
            with self._lock:
                self._opened[kid] = found
        return kid, found

    def jwks(self) -> dict[str, Any]:
        """Return the JWK set (RFC 7517): the next, the current, and what is retired."""
        return {"keys": [row.public for row in self.rows() if row.state is not KeyState.GONE]}

    def rows(self) -> list[KeyRow]:
        """Return every key as it stands now, once the keys that are due are made."""
        now = self._clock.now()
        algorithm = self._settings.openid_algorithm
        with self._database.reading() as connection:
            found = self._read(connection, now)
        signs_from = self._due(found, algorithm, now)
        if signs_from is None:
            return found
        made = _made(algorithm)
        try:
            with self._database.writing() as connection:
                found = self._read(connection, now)
                signs_from = self._due(found, algorithm, now)
                if signs_from is not None:
                    self._add(connection, made, algorithm, signs_from, now, _ITSELF)
        except IntegrityError:  # another worker was first, where writers run side by side
            pass
        with self._database.reading() as connection:
            return self._read(connection, now)

    def rotate(self, actor: str, *, at_once: bool = False) -> KeyRow:
        """Make the next key. Returns the one that waits already, where one does.

        `at_once`: it signs from now on, and every other key is withdrawn, as after a theft:
        nothing that they have signed is believed by whoever asks for the keys anew.
        """
        algorithm = self._settings.openid_algorithm
        self.rows()
        made = _made(algorithm)
        with self._database.writing() as connection:
            now = self._clock.now()
            rows = self._read(connection, now)
            waiting = [r for r in rows if r.algorithm == algorithm and r.state is KeyState.NEXT]
            if waiting and not at_once:
                return waiting[0]
            if at_once:
                withdrawn = connection.execute(
                    update(table)
                    .where(table.c.ended_at.is_(None))
                    .values(ended_at=now, private_sealed=None)
                ).rowcount
                self._audit.write(
                    connection, now, Event.OPENID_KEYS_WITHDRAWN, actor, None, keys=withdrawn
                )
            signs_from = now if at_once else now + self._ahead
            kid = self._add(connection, made, algorithm, signs_from, now, actor)
            return next(row for row in self._read(connection, now) if row.kid == kid)

    @property
    def _ahead(self) -> timedelta:
        return timedelta(hours=self._settings.openid_key_ahead_hours)

    def _due(self, rows: list[KeyRow], algorithm: str, now: datetime) -> datetime | None:
        """Return when a key that is due now begins to sign; None where none is due."""
        own = [row for row in rows if row.algorithm == algorithm and not row.ended]
        if any(row.state is KeyState.NEXT for row in own):
            return None
        current = next((row for row in own if row.state is KeyState.CURRENT), None)
        if current is None:
            return now
        of_age = current.signs_from + timedelta(days=self._settings.openid_key_days)
        return None if now < of_age - self._ahead else max(of_age, now + self._ahead)

    def _read(self, connection: Connection, now: datetime) -> list[KeyRow]:
        rows = [
            KeyRow(
                row.kid,
                row.algorithm,
                row.number,
                json.loads(row.public),
                row.signs_from,
                row.ended_at is not None,
            )
            for row in connection.execute(
                select(table).order_by(table.c.algorithm, table.c.number.desc())
            )
        ]
        return self._placed(rows, now)

    def _placed(self, rows: list[KeyRow], now: datetime) -> list[KeyRow]:
        """Say where each key stands; `rows` are the newest first, algorithm by algorithm."""
        kept = timedelta(seconds=self._settings.openid_token_seconds) + _LEEWAY
        placed = []
        successor: KeyRow | None = None  # of the same algorithm, that signs already
        for row in rows:
            if successor is not None and successor.algorithm != row.algorithm:
                successor = None
            if row.ended:
                state = KeyState.GONE
            elif row.signs_from > now:
                state = KeyState.NEXT
            elif successor is None:
                state = KeyState.CURRENT
            else:
                over = now >= successor.signs_from + kept
                state = KeyState.GONE if over else KeyState.RETIRED
            if state is not KeyState.NEXT and not row.ended:
                successor = row
            placed.append(replace(row, state=state))
        return placed

    def _add(
        self,
        connection: Connection,
        made: PrivateKey,
        algorithm: str,
        signs_from: datetime,
        now: datetime,
        actor: str,
    ) -> str:
        kid = made.thumbprint()
        named = {"kid": kid, "use": "sig", "alg": algorithm}
        public = made.as_dict(private=False) | named
        private = json.dumps(made.as_dict(private=True)).encode("ascii")
        last = connection.execute(
            select(func.max(table.c.number)).where(table.c.algorithm == algorithm)
        ).scalar_one()
        connection.execute(
            insert(table).values(
                kid=kid,
                algorithm=algorithm,
                number=(last or 0) + 1,
                public=json.dumps(public),
                private_sealed=self._keyring.seal(private, _place(kid)),
                signs_from=signs_from,
            )
        )
        self._forget_old(connection, now)
        self._audit.write(connection, now, Event.OPENID_KEY_ADDED, actor, kid, algorithm=algorithm)
        return kid

    def _forget_old(self, connection: Connection, now: datetime) -> None:
        """Destroy the private parts of keys that will sign nothing any more."""
        past = [
            row.kid
            for row in self._read(connection, now)
            if row.state in {KeyState.RETIRED, KeyState.GONE}
        ]
        connection.execute(
            update(table)
            .where(or_(table.c.kid.in_(past), table.c.ended_at.is_not(None)))
            .values(private_sealed=None)
        )


def _made(algorithm: str) -> PrivateKey:
    if algorithm == "RS256":
        return RSAKey.generate_key(_RSA_BITS, private=True)
    return ECKey.generate_key("P-256", private=True)


def _imported(jwk: dict[str, Any]) -> PrivateKey:
    return RSAKey.import_key(jwk) if jwk["kty"] == "RSA" else ECKey.import_key(jwk)


def _place(kid: str) -> str:
    return f"openid_keys.private_sealed:{kid}"
