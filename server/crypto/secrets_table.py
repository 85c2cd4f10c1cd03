"""The verifier's own keys: made once by `init`, sealed in the database, opened once a worker."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection, insert, select

from ..db import tables
from ..db.engine import Database
from .keyring import Keyring

AUDIT = "audit"
LOOKUP = "lookup"
FORMS = "forms"
VAPID = "vapid"
"""The private key (a P-256 number) that push services know the verifier by."""
RECEIPTS = "receipts"
"""The private key (a P-256 number) that signs what was confirmed."""
NAMES = (AUDIT, LOOKUP, FORMS)
DUMMY_HASH = "dummy-hash"
"""The password hash that an unknown user's password is checked against."""


class Secrets:
    """Opens the verifier's own keys, each once."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._opened: dict[str, bytes] = {}

    def read_all(self, connection: Connection) -> None:
        """Open every key there is, through a connection whose transaction is not over yet."""
        for row in connection.execute(select(tables.secrets)):
            self._opened[row.name] = self._keyring.open(row.value_sealed, _place(row.name))

    def get(self, name: str) -> bytes:
        """Return one of the keys of this module."""
        value = self._opened.get(name)
        if value is None:
            with self._database.reading() as connection:
                sealed = connection.execute(
                    select(tables.secrets.c.value_sealed).where(tables.secrets.c.name == name)
                ).scalar_one()
            value = self._opened[name] = self._keyring.open(sealed, _place(name))
        return value

    def mac(self, name: str, *parts: str | bytes) -> bytes:
        """Return HMAC-SHA256 under a key, over parts whose borders cannot be shifted."""
        message = b"".join(
            len(raw).to_bytes(4, "big") + raw
            for raw in (p.encode("utf-8") if isinstance(p, str) else p for p in parts)
        )
        return hmac.digest(self.get(name), message, hashlib.sha256)


def create(connection: Connection, keyring: Keyring, dummy_hash: str) -> None:
    """Make all keys, once, for a new verifier."""
    values = {name: os.urandom(32) for name in NAMES}
    _add(connection, keyring, values | {DUMMY_HASH: dummy_hash.encode("ascii")})
    complete(connection, keyring)


def complete(connection: Connection, keyring: Keyring) -> bool:
    """Make the keys that an older verifier has not; False where it has them all."""
    there = set(connection.execute(select(tables.secrets.c.name)).scalars())
    missing = {name: make() for name, make in _LATER.items() if name not in there}
    _add(connection, keyring, missing)
    return bool(missing)


def _p256_key() -> bytes:
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return number.to_bytes(32, "big")


_LATER: Mapping[str, Callable[[], bytes]] = {VAPID: _p256_key, RECEIPTS: _p256_key}
"""The keys that the first verifiers did not have."""


def _add(connection: Connection, keyring: Keyring, values: Mapping[str, bytes]) -> None:
    for name, value in values.items():
        connection.execute(
            insert(tables.secrets).values(name=name, value_sealed=keyring.seal(value, _place(name)))
        )


def _place(name: str) -> str:
    return f"secrets.value_sealed:{name}"
