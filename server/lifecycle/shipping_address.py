"""An address as a person types it: each part taken, or refused by name."""

from __future__ import annotations

from collections.abc import Mapping

from ..accounts.countries import is_country
from ..accounts.names import is_plain
from ..accounts.people import Address
from ..errors import NotTaken
from ..words import N_

_LONGEST = {"name": 128, "street": 128, "city": 64, "postal_code": 32, "region": 64, "country": 2}
FIELDS = tuple(_LONGEST)
_NEEDED = ("name", "street", "city", "country")
_EMPTY = N_("Fill this in.")
_TOO_LONG = N_("This is too long: at most %(most)s characters.")
_NOT_PLAIN = N_("This has characters that cannot stand on an envelope. Type it again.")
_NO_COUNTRY = N_("A country is two letters, such as US or CH.")


def read(fields: Mapping[str, str]) -> Address:
    """Return the address, or raise NotTaken for the first part that cannot be one."""
    parts = {name: " ".join(fields.get(name, "").split(" ")).strip() for name in FIELDS}
    parts["country"] = parts["country"].upper()
    for name, text in parts.items():
        if not text and name in _NEEDED:
            raise NotTaken(_EMPTY, field=name)
        if name != "country" and len(text) > _LONGEST[name]:
            raise NotTaken(_TOO_LONG, field=name, most=_LONGEST[name])
        if not is_plain(text) or not text.isprintable():
            raise NotTaken(_NOT_PLAIN, field=name)
    if not is_country(parts["country"]):
        raise NotTaken(_NO_COUNTRY, field="country")
    return Address(**parts)
