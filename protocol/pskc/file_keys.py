"""What opens the values of one key file: its AES key, and its MAC key."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ..errors import PskcError
from . import crypto, names
from .elements import base64, child, need, number, text
from .secret import PreSharedKey, Secret

_ASK = "ask for a file under a passphrase or a pre-shared key"


@dataclass(frozen=True)
class FileKeys:
    """The file's AES key, its MAC key and that MAC's hash; kept out of reprs and messages."""

    cipher: bytes
    mac: bytes
    mac_hash: str

    def __repr__(self) -> str:
        return "FileKeys()"

    @classmethod
    def open(cls, root: Element, secret: Secret) -> FileKeys:
        """Derive or take the file's key and decrypt the MAC key; raises PskcError."""
        cipher_key = _cipher_key(root, secret)
        method = child(root, "MACMethod")
        if method is None:
            raise PskcError("the key file has no MAC: its keys could have been changed, refused")
        mac_hash = names.HMAC.get(method.get("Algorithm", ""))
        if mac_hash is None:
            raise PskcError("the key file's MAC algorithm is not HMAC-SHA1, -SHA256 or -SHA512")
        mac_key = crypto.decrypt(cipher_key, _ciphertext(need(method, "MACKey"), cipher_key))
        return cls(cipher_key, mac_key, mac_hash)

    def secret(self, element: Element) -> bytes:
        """Decrypt a <Secret>, its ValueMAC checked first."""
        if child(element, "PlainValue") is not None:
            raise PskcError(f"a key in the file is not encrypted (PlainValue): refused, {_ASK}")
        sealed = _ciphertext(need(element, "EncryptedValue"), self.cipher)
        value_mac = child(element, "ValueMAC")
        if value_mac is None:
            raise PskcError("a key in the file has no MAC: refused")
        if not hmac.compare_digest(crypto.mac(self.mac, sealed, self.mac_hash), base64(value_mac)):
            raise PskcError(
                "a key's MAC is wrong: the passphrase or key is wrong, or the file was changed"
            )
        key = crypto.decrypt(self.cipher, sealed)
        if len(key) < names.MIN_KEY_BYTES:
            raise PskcError("a key in the file is shorter than 128 bits (RFC 4226 R6): refused")
        return key


def _cipher_key(root: Element, secret: Secret) -> bytes:
    encryption = child(root, "EncryptionKey")
    if encryption is None:
        raise PskcError(f"the key file is not encrypted, its keys are open to all: refused, {_ASK}")
    derived, named = child(encryption, "DerivedKey"), child(encryption, "KeyName")
    if derived is not None:
        if isinstance(secret, PreSharedKey):
            raise PskcError("the key file is encrypted with a passphrase: give that, not a key")
        return _derive(derived, secret.text)
    if named is not None:
        name = text(named, "KeyName")
        if not isinstance(secret, PreSharedKey):
            raise PskcError(
                f"the key file is encrypted with a pre-shared key, not a passphrase: give {name!a}"
            )
        if name != secret.name:
            raise PskcError(f"the key file is encrypted with the key {name!a}: name and give that")
        return secret.key
    if child(encryption, "RetrievalMethod") is not None:
        raise PskcError(f"the key file points to a key outside of it: refused, {_ASK}")
    raise PskcError(
        "the key file is encrypted to a certificate or public key (RFC 6030 section 6.3), "
        f"which is not read here: refused, {_ASK}"
    )


def _derive(derived: Element, passphrase: str) -> bytes:
    method = need(derived, "KeyDerivationMethod")
    if method.get("Algorithm") != names.PBKDF2:
        raise PskcError("the key file's key derivation is not PBKDF2")
    params = need(method, "PBKDF2-params")
    salt = base64(need(need(params, "Salt"), "Specified"))
    iterations = number(need(params, "IterationCount"), "IterationCount")
    if not names.MIN_ITERATIONS <= iterations <= names.MAX_ITERATIONS:
        raise PskcError("the key file's PBKDF2 iterations must be 1,000 to 10,000,000")
    length = number(need(params, "KeyLength"), "KeyLength")
    if length not in names.AES_CBC.values():
        raise PskcError("the key file's KeyLength must be 16, 24 or 32 bytes")
    return crypto.derive(passphrase, salt, iterations, length, _prf(child(params, "PRF")))


def _prf(element: Element | None) -> str:
    """The PRF as an attribute (PKCS #5's schema) or as text (some writers); SHA-1 by default."""
    uri = "" if element is None else element.get("Algorithm") or (element.text or "").strip()
    if not uri:
        return "sha1"
    if uri not in names.HMAC:
        raise PskcError("the key file's PBKDF2 PRF is not HMAC-SHA1, -SHA256 or -SHA512")
    return names.HMAC[uri]


def _ciphertext(element: Element, key: bytes) -> bytes:
    algorithm = need(element, "EncryptionMethod").get("Algorithm", "")
    if names.AES_CBC.get(algorithm) != len(key):
        raise PskcError("a value's cipher is not AES-CBC with the file's key length")
    data = need(element, "CipherData")
    if child(data, "CipherReference") is not None:
        raise PskcError("a value in the key file points outside of it (CipherReference): refused")
    return base64(need(data, "CipherValue"))
