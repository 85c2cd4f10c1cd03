"""TLS by the server itself: its certificate and key, checked before anybody is served.

A proxy in front is the usual way (docs/tls.md); this is for a verifier that stands alone.
"""

from __future__ import annotations

import ssl
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from .errors import SettingsRefused
from .settings import Settings


@dataclass(frozen=True)
class Pair:
    """The files of a certificate (with its chain) and of its private key, both PEM."""

    certificate: Path
    key: Path


def pair(settings: Settings) -> Pair | None:
    """Return the files of `settings`, or None where TLS is somebody else's.

    Raises SettingsRefused where one is missing, unreadable, unfit, or where others may read the
    key.
    """
    if settings.tls_cert is None and settings.tls_key is None:
        return None
    if settings.tls_cert is None or settings.tls_key is None:
        raise SettingsRefused(
            "TLS needs a certificate and its key: give --tls-cert and --tls-key, or neither."
        )
    found = Pair(settings.tls_cert, settings.tls_key)
    _check(found)
    return found


def expiry(certificate: Path) -> datetime:
    """Return when a certificate ends; raises SettingsRefused where it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        raise SettingsRefused(
            f"The certificate {certificate} cannot be read: it is PEM, the server's own first."
        ) from None


def _check(given: Pair) -> None:
    try:
        mode = given.key.stat().st_mode
    except OSError as error:
        raise SettingsRefused(
            f"The TLS key {given.key} cannot be read ({error.strerror}): check --tls-key."
        ) from None
    if stat.S_IMODE(mode) & (stat.S_IRWXO | stat.S_IWGRP):
        raise SettingsRefused(
            f"Others may read the TLS key {given.key}: chmod 600 it (or 640, with a group of its "
            "own). If somebody has, get a new certificate."
        )
    expiry(given.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(given.certificate, given.key, password=_no_password)
    except (ssl.SSLError, OSError, ValueError):
        raise SettingsRefused(
            f"The key {given.key} is not that of the certificate {given.certificate}, or is under "
            "a password: give the two that belong together."
        ) from None


def _no_password() -> str:
    return ""
