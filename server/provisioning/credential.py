"""What a provisioning client is told whose credential is not valid."""

from __future__ import annotations

from ..audit.events import Event
from ..credentials.checking import Door
from ..errors import CredentialRefused

_REFUSED = (
    "This provisioning credential is not valid: ask the verifier's operator for a new one "
    "(`challng-server provisioner add`)."
)
DOOR = Door(
    name="\x00provisioning",
    none="Give a provisioning credential as `Authorization: Bearer TOKEN`.",
    refused=_REFUSED,
    event=Event.PROVISIONER_REFUSED,
)


def refused() -> CredentialRefused:
    """Return what a credential is told that was revoked while it called."""
    return CredentialRefused(_REFUSED)
