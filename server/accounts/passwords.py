"""Passwords: what is allowed (NIST SP 800-63B) and how they are kept (argon2id)."""

from __future__ import annotations

import secrets
import unicodedata

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from ..errors import UserRefused
from ..settings import Settings


def check(password: str, name: str, settings: Settings) -> None:
    """Raise UserRefused where `password` is not good enough for the user `name`.

    Length alone is asked for, no mixture of characters, and that it is not the user name.
    """
    length = len(normal(password))
    if not settings.password_min <= length <= settings.password_max:
        raise UserRefused(
            f"A password has {settings.password_min} to {settings.password_max} characters: "
            "choose another."
        )
    if normal(password).lower() == name:
        raise UserRefused("The password must not be the user name: choose another.")


def normal(password: str) -> str:
    """Return the form that is hashed: NFKC, so that every keyboard's accents are the same."""
    return unicodedata.normalize("NFKC", password)


_QUICK_KIB = 1024
"""A hash that goes over no more memory than this takes less than a millisecond or two."""


class Hasher:
    """Hashes passwords, and checks them at the same cost whether the user exists or not."""

    def __init__(self, settings: Settings, dummy_hash: str | None = None) -> None:
        self._argon2 = argon2.PasswordHasher(
            time_cost=settings.argon2_time,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        if dummy_hash is None or self._argon2.check_needs_rehash(dummy_hash):
            dummy_hash = self.hash(secrets.token_urlsafe())
        self.dummy_hash = dummy_hash
        self._today = _shape(dummy_hash)
        self.is_quick = settings.argon2_memory_kib * settings.argon2_time <= _QUICK_KIB

    def hash(self, password: str) -> str:
        """Return the argon2id hash to keep."""
        return self._argon2.hash(normal(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password fits; None (no such user) costs the same and is False."""
        try:
            fits = self._argon2.verify(password_hash or self.dummy_hash, normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return fits and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return _shape(password_hash) != self._today


def _shape(password_hash: str) -> tuple[object, ...]:
    """Return kind, version and parameters of a hash, and the lengths of its salt and its digest."""
    _, kind, version, parameters, salt, digest = password_hash.split("$")
    return kind, version, parameters, len(salt), len(digest)
