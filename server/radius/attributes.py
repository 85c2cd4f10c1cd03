"""What an Accept tells about a user: a small mapping of a client's, from groups and access level.

    {"always": {"Session-Timeout": 28800},
     "groups": {"admins": {"Filter-Id": "admins", "Service-Type": "Administrative"},
                "*": {"Class": "{group}"}},
     "access": {"restricted": {"Filter-Id": "guests"}}}

`always` is told of everybody, `groups` of those who are in the group (`*` of each group, with its
name at `{group}`), `access` of sessions of the level. Of an attribute that several parts name all
values are told, in this order; an attribute that may stand once (RFC 2865 section 5.44) is told as
the first of them has it.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import RadiusClientRefused
from ..login.access import Access
from .codec import Values, dictionary

MANY = frozenset(
    {
        *("Filter-Id", "Class", "Reply-Message", "Framed-Route", "Login-IP-Host"),
        *("Cisco-AVPair", "Fortinet-Group-Name", "Mikrotik-Group", "PaloAlto-User-Group"),
    }
)
"""Attributes that may stand several times in an Accept."""
ONCE = frozenset(
    {
        *("Service-Type", "Framed-Protocol", "Framed-IP-Address", "Framed-IP-Netmask"),
        *("Framed-MTU", "Framed-Pool", "Login-Service", "Session-Timeout", "Idle-Timeout"),
        *("Termination-Action", "Port-Limit"),
    }
)
"""Those that may stand once."""
_EVERY_GROUP = "*"
_PLACE = "{group}"
_PARTS = ("always", "groups", "access")
_LONGEST = 247
"""Octets of one text, inside a vendor's attribute (RFC 2865 section 5.26)."""
_LONGEST_GROUP = 64
_MOST = 2_000
"""Octets of attributes that a mapping may hold at most: a packet has 4,096, the reply's own too."""

Told = Mapping[str, str | int | Sequence[str | int]]
"""Attributes with a value or several, as they stand in the JSON."""


def check(text: str) -> str:
    """Return a mapping in its one spelling, or raise RadiusClientRefused."""
    try:
        mapping = json.loads(text)
    except ValueError:
        raise RadiusClientRefused("The attributes are not JSON: correct the file.") from None
    if not isinstance(mapping, dict) or set(mapping) - set(_PARTS):
        raise RadiusClientRefused(
            'The attributes are a JSON object with "always", "groups" and "access", each as far '
            "as it is needed: correct the file."
        )
    levels = mapping.get("access", {})
    if isinstance(levels, dict) and set(levels) - set(Access):
        raise RadiusClientRefused(
            f"The access levels are {', '.join(Access)}: correct the attributes."
        )
    for told in _every_part(mapping):
        _check_told(told)
    spelled = json.dumps(mapping, separators=(",", ":"))
    if len(spelled.encode()) > _MOST:
        raise RadiusClientRefused(f"The attributes are longer than {_MOST} octets: tell less.")
    return spelled


def told(text: str, groups: Sequence[str], access: Access) -> Values:
    """Return what an Accept tells about a user in these groups with this access."""
    mapping: Mapping[str, Any] = json.loads(text)
    by_group: Mapping[str, Told] = mapping.get("groups", {})
    values: Values = {}
    _add(values, mapping.get("always", {}))
    for group in groups:
        _add(values, by_group.get(group, {}) if group != _EVERY_GROUP else {})
        _add(values, by_group.get(_EVERY_GROUP, {}), group)
    _add(values, mapping.get("access", {}).get(access.value, {}))
    return values


def _add(values: Values, told: Told, group: str = "") -> None:
    for name, given in told.items():
        for each in _several(given):
            value = each.replace(_PLACE, group) if group and isinstance(each, str) else each
            there = values.setdefault(name, [])
            if value not in there and (name in MANY or not there):
                there.append(value)


def _several(given: str | int | Sequence[str | int]) -> Sequence[str | int]:
    return [given] if isinstance(given, str | int) else given


def _every_part(mapping: Mapping[str, Any]) -> Iterator[Any]:
    yield mapping.get("always", {})
    for part in ("groups", "access"):
        inner = mapping.get(part, {})
        if not isinstance(inner, dict):
            raise RadiusClientRefused(f'"{part}" is a JSON object: correct the attributes.')
        yield from inner.values()


def _check_told(told: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(told, dict):
        raise RadiusClientRefused("Attributes stand by name, as a JSON object: correct the file.")
    for name, given in told.items():
        if name not in MANY | ONCE:
            raise RadiusClientRefused(
                f"The attribute {name!r} cannot be told: choose among "
                f"{', '.join(sorted(MANY | ONCE))}."
            )
        several = given if isinstance(given, list) else [given]
        if name in ONCE and len(several) != 1:
            raise RadiusClientRefused(f"{name} has one value: correct the attributes.")
        for value in several:
            _check_value(name, value)


def _check_value(name: str, value: object) -> None:
    attribute = dictionary().attributes[name]
    numeric = attribute.type == "integer"
    if isinstance(value, str) and attribute.values.HasForward(value):
        return
    if numeric and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
        return
    if not numeric and isinstance(value, str) and _fits(attribute.type, value):
        return
    raise RadiusClientRefused(
        f"{name} cannot have that value: "
        + ("it is a whole number." if numeric else f"it is a text of 1 to {_LONGEST} octets.")
    )


def _fits(kind: str, value: str) -> bool:
    if kind == "ipaddr":
        try:
            ipaddress.IPv4Address(value)
        except ValueError:
            return False
    longest = value.replace(_PLACE, "x" * _LONGEST_GROUP)
    return 1 <= len(longest.encode("utf-8", "replace")) <= _LONGEST
