"""Making the cards of a batch one after the other, and settling what a cut left open first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device.errors import DeviceError
from protocol import pskc, serial
from provisioning.batch.journal import CardState, Entry, Journal
from provisioning.batch.loaders import BatchStopped, Bench
from provisioning.batch.records import Enrol, Records, stub
from provisioning.errors import (
    LoadUncertain,
    OutputRefused,
    ProvisioningError,
    VerifierRefused,
    VerifierUnreachable,
)
from provisioning.order import Order
from provisioning.provision import provision


@dataclass(frozen=True)
class Batch:
    """Everything that a batch is made with."""

    journal: Journal
    bench: Bench
    out: Path
    secret: pskc.Secret
    suite: str
    enrol: Enrol | None = None

    def run(self, told: Callable[[Entry], None]) -> None:
        """Make every card that is not made; `told` hears of each when it is done with.

        A card that is refused is noted and the next one made. What concerns all cards (the
        verifier cannot be reached, the disk is full) stops the batch: raises ProvisioningError.
        """
        for number in list(self.journal.entries):
            if self.journal.entries[number].state is CardState.MADE:
                continue
            self._settle(number)
            if self.journal.entries[number].state in {CardState.WAITING, CardState.REFUSED}:
                self._make(number)
            told(self.journal.entries[number])

    def _settle(self, number: int) -> None:
        """Decide about a card that was cut off, by what the card itself has."""
        entry = self.journal.entries[number]
        if entry.state not in {CardState.LOADING, CardState.UNCERTAIN}:
            return
        records = self._records(entry)
        has_key = self.bench.has_key(entry)
        if has_key is None:
            has_key = records.settled_elsewhere(entry.serial)
        if has_key is None:
            self.journal.note(number, state=CardState.UNCERTAIN)
        elif has_key:
            records.confirm(stub(entry, self.suite))
        else:
            records.abandon(stub(entry, self.suite))

    def _make(self, number: int) -> None:
        entry = self.journal.entries[number]
        if self.bench.draws_serials and not entry.serial:
            entry = self.journal.note(number, serial=self._free_serial())
        order = Order(
            entry.wanted.slot,
            entry.wanted.issuer,
            self.suite,
            serial=entry.serial if self.bench.draws_serials else None,
        )
        try:
            provision(order, self.bench.loader(entry), self._records(entry))
        except LoadUncertain as error:
            self.journal.note(number, state=CardState.UNCERTAIN, note=str(error))
        except (VerifierUnreachable, OutputRefused, BatchStopped):
            raise
        except (ProvisioningError, DeviceError) as error:
            if isinstance(error, VerifierRefused) and error.name == "credential-refused":
                raise
            loading = self.journal.entries[number].state is CardState.LOADING
            state = CardState.UNCERTAIN if loading else CardState.REFUSED
            self.journal.note(number, state=state, note=str(error))

    def _records(self, entry: Entry) -> Records:
        return Records(self.journal, entry, self.out, self.secret, self.enrol)

    def _free_serial(self) -> str:
        """A serial that no other card of the batch has."""
        taken = {entry.serial for entry in self.journal.entries.values()}
        while (drawn := serial.random()) in taken:
            pass
        return drawn
