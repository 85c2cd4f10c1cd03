"""The cryptography of a key file: PBKDF2, AES in CBC mode, HMAC over the ciphertext."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from ..errors import PskcError

BLOCK = 16


def derive(passphrase: str, salt: bytes, iterations: int, length: int, prf: str) -> bytes:
    """PBKDF2 (RFC 8018): `length` bytes, `prf` a hashlib name."""
    return hashlib.pbkdf2_hmac(prf, passphrase.encode(), salt, iterations, length)


def encrypt(key: bytes, plain: bytes) -> bytes:
    """Return IV and ciphertext, as XML Encryption joins them (section 5.2)."""
    padder = PKCS7(8 * BLOCK).padder()
    iv = secrets.token_bytes(BLOCK)
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    padded = padder.update(plain) + padder.finalize()
    return iv + encryptor.update(padded) + encryptor.finalize()


def decrypt(key: bytes, sealed: bytes) -> bytes:
    """Undo `encrypt`; raises PskcError when the key or the data is wrong."""
    if len(sealed) < 2 * BLOCK or len(sealed) % BLOCK:
        raise PskcError("an encrypted value is not whole AES blocks: the file is damaged")
    decryptor = Cipher(AES(key), CBC(sealed[:BLOCK])).decryptor()
    padded = decryptor.update(sealed[BLOCK:]) + decryptor.finalize()
    unpadder = PKCS7(8 * BLOCK).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise PskcError("the passphrase or key is wrong, or the file is damaged") from None


def mac(key: bytes, sealed: bytes, hash_name: str) -> bytes:
    """The ValueMAC of an encrypted value: HMAC over IV and ciphertext (RFC 6030 section 6.1.1)."""
    return hmac.digest(key, sealed, hash_name)
