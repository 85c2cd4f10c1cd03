"""The phone's own lock as the security element: what of WebAuthn is taken, and by which policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError
from sqlalchemy import select

from server.audit.events import Event
from server.db.tables import mobile_keys
from server.settings import Settings
from server.verifier import Verifier
from tests.phone import BE, BS, CURVE, UP, UV, Authenticator

from .post import Hook, hook
from .registering import ON_RECORD, events, make, put_on_record, register, start
from .support import ToldClock, add_user


@pytest.fixture
def gateway() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock, gateway: Hook) -> Iterator[Verifier]:
    made = make(tmp_path, clock, gateway)
    yield made
    made.close()


def given(verifier: Verifier, gateway: Hook, authenticator: Authenticator, **change: Any) -> Any:
    """What comes of registering with this authenticator."""
    run = start(verifier, gateway)
    run.phone.authenticator = authenticator
    run.begin()
    body, _ = run.phone.element(run.bearer, run.prove(), "webauthn")
    return run.element(body | change)


def stored(verifier: Verifier) -> Any:
    with verifier.database.reading() as connection:
        return connection.execute(select(mobile_keys)).one_or_none()


def test_what_is_kept_of_an_authenticator(verifier: Verifier, gateway: Hook) -> None:
    lock = Authenticator(sign_count=7)
    assert given(verifier, gateway, lock).status_code == 200
    row = stored(verifier)
    assert row.credential_id == lock.credential_id
    assert (row.element, row.suite) == ("webauthn", "OCRA-1:HOTP-SHA256-8:C-QN06")
    assert (row.sign_count, row.backed_up) == (7, False)


@pytest.mark.parametrize(
    "lock",
    [
        Authenticator(flags=UP),
        Authenticator(flags=UV),
        Authenticator(origin="https://evil.example.com"),
        Authenticator(origin="http://localhost:8080"),
        Authenticator(rp_id="evil.example.com"),
        Authenticator(credential_id=b""),
    ],
    ids=["user not verified", "nobody there", "origin", "port", "relying party", "no credential"],
)
def test_an_answer_that_does_not_fit_is_refused(
    verifier: Verifier, gateway: Hook, lock: Authenticator
) -> None:
    answer = given(verifier, gateway, lock)
    assert (answer.status_code, answer.json()["field"]) == (422, "credential")
    assert stored(verifier) is None
    assert len(events(verifier, Event.REGISTRATION_REFUSED)) == 1


def test_an_answer_to_another_challenge_is_refused(verifier: Verifier, gateway: Hook) -> None:
    lock = Authenticator()
    old = lock.create({"challenge": "A" * 43})
    assert given(verifier, gateway, lock, credential=old).json()["field"] == "credential"
    assert stored(verifier) is None


@pytest.mark.parametrize(
    "credential",
    [
        None,
        {},
        {"id": "x"},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA"}},
        {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "response": {"clientDataJSON": "e30", "attestationObject": "oA"},
        },
    ],
)
def test_what_is_no_answer_at_all_is_refused(
    verifier: Verifier, gateway: Hook, credential: object
) -> None:
    answer = given(verifier, gateway, Authenticator(), credential=credential)
    assert (answer.status_code, answer.json()["field"]) == (422, "credential")
    assert stored(verifier) is None


def test_one_credential_is_not_two_users_keys(verifier: Verifier, gateway: Hook) -> None:
    phone, _ = register(verifier, gateway, element="webauthn")
    add_user(verifier, "bob")
    put_on_record(verifier, ON_RECORD, "bob")
    run = start(verifier, gateway, "bob", phone)
    run.begin()
    body, _ = phone.element(run.bearer, run.prove(), "webauthn")
    assert run.element(body).status_code == 409


def test_a_passkey_that_is_copied_is_a_setting(
    tmp_path: Path, clock: ToldClock, gateway: Hook, verifier: Verifier
) -> None:
    synced = Authenticator(flags=UP | UV | BE | BS)
    strict = make(tmp_path / "strict", clock, gateway, allow_synced_passkeys=False)
    answer = given(strict, gateway, synced)
    assert (answer.status_code, answer.json()["field"]) == (422, "credential")
    assert "copies its passkeys" in answer.json()["detail"]
    strict.close()
    assert given(verifier, gateway, synced).status_code == 200
    assert stored(verifier).backed_up is True


# --- attestation


def maker(folder: Path, clock: ToldClock) -> tuple[Path, Authenticator]:
    """A maker of authenticators: the file of its root, and one that it vouches for."""
    now = clock.now()

    def certificate(
        name: str,
        key: ec.EllipticCurvePrivateKey,
        signer: ec.EllipticCurvePrivateKey,
        ca: bool,
    ) -> x509.Certificate:
        def named(text: str) -> x509.Name:
            return x509.Name(
                [
                    x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"),
                    x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Maker"),
                    x509.NameAttribute(
                        NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"
                    ),
                    x509.NameAttribute(NameOID.COMMON_NAME, text),
                ]
            )

        return (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("root"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3650))
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .sign(signer, hashes.SHA256())
        )

    root_key, leaf_key = ec.generate_private_key(CURVE), ec.generate_private_key(CURVE)
    root = folder / "roots.pem"
    root.write_bytes(
        certificate("root", root_key, root_key, True).public_bytes(serialization.Encoding.PEM)
    )
    leaf = certificate("leaf", leaf_key, root_key, False)
    der = leaf.public_bytes(serialization.Encoding.DER)
    return root, Authenticator(certificate=der, certificate_key=leaf_key)


def test_with_the_policy_direct_the_make_has_to_be_proved(
    tmp_path: Path, clock: ToldClock, gateway: Hook
) -> None:
    root, vouched = maker(tmp_path, clock)
    (tmp_path / "other").mkdir()
    _, stranger = maker(tmp_path / "other", clock)
    strict = make(tmp_path / "strict", clock, gateway, attestation="direct", attestation_roots=root)
    for each in (Authenticator(), stranger):
        answer = given(strict, gateway, each)
        assert (answer.status_code, answer.json()["field"]) == (422, "credential")
    assert stored(strict) is None
    assert given(strict, gateway, vouched).status_code == 200
    strict.close()


def test_the_policy_direct_needs_its_roots(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="CHALLNG_ATTESTATION=direct"):
        Settings(data=tmp_path, attestation="direct")


@pytest.mark.parametrize(
    "address",
    ["login.example.com", "http://login.example.com", "https://", "https://a.example/x", "ftp://a"],
)
def test_a_public_address_is_an_origin(tmp_path: Path, address: str) -> None:
    with pytest.raises(ValidationError):
        Settings(data=tmp_path, public_url=address)
    assert (
        Settings(data=tmp_path, public_url="https://a.example/").public_url == "https://a.example"
    )
