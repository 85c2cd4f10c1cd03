"""A user's devices in plain words: how each stands, what happens next and when, what can be done.

Whoever shows the list asks here, so that pages and calls offer the same, and only what is allowed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from ..factors.kinds import PROTECTION, DeviceKind
from ..login.access import Right
from ..states.device import DEVICE, DeviceMove, DeviceState
from ..words import N_
from . import devices as life
from .devices import Device


class Action(StrEnum):
    """What a user can do about a device; each has a page."""

    ACTIVATE = "activate"
    PRINT = "print"
    REACTIVATE = "reactivate"
    NEW_PIN = "new_pin"
    CHANGE_PIN = "change_pin"
    RETURN = "return"
    LOST = "lost"
    SHARING = "sharing"
    DEACTIVATE = "deactivate"


_RIGHT = {
    Action.ACTIVATE: Right.DEVICES,
    Action.PRINT: Right.DEVICES,
    Action.REACTIVATE: Right.DEVICES,
    Action.NEW_PIN: Right.SECURITY,
    Action.CHANGE_PIN: Right.SECURITY,
    Action.RETURN: Right.DEVICES,
    Action.LOST: Right.LOST_CARDS,
    Action.SHARING: Right.SECURITY,
    Action.DEACTIVATE: Right.DEVICES,
}
_CODE_CARDS = frozenset({DeviceKind.CODE_CARD, DeviceKind.ONLINE_CODE_CARD})

_LOCKED = N_(
    "Locked after too many wrong answers. Only the support desk can unlock it: call the desk."
)
_ON_ITS_WAY = N_(
    "On its way to you, or with you already. It becomes active by itself on %(when)s. Activate it "
    "yourself as soon as it is there, so that logging in is never interrupted."
)
_TO_ACTIVATE = N_("Not active yet. Activate it by answering its challenge.")
_TO_GET_AN_SMS = N_("Not active yet. Type the first code to turn it on.")
_BY_SMS = N_(
    "Active: at each login you get a code by SMS. It ends when you have a device that stays."
)
_TO_PRINT = N_("Not active yet. Print it, then answer two of its index numbers.")
_ACTIVE = N_("Active: you can log in with it.")
_ACTIVE_UNTIL = N_(
    "Active until %(when)s. Get a permanent device before that, or call the support desk."
)
_CODE_FULL = N_(
    "Opens everything until %(limited)s, and after that only the way to the online code card, "
    "until %(when)s."
)
_CODE_LIMITED = N_("Opens only the way to the online code card, until %(when)s.")
_SUSPENDED = N_(
    "Reported lost, stolen or broken: nobody can log in with it. If it turns up again, "
    "reactivate it; if not, request a new device."
)
_WITHOUT_PIN = N_(
    "The support desk has ended its PIN. Choose a new one; the card works again when it has "
    "answered with it."
)
_SET_ASIDE = N_(
    "Set aside while you use a shared device. It works again when sharing is cancelled."
)
_SHARED = N_("Shared with you by %(owner)s: you can log in with it.")


@dataclass(frozen=True)
class Line:
    """One device of the list; `words` is a key of the catalogues, `moments` fill its places."""

    device: Device
    words: str
    actions: tuple[Action, ...]
    moments: tuple[tuple[str, datetime], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


def lines(
    connection: Connection, user_id: int, rights: Collection[Right], now: datetime
) -> list[Line]:
    """Return a user's own devices and those shared with him, highest protection first."""
    found = [*life.own(connection, user_id, now), *life.shared_with(connection, user_id, now)]
    found.sort(key=lambda device: (PROTECTION.index(device.kind), device.id))
    return [line(device, rights, now) for device in found]


def line(device: Device, rights: Collection[Right], now: datetime) -> Line:
    """Return how one device stands at `now`, and what a session of these rights can do."""
    words, moments, texts = _words(device, now)
    actions = tuple(each for each in _actions(device) if _RIGHT[each] in rights)
    return Line(device, words, actions, tuple(moments.items()), tuple(texts.items()))


def _words(device: Device, now: datetime) -> tuple[str, dict[str, datetime], dict[str, str]]:
    state, until = device.state, device.valid_until
    if device.locked:
        return _LOCKED, {}, {}
    if state is DeviceState.SUSPENDED:
        return (_WITHOUT_PIN if device.pin_reset else _SUSPENDED), {}, {}
    if state is DeviceState.SET_ASIDE:
        return _SET_ASIDE, {}, {}
    if state is DeviceState.INACTIVE:
        if device.kind in _CODE_CARDS:
            return _TO_PRINT, {}, {}
        if device.kind is DeviceKind.SMS_CODE:
            return _TO_GET_AN_SMS, {}, {}
        if device.auto_activates_at is not None:
            return _ON_ITS_WAY, {"when": device.auto_activates_at}, {}
        return _TO_ACTIVATE, {}, {}
    if device.share_id is not None:
        return _SHARED, {}, {"owner": device.owner}
    if device.limited_from is not None and until is not None:
        if now < device.limited_from:
            return _CODE_FULL, {"limited": device.limited_from, "when": until}, {}
        return _CODE_LIMITED, {"when": until}, {}
    if device.kind is DeviceKind.SMS_CODE:
        return _BY_SMS, {}, {}
    if until is not None:
        return _ACTIVE_UNTIL, {"when": until}, {}
    return _ACTIVE, {}, {}


def _actions(device: Device) -> list[Action]:
    if device.share_id is not None or device.state is DeviceState.SET_ASIDE:
        return [Action.SHARING]
    if device.kind in _CODE_CARDS:
        return _actions_of_a_code_card(device)
    if device.kind is DeviceKind.SMS_CODE:
        return [Action.ACTIVATE] if device.state is DeviceState.INACTIVE else []
    actions = []
    if not device.locked:
        if device.state is DeviceState.INACTIVE:
            actions.append(Action.ACTIVATE)
        if DEVICE.allows(device.state, DeviceMove.REACTIVATED) and not device.copied:
            actions.append(Action.NEW_PIN if device.pin_reset else Action.REACTIVATE)
        if device.kind is DeviceKind.CARD and device.state is DeviceState.ACTIVE:
            actions.append(Action.CHANGE_PIN)
    if device.kind is DeviceKind.MOBILE_KEY and not device.locked:
        actions.append(Action.DEACTIVATE)
    if device.kind is DeviceKind.CARD:
        if device.state is DeviceState.INACTIVE and device.shipped_at is not None:
            actions.append(Action.LOST)
        actions.append(Action.RETURN)
    return actions


def _actions_of_a_code_card(device: Device) -> list[Action]:
    online = device.kind is DeviceKind.ONLINE_CODE_CARD
    if device.state is DeviceState.INACTIVE:
        return [Action.ACTIVATE]
    if device.state is DeviceState.SUSPENDED and not device.locked:
        return [Action.REACTIVATE]
    return [Action.PRINT] if online and device.state is DeviceState.ACTIVE else []
