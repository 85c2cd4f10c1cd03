"""The names that RFC 6030 and the documents under it use."""

from __future__ import annotations

PSKC = "urn:ietf:params:xml:ns:keyprov:pskc"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
PKCS5 = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"
PROFILES = PSKC + ":"
OCRA_PROFILE = PROFILES + "ocra"

PBKDF2 = PKCS5 + "pbkdf2"
AES_CBC = {f"{XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
"""Cipher URI -> key length in bytes."""

HMAC = {
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1": "sha1",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512": "sha512",
}
"""MAC and PRF URI -> hashlib name."""

AES_CBC_URI = {size: uri for uri, size in AES_CBC.items()}
HMAC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"

MAX_BYTES = 1_000_000
MIN_ITERATIONS = 1_000
MAX_ITERATIONS = 10_000_000
MIN_KEY_BYTES = 16
