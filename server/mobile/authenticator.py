"""A phone's own lock as the security element: WebAuthn registration, asked for and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webauthn import (
    base64url_to_bytes,
    generate_registration_options,
    options_to_json,
    verify_registration_response,
)
from webauthn.helpers import parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    AuthenticatorAttachment,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ..crypto.secrets_table import LOOKUP, Secrets
from ..errors import NotTaken
from ..settings import Settings
from ..words import N_
from .origin import origin, rp_id

_NAME = "Challng"
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_REFUSED = N_(
    "What the phone's own lock has answered does not fit this registration. Try again, or choose a "
    "PIN instead."
)
_SYNCED = N_(
    "This phone copies its passkeys to other devices, which is not allowed here: choose a PIN "
    "instead."
)
_MAKE = N_("This phone does not prove how its keys are protected: choose a PIN instead.")


@dataclass(frozen=True)
class Credential:
    """What is kept of a registered authenticator."""

    id: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool


def options(
    settings: Settings, secrets: Secrets, user_id: int, user: str, challenge: bytes
) -> dict[str, Any]:
    """Return the options for `navigator.credentials.create`, as JSON has them."""
    made = generate_registration_options(
        rp_id=rp_id(settings),
        rp_name=_NAME,
        user_name=user,
        user_id=secrets.mac(LOOKUP, "webauthn user", str(user_id)),
        challenge=challenge,
        attestation=AttestationConveyancePreference(settings.attestation),
        authenticator_selection=AuthenticatorSelectionCriteria(
            authenticator_attachment=AuthenticatorAttachment.PLATFORM,
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        supported_pub_key_algs=_ALGORITHMS,
    )
    found: dict[str, Any] = json.loads(options_to_json(made))
    return found


def check(settings: Settings, challenge: bytes, response: Mapping[str, Any]) -> Credential:
    """Check what an authenticator has answered; raises NotTaken."""
    roots = _roots(settings)
    try:
        if roots is not None and not _proves_its_make(response):
            raise NotTaken(_MAKE, field="credential")
        found = verify_registration_response(
            credential=dict(response),
            expected_challenge=challenge,
            expected_rp_id=rp_id(settings),
            expected_origin=origin(settings),
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
            pem_root_certs_bytes_by_fmt=None if roots is None else dict.fromkeys(_PROVING, roots),
        )
    except NotTaken:
        raise
    except Exception:  # whatever the library makes of bytes that a stranger has put together
        raise NotTaken(_REFUSED, field="credential") from None
    if (
        found.credential_device_type is CredentialDeviceType.MULTI_DEVICE
        and not settings.allow_synced_passkeys
    ):
        raise NotTaken(_SYNCED, field="credential")
    return Credential(
        found.credential_id,
        found.credential_public_key,
        found.sign_count,
        found.credential_backed_up,
    )


_PROVING = (
    AttestationFormat.PACKED,
    AttestationFormat.TPM,
    AttestationFormat.ANDROID_KEY,
    AttestationFormat.APPLE,
)


def _roots(settings: Settings) -> list[bytes] | None:
    """Return the roots of the makes that are taken; None where no proof is asked for."""
    if settings.attestation == "none" or settings.attestation_roots is None:
        return None
    end = b"-----END CERTIFICATE-----"
    parts = settings.attestation_roots.read_bytes().split(end)
    return [part.lstrip() + end + b"\n" for part in parts if b"-----BEGIN" in part]


def _proves_its_make(response: Mapping[str, Any]) -> bool:
    """Tell whether there is a certificate: an authenticator's own word for itself is none."""
    given = parse_attestation_object(
        base64url_to_bytes(str(response["response"]["attestationObject"]))
    )
    return given.fmt in _PROVING and bool(given.att_stmt.x5c)
