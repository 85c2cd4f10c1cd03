"""`GET /token/`: a user's devices in that API's words."""

from __future__ import annotations

from ..accounts import names
from ..applications import open_rows
from ..applications.applications import Application
from ..audit.events import Event
from ..lifecycle import devices
from ..lifecycle.devices import Device
from ..states.device import DeviceState
from ..verifier import Verifier
from .words import TYPES

_STATES = {DeviceState.PENDING: "clientwait", DeviceState.INACTIVE: "clientwait"}


def listed(
    verifier: Verifier, by: Application, user: str | None, serial: str | None
) -> dict[str, object]:
    """Return the devices of a user, or the one of this serial; who looked is written down.

    A name that nobody has has no devices.
    """
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        name = user or (open_rows.owner(connection, serial) if serial else None)
        known = open_rows.user(connection, names.spelled(name or ""))
        found: list[Device] = []
        if known is not None:
            user_id, name = known
            everything = (
                *devices.own(connection, user_id, now),
                *devices.shared_with(connection, user_id, now),
            )
            found = [each for each in everything if serial is None or each.serial == serial]
            verifier.audit.write(
                connection, now, Event.APPLICATION_SAW_DEVICES, by.actor, name, devices=len(found)
            )
    tokens = [_token(each, name or "", verifier.settings.wrong_answers_lock) for each in found]
    return {"count": len(tokens), "current": 1, "next": None, "prev": None, "tokens": tokens}


def _token(device: Device, user: str, most: int) -> dict[str, object]:
    return {
        "active": device.state is DeviceState.ACTIVE,
        "count": 0,
        "count_window": 0,
        "description": device.label,
        "failcount": most if device.locked else 0,
        "id": device.id,
        "image": "",
        "info": {},
        "locked": device.locked,
        "maxfail": most,
        "otplen": 8,
        "realms": [],
        "resolver": "",
        "revoked": device.state is DeviceState.REVOKED,
        "rollout_state": _STATES.get(device.state, ""),
        "serial": device.serial,
        "sync_window": 0,
        "tokentype": TYPES[device.kind],
        "user_editable": False,
        "user_id": "",
        "user_realm": "",
        "username": user,
    }
