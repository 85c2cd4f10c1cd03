"""A PSKC file -> card records, or a refusal that says why. Nothing in the file is trusted."""

from __future__ import annotations

from .. import ocra
from ..errors import OcraError, PskcError
from . import names
from .packages import KeyPackage, read_packages
from .records import CardRecord
from .secret import Secret


def read(data: bytes, secret: Secret) -> list[CardRecord]:
    """Return the file's card records, every key checked against its MAC before it is decrypted.

    Refused with PskcError: what `read_packages` refuses, keys of other algorithms than OCRA, and
    a serial that stands twice.
    """
    records = [_record(package) for package in read_packages(data, secret)]
    serials = [record.serial for record in records]
    if len(set(serials)) != len(serials):
        raise PskcError("a serial stands twice in the key file: refused")
    return records


def _record(package: KeyPackage) -> CardRecord:
    if package.algorithm != names.OCRA_PROFILE:
        known = package.algorithm.removeprefix(names.PROFILES).upper()
        kind = known if known in {"HOTP", "TOTP", "PIN"} else "another algorithm's"
        raise PskcError(
            f"key {package.serial!a}: it is {kind}, not OCRA, so it is no card's: a card answers "
            "challenges, and such a token gives codes by itself"
        )
    if not package.suite:
        raise PskcError(f"key {package.serial!a}: the key file lacks its Suite")
    try:
        suite = ocra.parse(package.suite)
    except OcraError as error:
        raise PskcError(f"key {package.serial!a}: {error}") from None
    return CardRecord(
        serial=package.serial,
        suite=package.suite,
        key=package.key,
        counter=package.counter,
        issuer=package.issuer,
        key_id=package.key_id,
        challenge_length=package.challenge_length or suite.question_length,
        pin_length=package.pin_length or 4,
    )
