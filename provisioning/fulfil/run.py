"""The card of one order: taken, prepared, loaded, papers, confirmed; cut anywhere, taken up again.

The verifier knows the order as taken and the card as pending until the last call. So whatever
ends in between, the next run gets the same order: a card that surely has its key is only
confirmed, any other is made anew in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from protocol.pskc import CardRecord
from provisioning import keyfile
from provisioning.errors import OutputRefused
from provisioning.fulfil.bench import Bench
from provisioning.fulfil.papers import packing_slip, return_label
from provisioning.fulfil.wanted import Wanted, read
from provisioning.order import Order
from provisioning.place import Place
from provisioning.provision import provision
from provisioning.verifier import Verifier

Say = Callable[[str], None]


class OrderPlace(Place):
    """An order at the verifier; its papers are printed before the card counts as made."""

    def __init__(self, verifier: Verifier, wanted: Wanted, papers: Path | None) -> None:
        self._verifier, self._wanted, self._papers = verifier, wanted, papers

    def prepare(self, record: CardRecord) -> None:
        """Put the card there for the order, pending."""
        self._verifier.prepare_for_order(record, self._wanted.id)

    def confirm(self, record: CardRecord) -> None:
        """Print, then hand over; done again, the same papers take the place of the old ones."""
        if self._papers is not None:
            for name, content in (
                ("slip", packing_slip(self._wanted, record.serial)),
                ("return", return_label(self._wanted, record.serial)),
            ):
                keyfile.replace(paper(self._papers, self._wanted.id, name), content)
        self._verifier.confirm(record.serial, record.key_id)

    def abandon(self, record: CardRecord) -> None:
        """Have the card forgotten; the order stays in hand."""
        self._verifier.abandon(record.serial, record.key_id)


def paper(folder: Path, order: int, name: str) -> Path:
    """Where a paper of an order lies."""
    return folder / f"order-{order}-{name}.pdf"


def fulfil(
    verifier: Verifier,
    bench: Bench,
    papers: Path | None,
    *,
    slot: str,
    issuer: str,
    suite: str,
    say: Say,
) -> CardRecord | None:
    """Take the next order and make its card; returns its record, None where no order waits."""
    if papers is not None:
        _make_folder(papers)
    told = verifier.take_order()
    if told is None:
        return None
    wanted = read(told)
    say(f"order    {wanted.id}, for {wanted.user}")
    place = OrderPlace(verifier, wanted, papers)
    begun = wanted.pending
    if begun is not None:
        made = bench.made(begun, slot)
        if made is not None:
            say(f"goes on  card {made.serial} has its key")
            place.confirm(made)
            return made
    order = Order(
        slot=slot,
        issuer=issuer,
        suite=suite,
        serial=bench.serial() if begun is None else begun.serial,
        replace=begun is not None,
    )
    return provision(order, bench.loader(order), place)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputRefused(
            f"{folder} cannot be made ({error.strerror or error}): name another directory"
        ) from None
