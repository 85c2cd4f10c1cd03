"""A phone that is registered already, and what its user says to a login."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from sqlalchemy import insert

from server.accounts import users
from server.clock import Clock
from server.db.tables import devices, mobile_keys
from server.factors.mobile_key import Element
from server.factors.mobile_key_factor import place
from server.states.device import DeviceState
from server.verifier import Verifier
from tests.phone import CURVE, Authenticator, Key, Phone, b64url, ec, point

PHONE_PIN = "k7Qm2"
PUBLIC_URL = "http://localhost"


def cose(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A public key as WebAuthn keeps it (RFC 9052)."""
    raw = point(key)
    return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + raw[1:33] + b"\x22\x58\x20" + raw[33:]


def give_phone(
    verifier: Verifier,
    client: Any,
    user: str = "alice",
    element: Element = Element.PIN,
    number: int = 10_000_001,
    clock: Clock | None = None,
    state: DeviceState = DeviceState.ACTIVE,
) -> Phone:
    """Put a phone where a registration would have put it."""
    serial = f"MK{number}"
    authenticator = Authenticator(origin=PUBLIC_URL)
    key = Key(
        serial=serial,
        user=user,
        element=element.value,
        suite=element.suite,
        ocra_key=secrets.token_bytes(32),
        sign_key=ec.generate_private_key(CURVE),
        authenticator=authenticator,
    )
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        device_id = connection.execute(
            insert(devices)
            .values(
                kind="mobile_key",
                state=state.value,
                serial=serial,
                owner_id=users.get(connection, user).id,
                label=f"phone-{number}",
                wrong_run=0,
                added_at=now,
                activated_at=now,
            )
            .returning(devices.c.id)
        ).scalar_one()
        by_platform = element is Element.WEBAUTHN
        connection.execute(
            insert(mobile_keys).values(
                device_id=device_id,
                installation="A" * 22,
                phone="Chrome on Android",
                element=element.value,
                suite=element.suite,
                key_sealed=verifier.keyring.seal(key.ocra_key, place("key_sealed", device_id)),
                pin_sealed=verifier.keyring.seal(
                    PHONE_PIN.encode(), place("pin_sealed", device_id)
                ),
                counter=0,
                sign_key=point(key.sign_key),
                credential_id=authenticator.credential_id if by_platform else None,
                credential_key=cose(authenticator.key) if by_platform else None,
                sign_count=0,
            )
        )
    return Phone(client, clock or verifier.clock, authenticator, keys=[key])


def pending(phone: Phone) -> Any:
    answer = phone.sign(phone.keys[0], "GET", "/api/v1/mobile/pending")
    assert answer.status_code == 200, answer.text
    return answer.json()


def waits(phone: Phone) -> dict[str, Any]:
    """The one login that the phone is asked about."""
    (login,) = pending(phone)["logins"]
    found: dict[str, Any] = login
    return found


def message(verdict: str, number: str | None, told: str) -> bytes:
    return f"challng approval 1\n{verdict}\n{number or '-'}\n{told}".encode()


def said(
    key: Key, login: dict[str, Any], verdict: str, number: str | None, pin: str = PHONE_PIN
) -> dict[str, Any]:
    """The body that the app sends."""
    signed = message(verdict, number, login["details"])
    body: dict[str, Any] = {
        "verdict": verdict,
        "number": number,
        "signature": b64url(key.sign(signed)),
        "pin_proof": None,
        "assertion": None,
    }
    if verdict == "approve" and key.element == "pin":
        body["pin_proof"] = key.proof(signed, pin)
    elif verdict == "approve":
        body["assertion"] = key.authenticator.get(hashlib.sha256(signed).digest())
    return body


def send(phone: Phone, login: dict[str, Any], body: dict[str, Any]) -> Any:
    return phone.sign(phone.keys[0], "POST", f"/api/v1/mobile/approvals/{login['login']}", body)


def approve(phone: Phone, number: str, pin: str = PHONE_PIN) -> Any:
    """Approve the one login that waits."""
    login = waits(phone)
    return send(phone, login, said(phone.keys[0], login, "approve", number, pin))


def deny(phone: Phone) -> Any:
    login = waits(phone)
    return send(phone, login, said(phone.keys[0], login, "deny", None))


def told(login: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(login["details"])
    return found
