"""Card records as files: PSKC (RFC 6030), encrypted, always with a MAC.

A reader and a writer of our own on `cryptography` and `defusedxml`; why not a library is told in
docs/decisions/0005-pskc.md. A card record is OCRA; `read_packages` reads other keys, too.
Unencrypted keys stay out.
"""

from ..errors import PskcError
from .packages import KeyPackage, read_packages
from .reader import read
from .records import CardRecord
from .secret import Passphrase, PreSharedKey, Secret
from .writer import write

__all__ = [
    "CardRecord",
    "KeyPackage",
    "Passphrase",
    "PreSharedKey",
    "PskcError",
    "Secret",
    "read",
    "read_packages",
    "write",
]
