"""What became of a batch: a table for the eye, a CSV for the files. No secret in either."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from provisioning.batch.journal import Entry

COLUMNS = ("serial", "slot", "name", "state", "when")


def rows(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """One row a card, in the order of the list."""
    return [
        (each.serial, each.wanted.slot, each.wanted.label, each.state.value, each.when)
        for each in entries
    ]


def as_csv(entries: Sequence[Entry]) -> bytes:
    """The report as a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows(entries))
    return text.getvalue().encode("utf-8")


def notes(entries: Sequence[Entry]) -> list[str]:
    """A sentence for each card that something is wrong with."""
    return [
        f"card {each.wanted.number}{f' ({each.wanted.label})' if each.wanted.label else ''}"
        f": {each.note}"
        for each in entries
        if each.note
    ]
