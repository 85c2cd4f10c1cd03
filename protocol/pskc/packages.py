"""A PSKC file -> its key packages, of any algorithm, every key checked against its MAC."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ..errors import PskcError
from . import names, open_formats
from .elements import attribute, child, children, need, number, optional_text, text
from .file_keys import FileKeys
from .secret import Secret


@dataclass(frozen=True, slots=True)
class KeyPackage:
    """One key of a file; what the file does not say is empty or None.

    `algorithm` is the profile's URI, lengths are in characters; `key` never shows in a repr.
    """

    serial: str
    algorithm: str
    key: bytes = field(repr=False)
    counter: int
    issuer: str
    key_id: str
    suite: str = ""
    challenge_length: int | None = None
    response_length: int | None = None
    pin_length: int | None = None


def read_packages(data: bytes, secret: Secret) -> list[KeyPackage]:
    """Return the file's key packages.

    Refused with PskcError: over 1 MB, not XML, entities, values or keys outside the file, no or
    wrong MAC, no encryption or to a certificate, a wrong secret, under 1,000 or over 10 million
    iterations, and algorithms other than AES-CBC, HMAC and PBKDF2.
    """
    if len(data) > names.MAX_BYTES:
        raise PskcError("a key file is at most 1 MB; this one is larger")
    open_formats.refuse_content(data)
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise PskcError("the key file has a document type or entities: refused") from None
    except (ParseError, ValueError, LookupError):
        raise PskcError("the key file is not well-formed XML") from None
    if root.tag != f"{{{names.PSKC}}}KeyContainer" or root.get("Version") != "1.0":
        raise PskcError("the file is not a PSKC key container of version 1.0 (RFC 6030)")
    keys = FileKeys.open(root, secret)
    packages = [_package(element, keys) for element in children(root, "KeyPackage")]
    if not packages:
        raise PskcError("the key file holds no key package")
    return packages


def _package(element: Element, keys: FileKeys) -> KeyPackage:
    serial = text(need(need(element, "DeviceInfo"), "SerialNo"), "SerialNo")
    key = need(element, "Key")
    data = need(key, "Data")
    parameters = child(key, "AlgorithmParameters")
    return KeyPackage(
        serial=serial,
        algorithm=key.get("Algorithm", ""),
        key=keys.secret(need(data, "Secret")),
        counter=_counter(data),
        issuer=optional_text(key, "Issuer"),
        key_id=key.get("Id", ""),
        suite="" if parameters is None else optional_text(parameters, "Suite"),
        challenge_length=_length(parameters, "ChallengeFormat", "Max", 4),
        response_length=_length(parameters, "ResponseFormat", "Length", 1),
        pin_length=_length(child(key, "Policy"), "PINPolicy", "MaxLength", 1),
    )


def _counter(data: Element) -> int:
    element = child(data, "Counter")
    if element is None:
        return 0
    counter = number(need(element, "PlainValue"), "Counter")
    if counter >= 2**63:
        raise PskcError("a counter in the key file is 2**63 or more")
    return counter


def _length(parent: Element | None, name: str, bound: str, low: int) -> int | None:
    element = None if parent is None else child(parent, name)
    if element is None or element.get(bound) is None:
        return None
    return attribute(element, bound, low, 64)
