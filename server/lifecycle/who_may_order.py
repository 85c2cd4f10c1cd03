"""Who may ask for a card: his first one, one in place of another, one beside the device in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import NotAllowed, NotTaken, NotThere
from ..factors.kinds import DeviceKind
from ..states.device import DeviceState
from ..words import N_
from .devices import Device
from .order_rows import REPLACING, Reason

_HAS_ONE = N_("You have a device already: ask for a card in place of it, or beside it.")
_NOT_REPORTED = N_(
    "None of your cards is reported lost, stolen or broken. Call the support desk first: it "
    "suspends the card and sees to it that you can log in meanwhile."
)
_WHICH = N_("Say which card it is.")
_ON_ITS_WAY = N_("A new card is with you, or on its way to you: activate that one.")
_NOT_ENOUGH = N_(
    "A card beside the device in use is for accounts with an equity above %(usd)s USD. This one "
    "is below."
)
_NO_DEVICE = N_("There is no device in use that the card would stand beside.")
_NOT_YOURS = N_("You have no such device.")


@dataclass(frozen=True)
class Asker:
    """What the decision rests on: his own devices, those in use with him, and his account.

    `replaced`: the devices in whose place a card was shipped already.
    """

    own: Sequence[Device]
    shared: Sequence[Device]
    equity_cents: int
    replaced: frozenset[int] = frozenset()


def reported(asker: Asker) -> list[Device]:
    """Return the cards in place of which another can be asked for."""
    return [
        device
        for device in asker.own
        if device.kind is DeviceKind.CARD
        and device.state is DeviceState.SUSPENDED
        and device.id not in asker.replaced
    ]


def reasons(asker: Asker, equity_usd: int) -> list[Reason]:
    """Return the reasons for which a card can be asked for now."""
    found = []
    for reason in Reason:
        try:
            decide(asker, reason, None, equity_usd)
        except NotAllowed:
            continue
        except NotTaken:
            pass  # which of several cards is still to be said
        found.append(reason)
    return found


def decide(asker: Asker, reason: Reason, replaces_id: int | None, equity_usd: int) -> Device | None:
    """Return the card that is replaced, None where there is none.

    Raises NotAllowed; NotTaken where several cards could be meant, NotThere for one that is not
    his.
    """
    lasting = [device for device in asker.own if not device.kind.temporary]
    if any(
        device.kind is DeviceKind.CARD and device.state is DeviceState.INACTIVE
        for device in lasting
    ):
        raise NotAllowed(_ON_ITS_WAY)
    if reason is Reason.FIRST:
        if lasting or asker.shared:
            raise NotAllowed(_HAS_ONE)
        return None
    if reason is Reason.ADDITIONAL:
        in_use = [device for device in lasting if device.state is DeviceState.ACTIVE]
        if not in_use and not asker.shared:
            raise NotAllowed(_NO_DEVICE)
        if asker.equity_cents <= equity_usd * 100:
            raise NotAllowed(_NOT_ENOUGH, usd=f"{equity_usd:,}")
        return None
    assert reason in REPLACING  # noqa: S101 - there are no others
    return _replaced(reported(asker), replaces_id, asker.own)


def _replaced(
    candidates: Sequence[Device], replaces_id: int | None, own: Sequence[Device]
) -> Device:
    if replaces_id is not None and replaces_id not in {device.id for device in own}:
        raise NotThere(_NOT_YOURS)
    meant = [device for device in candidates if replaces_id in (None, device.id)]
    if not meant:
        raise NotAllowed(_NOT_REPORTED)
    if len(meant) > 1:
        raise NotTaken(_WHICH, field="replaces")
    return meant[0]
