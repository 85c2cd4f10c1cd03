"""The rules of sharing a device between user names of the same person: facts in, verdict out."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable

from ..accounts.people import Identification
from ..errors import NotTaken
from ..factors.kinds import PROTECTION, DeviceKind
from ..words import N_

LESS_SECURE = N_("Less secure device")
DIFFERENT = N_("Different identification information")
_MOBILE_KEY = N_("A mobile key is never shared in this way.")
_TEMPORARY = N_(
    "One of the users has a temporary code or an online code card: bring a permanent device back "
    "first."
)


def is_same_person(
    entity: int | None,
    known: Identification | None,
    other_entity: int | None,
    other_known: Identification | None,
) -> bool:
    """Rule a: the same entity, or two with identical identification data (or the same SSN)."""
    if entity is None or other_entity is None or known is None or other_known is None:
        return False
    if entity == other_entity:
        return True
    if known.ssn and other_known.ssn:
        return _equal(known.ssn, other_known.ssn)
    return _equal(_all(known), _all(other_known))


def needs_compliance(entity: int | None, other_entity: int | None) -> bool:
    """Whether compliance looks at a share: where the law knows the two users as two entities."""
    return entity != other_entity


def check_device(
    kind: DeviceKind, others: Collection[DeviceKind], temporary: Iterable[bool]
) -> None:
    """Rules b and c, and that a mobile key is never shared; raises NotTaken.

    `others`: the kinds of all the participants' devices in use; `temporary`: for each participant,
    whether he has a temporary device.
    """
    if any(temporary) or kind.temporary:
        raise NotTaken(_TEMPORARY)
    if any(rank(each) < rank(kind) for each in others):
        raise NotTaken(LESS_SECURE)
    if kind is DeviceKind.MOBILE_KEY:
        raise NotTaken(_MOBILE_KEY)


def rank(kind: DeviceKind) -> int:
    """Return a kind's place in the protection order; 0 is the highest."""
    return PROTECTION.index(kind)


def _all(known: Identification) -> str:
    return "\x00".join(
        (
            known.date_of_birth.isoformat(),
            known.citizenship,
            known.residence,
            known.document_type,
            known.document_number,
        )
    )


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
