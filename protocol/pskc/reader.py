"""A PSKC file -> card records, or a refusal that says why. Nothing in the file is trusted."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .. import ocra
from ..errors import OcraError, PskcError
from . import crypto, names
from .records import CardRecord
from .secret import PreSharedKey, Secret

_NAMESPACES = {"", names.PSKC, names.DS, names.XENC, names.XENC11, names.PKCS5}


def read(data: bytes, secret: Secret) -> list[CardRecord]:
    """Return the file's card records, every key checked against its MAC before it is decrypted.

    Refused with PskcError: over 1 MB, not XML, entities or external references, no or wrong MAC,
    a wrong passphrase, 1,000 to 10 million iterations passed over either way, algorithms other
    than OCRA, AES-CBC, HMAC and PBKDF2, and a serial that stands twice.
    """
    if len(data) > names.MAX_BYTES:
        raise PskcError("a key file is at most 1 MB; this one is larger")
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise PskcError("the key file has a document type or entities: refused") from None
    except (ParseError, ValueError, LookupError):
        raise PskcError("the key file is not well-formed XML") from None
    if root.tag != f"{{{names.PSKC}}}KeyContainer" or root.get("Version") != "1.0":
        raise PskcError("the file is not a PSKC key container of version 1.0 (RFC 6030)")
    keys = _FileKeys.open(root, secret)
    records = [_record(package, keys) for package in _children(root, "KeyPackage")]
    if not records:
        raise PskcError("the key file holds no key package")
    serials = [record.serial for record in records]
    if len(set(serials)) != len(serials):
        raise PskcError("a serial stands twice in the key file: refused")
    return records


@dataclass(frozen=True)
class _FileKeys:
    """What opens the values of one file; kept out of reprs and messages."""

    cipher: bytes
    mac: bytes
    mac_hash: str

    def __repr__(self) -> str:
        return "_FileKeys()"

    @classmethod
    def open(cls, root: Element, secret: Secret) -> _FileKeys:
        cipher_key = _cipher_key(root, secret)
        method = _child(root, "MACMethod")
        if method is None:
            raise PskcError("the key file has no MAC: its keys could have been changed, refused")
        mac_hash = names.HMAC.get(method.get("Algorithm", ""))
        if mac_hash is None:
            raise PskcError("the key file's MAC algorithm is not HMAC-SHA1, -SHA256 or -SHA512")
        mac_key = crypto.decrypt(cipher_key, _ciphertext(_need(method, "MACKey"), cipher_key))
        return cls(cipher_key, mac_key, mac_hash)

    def secret(self, element: Element) -> bytes:
        """Decrypt a <Secret>, its ValueMAC checked first."""
        sealed = _ciphertext(_need(element, "EncryptedValue"), self.cipher)
        value_mac = _child(element, "ValueMAC")
        if value_mac is None:
            raise PskcError("a key in the file has no MAC: refused")
        if not hmac.compare_digest(crypto.mac(self.mac, sealed, self.mac_hash), _base64(value_mac)):
            raise PskcError("a key's MAC is wrong: wrong passphrase, or the file was changed")
        secret = crypto.decrypt(self.cipher, sealed)
        if len(secret) < names.MIN_KEY_BYTES:
            raise PskcError("a key in the file is shorter than 128 bits (RFC 4226 R6): refused")
        return secret


def _cipher_key(root: Element, secret: Secret) -> bytes:
    encryption = _child(root, "EncryptionKey")
    if encryption is None:
        raise PskcError("the key file is not encrypted: refused, its keys are open to all")
    derived = _child(encryption, "DerivedKey")
    if isinstance(secret, PreSharedKey):
        if derived is not None:
            raise PskcError("the key file is encrypted with a passphrase: give that, not a key")
        return _named_key(encryption, secret)
    if derived is None:
        raise PskcError("the key file is not encrypted with a passphrase (no DerivedKey): refused")
    return _derive(derived, secret.text)


def _named_key(encryption: Element, secret: PreSharedKey) -> bytes:
    name = _text(_need(encryption, "KeyName"), "KeyName")
    if name != secret.name:
        raise PskcError(f"the key file calls its key {name!a}: give that one with --key-name")
    return secret.key


def _derive(derived: Element, passphrase: str) -> bytes:
    method = _need(derived, "KeyDerivationMethod")
    if method.get("Algorithm") != names.PBKDF2:
        raise PskcError("the key file's key derivation is not PBKDF2")
    params = _need(method, "PBKDF2-params")
    salt = _base64(_need(_need(params, "Salt"), "Specified"))
    iterations = _number(_need(params, "IterationCount"), "IterationCount")
    if not names.MIN_ITERATIONS <= iterations <= names.MAX_ITERATIONS:
        raise PskcError("the key file's PBKDF2 iterations must be 1,000 to 10,000,000")
    length = _number(_need(params, "KeyLength"), "KeyLength")
    if length not in names.AES_CBC.values():
        raise PskcError("the key file's KeyLength must be 16, 24 or 32 bytes")
    return crypto.derive(passphrase, salt, iterations, length, _prf(_child(params, "PRF")))


def _prf(element: Element | None) -> str:
    """The PRF as an attribute (PKCS #5's schema) or as text (some writers); SHA-1 by default."""
    uri = "" if element is None else element.get("Algorithm") or (element.text or "").strip()
    if not uri:
        return "sha1"
    if uri not in names.HMAC:
        raise PskcError("the key file's PBKDF2 PRF is not HMAC-SHA1, -SHA256 or -SHA512")
    return names.HMAC[uri]


def _record(package: Element, keys: _FileKeys) -> CardRecord:
    serial = _text(_need(_need(package, "DeviceInfo"), "SerialNo"), "SerialNo")
    key = _need(package, "Key")
    if key.get("Algorithm") != names.OCRA_PROFILE:
        raise PskcError(f"key {serial!a}: its algorithm is not OCRA")
    parameters = _need(key, "AlgorithmParameters")
    suite = _text(_need(parameters, "Suite"), "Suite")
    try:
        parsed = ocra.parse(suite)
    except OcraError as error:
        raise PskcError(f"key {serial!a}: {error}") from None
    data = _need(key, "Data")
    return CardRecord(
        serial=serial,
        suite=suite,
        key=keys.secret(_need(data, "Secret")),
        counter=_counter(data),
        issuer=_optional_text(key, "Issuer"),
        key_id=key.get("Id", ""),
        challenge_length=_challenge_length(parameters, parsed),
        pin_length=_pin_length(key),
    )


def _counter(data: Element) -> int:
    element = _child(data, "Counter")
    if element is None:
        return 0
    counter = _number(_need(element, "PlainValue"), "Counter")
    if counter >= 2**63:
        raise PskcError("a counter in the key file is 2**63 or more")
    return counter


def _challenge_length(parameters: Element, suite: ocra.Suite) -> int:
    element = _child(parameters, "ChallengeFormat")
    if element is None:
        return suite.question_length
    return _attribute(element, "Max", 4, 64)


def _pin_length(key: Element) -> int:
    policy = _child(key, "Policy")
    pin = None if policy is None else _child(policy, "PINPolicy")
    return 4 if pin is None or pin.get("MaxLength") is None else _attribute(pin, "MaxLength", 1, 64)


# --- elements; names are matched without their namespace, as files in the field mix those up


def _children(parent: Element, name: str) -> list[Element]:
    found = []
    for child in parent:
        namespace, _, local = child.tag.rpartition("}")
        if local == name and namespace.removeprefix("{") in _NAMESPACES:
            found.append(child)
    return found


def _child(parent: Element, name: str) -> Element | None:
    found = _children(parent, name)
    if len(found) > 1:
        raise PskcError(f"the key file has {name} twice where one is allowed")
    return found[0] if found else None


def _need(parent: Element, name: str) -> Element:
    child = _child(parent, name)
    if child is None:
        raise PskcError(f"the key file lacks {name}")
    return child


def _ciphertext(element: Element, key: bytes) -> bytes:
    algorithm = _need(element, "EncryptionMethod").get("Algorithm", "")
    if names.AES_CBC.get(algorithm) != len(key):
        raise PskcError("a value's cipher is not AES-CBC with the file's key length")
    return _base64(_need(_need(element, "CipherData"), "CipherValue"))


def _text(element: Element, name: str) -> str:
    text = (element.text or "").strip()
    if not 1 <= len(text) <= 128 or not text.isprintable():
        raise PskcError(f"{name} in the key file must be 1 to 128 printable characters")
    return text


def _optional_text(parent: Element, name: str) -> str:
    child = _child(parent, name)
    return "" if child is None else _text(child, name)


def _number(element: Element, name: str) -> int:
    text = (element.text or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise PskcError(f"{name} in the key file must be a whole number")
    return int(text)


def _attribute(element: Element, name: str, low: int, high: int) -> int:
    text = element.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and low <= int(text) <= high):
        raise PskcError(f"{name} in the key file must be {low} to {high}")
    return int(text)


def _base64(element: Element) -> bytes:
    try:
        return b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise PskcError("a value in the key file is not base64") from None
