"""Looking into a PSKC document: children by name, texts within bounds.

Names are matched under any namespace of RFC 6030, as files in the field mix those up.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from xml.etree.ElementTree import Element

from ..errors import PskcError
from . import names

_NAMESPACES = {"", names.PSKC, names.DS, names.XENC, names.XENC11, names.PKCS5}


def children(parent: Element, name: str) -> list[Element]:
    """All children of that name."""
    found = []
    for one in parent:
        namespace, _, local = one.tag.rpartition("}")
        if local == name and namespace.removeprefix("{") in _NAMESPACES:
            found.append(one)
    return found


def child(parent: Element, name: str) -> Element | None:
    """The one child of that name, or None; raises PskcError for a second one."""
    found = children(parent, name)
    if len(found) > 1:
        raise PskcError(f"the key file has {name} twice where one is allowed")
    return found[0] if found else None


def need(parent: Element, name: str) -> Element:
    """The one child of that name; raises PskcError when it is not there."""
    found = child(parent, name)
    if found is None:
        raise PskcError(f"the key file lacks {name}")
    return found


def text(element: Element, name: str) -> str:
    """The element's text: 1 to 128 printable characters."""
    content = (element.text or "").strip()
    if not 1 <= len(content) <= 128 or not content.isprintable():
        raise PskcError(f"{name} in the key file must be 1 to 128 printable characters")
    return content


def optional_text(parent: Element, name: str) -> str:
    """The text of a child, or nothing when there is no such child."""
    found = child(parent, name)
    return "" if found is None else text(found, name)


def number(element: Element, name: str) -> int:
    """The element's text as a whole number of at most 20 digits."""
    content = (element.text or "").strip()
    if not (content.isascii() and content.isdigit() and len(content) <= 20):
        raise PskcError(f"{name} in the key file must be a whole number")
    return int(content)


def attribute(element: Element, name: str, low: int, high: int) -> int:
    """An attribute as a whole number within bounds."""
    content = element.get(name, "")
    if not (
        content.isascii()
        and content.isdigit()
        and len(content) <= 3
        and low <= int(content) <= high
    ):
        raise PskcError(f"{name} in the key file must be {low} to {high}")
    return int(content)


def base64(element: Element) -> bytes:
    """The element's text, decoded; spaces and line ends do not count."""
    try:
        return b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise PskcError("a value in the key file is not base64") from None
