"""A batch on the screen: a bar and a table on a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from provisioning.batch import report
from provisioning.batch.journal import CardState, Entry


@contextmanager
def progress(
    console: Console, total: int, done: int, *, bar: bool
) -> Iterator[Callable[[Entry], None]]:
    """Give what is to be called with each card that is done with.

    Without `bar` a terminal too gets lines: a bar and questions do not go together.
    """
    if not (bar and console.is_terminal):

        def line(entry: Entry) -> None:
            name = f"\t{entry.wanted.label}" if entry.wanted.label else ""
            print(f"{entry.wanted.number}/{total}\t{entry.serial}\t{entry.state}{name}", flush=True)

        yield line
        return
    drawn = Progress(
        TextColumn("cards"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[serial]}"),
        console=console,
    )
    with drawn:
        task = drawn.add_task("cards", total=total, completed=done, serial="")

        def advance(entry: Entry) -> None:
            made = entry.state is CardState.MADE
            drawn.update(task, advance=int(made), serial=entry.serial)

        yield advance


def table(console: Console, entries: Sequence[Entry]) -> None:
    """Print the report."""
    found = report.rows(entries)
    if not console.is_terminal:
        for row in (report.COLUMNS, *found):
            print("\t".join(row))
        return
    drawn = Table(*report.COLUMNS)
    for row in found:
        drawn.add_row(*(Text(cell) for cell in row))  # a name is no markup
    console.print(drawn)
