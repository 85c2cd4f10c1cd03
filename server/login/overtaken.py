"""Codes by SMS that a permanent device has overtaken: over from the moment that it is in use.

A card can become active by time alone, when nothing is written: so this is asked wherever a device
of this kind would be taken, and whoever comes by writes it down (`lifecycle.temporary`). It never
turns back: what was in use once keeps the codes over, wherever it is now.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select

from ..db.tables import devices, shares
from ..db.types import Moment
from ..factors.kinds import TEMPORARY, DeviceKind
from ..states.device import DeviceState
from ..states.share import ShareState

_permanent = devices.alias()
_OVERTAKEN = (
    select(devices.c.id)
    .where(
        devices.c.kind == DeviceKind.SMS_CODE.value,
        devices.c.state != DeviceState.REVOKED.value,
        or_(
            select(_permanent.c.id)
            .where(
                _permanent.c.owner_id == devices.c.owner_id,
                _permanent.c.kind.not_in([kind.value for kind in TEMPORARY]),
                or_(
                    _permanent.c.activated_at.is_not(None),
                    _permanent.c.auto_activates_at <= bindparam("now", type_=Moment),
                ),
            )
            .exists(),
            # Approved once, and maybe cancelled after that.
            select(shares.c.id)
            .where(
                shares.c.user_id == devices.c.owner_id,
                shares.c.state != ShareState.REJECTED.value,
                shares.c.decided_at.is_not(None),
            )
            .exists(),
        ),
    )
    .order_by(devices.c.id)
)
_OF_ONE = _OVERTAKEN.where(devices.c.owner_id == bindparam("user"))


def overtaken(connection: Connection, now: datetime, user_id: int | None = None) -> list[int]:
    """Return the devices whose codes are over at `now`, though nobody has written it: a user's, or
    everybody's.
    """
    if user_id is None:
        rows = connection.execute(_OVERTAKEN, {"now": now})
    else:
        rows = connection.execute(_OF_ONE, {"now": now, "user": user_id})
    return [row.id for row in rows]
