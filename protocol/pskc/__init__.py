"""Card records as files: PSKC (RFC 6030), encrypted with a passphrase, always with a MAC.

A reader and a writer of our own on `cryptography` and `defusedxml`; why not a library is told in
docs/decisions/0005-pskc.md. Other algorithms than OCRA and unencrypted keys stay out.
"""

from ..errors import PskcError
from .reader import read
from .records import CardRecord
from .secret import Passphrase, PreSharedKey, Secret
from .writer import write

__all__ = ["CardRecord", "Passphrase", "PreSharedKey", "PskcError", "Secret", "read", "write"]
