"""One card, from order to record: the record first, the card next, the confirmation last."""

from __future__ import annotations

from protocol.pskc import CardRecord
from provisioning.errors import NotLoaded
from provisioning.loader import Loader
from provisioning.order import Order
from provisioning.place import Place


def provision(order: Order, loader: Loader, place: Place) -> CardRecord:
    """Load a key and keep its record in `place`; return the record, confirmed.

    The record is prepared before the card has the key: a crash in between leaves a record of a key
    that no card has, and never a card whose key nobody knows. NotLoaded abandons what was prepared.
    Whatever else goes wrong after that, be it LoadUncertain, a bug or Ctrl-C, leaves it prepared,
    as nobody can know then. All errors go on to the caller.
    """
    kept: list[CardRecord] = []

    def keep(record: CardRecord) -> None:
        place.prepare(record)
        kept.append(record)

    try:
        record = loader.load(order, keep)
    except NotLoaded:
        for one in kept:
            place.abandon(one)
        raise
    place.confirm(record)
    return record
