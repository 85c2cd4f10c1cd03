"""Card records -> a PSKC file that this package and other OATH servers read."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Sequence

# Only builds a tree here; nothing foreign is ever parsed with it.
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from .. import ocra
from ..errors import PskcError
from . import crypto, names
from .records import CardRecord
from .secret import PreSharedKey, Secret

ITERATIONS = 600_000
"""PBKDF2-HMAC-SHA256 rounds, as OWASP's password storage cheat sheet advises."""


def write(records: Sequence[CardRecord], secret: Secret, *, iterations: int = ITERATIONS) -> bytes:
    """Return the file's bytes: keys encrypted with AES-CBC, each with an HMAC-SHA256.

    Under a passphrase it is AES-256 after so many iterations of PBKDF2; under a pre-shared key,
    AES of that key's length. Raises PskcError where there are no records.
    """
    if not records:
        raise PskcError("there is no card record to write")
    mac_key = secrets.token_bytes(32)

    container = Element(
        "pskc:KeyContainer",
        {
            "Version": "1.0",
            "xmlns:pskc": names.PSKC,
            "xmlns:ds": names.DS,
            "xmlns:xenc": names.XENC,
            "xmlns:xenc11": names.XENC11,
            "xmlns:pkcs5": names.PKCS5,
        },
    )
    encryption = SubElement(container, "pskc:EncryptionKey")
    if isinstance(secret, PreSharedKey):
        _text(encryption, "ds:KeyName", secret.name)
        file_key = secret.key
    else:
        salt = secrets.token_bytes(16)
        _write_derivation(encryption, salt, iterations)
        file_key = crypto.derive(secret.text, salt, iterations, 32, "sha256")
    mac_method = SubElement(container, "pskc:MACMethod", Algorithm=names.HMAC_SHA256)
    _write_cipher(SubElement(mac_method, "pskc:MACKey"), file_key, mac_key)
    for record in records:
        _write_package(container, record, file_key, mac_key)
    indent(container)
    document: bytes = tostring(container, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _write_derivation(encryption: Element, salt: bytes, iterations: int) -> None:
    derived = SubElement(encryption, "xenc11:DerivedKey")
    method = SubElement(derived, "xenc11:KeyDerivationMethod", Algorithm=names.PBKDF2)
    params = SubElement(method, "pkcs5:PBKDF2-params")
    _text(SubElement(params, "Salt"), "Specified", b64encode(salt).decode())
    _text(params, "IterationCount", str(iterations))
    _text(params, "KeyLength", "32")
    SubElement(params, "PRF", Algorithm=names.HMAC_SHA256)


def _write_package(container: Element, record: CardRecord, file_key: bytes, mac_key: bytes) -> None:
    suite = ocra.parse(record.suite)
    package = SubElement(container, "pskc:KeyPackage")
    device = SubElement(package, "pskc:DeviceInfo")
    _text(device, "pskc:SerialNo", record.serial)
    key = SubElement(package, "pskc:Key", Id=record.key_id, Algorithm=names.OCRA_PROFILE)
    _text(key, "pskc:Issuer", record.issuer)
    parameters = SubElement(key, "pskc:AlgorithmParameters")
    _text(parameters, "pskc:Suite", record.suite)
    length = str(record.challenge_length)
    SubElement(parameters, "pskc:ChallengeFormat", Encoding="DECIMAL", Min=length, Max=length)
    SubElement(parameters, "pskc:ResponseFormat", Encoding="DECIMAL", Length=str(suite.digits))
    data = SubElement(key, "pskc:Data")
    secret = SubElement(data, "pskc:Secret")
    sealed = _write_cipher(SubElement(secret, "pskc:EncryptedValue"), file_key, record.key)
    _text(secret, "pskc:ValueMAC", b64encode(crypto.mac(mac_key, sealed, "sha256")).decode())
    _text(SubElement(data, "pskc:Counter"), "pskc:PlainValue", str(record.counter))
    if suite.pin_hash is not None:
        pin = str(record.pin_length)
        SubElement(
            SubElement(key, "pskc:Policy"),
            "pskc:PINPolicy",
            PINUsageMode="Algorithmic",
            MinLength=pin,
            MaxLength=pin,
            PINEncoding="DECIMAL",
        )


def _write_cipher(parent: Element, file_key: bytes, plain: bytes) -> bytes:
    sealed = crypto.encrypt(file_key, plain)
    SubElement(parent, "xenc:EncryptionMethod", Algorithm=names.AES_CBC_URI[len(file_key)])
    _text(SubElement(parent, "xenc:CipherData"), "xenc:CipherValue", b64encode(sealed).decode())
    return sealed


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text
