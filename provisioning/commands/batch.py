"""`batch`: many cards in one go, from a number or a list of people."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from device.keystore import SLOTS
from protocol import card_suite
from protocol.ocra import DEFAULT_SUITE
from provisioning import enrolling, keyfile, record_secret, secret_source
from provisioning.errors import ProvisioningError

if TYPE_CHECKING:
    from provisioning.batch.journal import Entry
    from provisioning.batch.labels import Sheet
    from provisioning.batch.plan import Wanted
    from provisioning.batch.records import Enrol

JOURNAL, REPORT = "batch.json", "report.csv"


class BatchRefused(ProvisioningError, ValueError):
    """Options of a batch that do not go together."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `batch` into the command line."""
    batch = commands.add_parser(
        "batch",
        help="make many cards, from a number or a list of people",
        description="Makes many cards. Stopped anywhere and run again with the same options, it "
        "goes on where it stopped.",
        allow_abbrev=False,
    )
    batch.set_defaults(run=run)
    what = batch.add_mutually_exclusive_group(required=True)
    what.add_argument("--count", type=int, metavar="N", help="how many cards")
    what.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help="a list with a header: user or name, and if wanted slot and issuer",
    )
    onto = batch.add_mutually_exclusive_group(required=True)
    onto.add_argument(
        "--stores",
        type=Path,
        metavar="DIR",
        help="a store directory for each card, named by its serial",
    )
    onto.add_argument(
        "--port",
        metavar="PORT",
        help="pair one card after the other on this serial port; auto: the one with a card's USB "
        "identity",
    )
    batch.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help=f"the card records (SERIAL.pskc), {REPORT}, and the journal ({JOURNAL})",
    )
    record_secret.add_options(batch)
    batch.add_argument("--slot", choices=SLOTS, default=SLOTS[0], help="default: %(default)s")
    batch.add_argument("--issuer", default="Challng", help="whose verifier it is for")
    batch.add_argument("--suite", default=DEFAULT_SUITE, help="default: %(default)s")
    enrolling.add_verifier_options(batch, "--enrol")
    secret_source.add_options(batch, "pin", "the soft PIN (4 digits) that all cards begin with")
    batch.add_argument(
        "--pins-file", type=Path, metavar="FILE", help="the soft PINs, a line USER,PIN each"
    )
    _label_options(batch)


def _label_options(batch: argparse.ArgumentParser) -> None:
    batch.add_argument("--labels", type=Path, metavar="FILE", help="a sheet of labels, as PDF")
    batch.add_argument(
        "--label-code", choices=("code128", "qr"), default="code128", help="default: %(default)s"
    )
    batch.add_argument("--label-grid", default="3x8", metavar="CxR", help="default: %(default)s")
    batch.add_argument(
        "--label-size", default="70x37", metavar="WxH", help="in mm; default: %(default)s"
    )
    for side, default in (("top", 0.5), ("left", 0.0)):
        batch.add_argument(
            f"--label-{side}",
            type=float,
            default=default,
            metavar="MM",
            help=f"the {side} margin; default: %(default)s",
        )


def run(arguments: argparse.Namespace) -> int:
    """Make the cards; 0 when all are made, 1 when any is not."""
    from rich.console import Console

    from provisioning.batch import report, show
    from provisioning.batch.journal import CardState, Journal
    from provisioning.batch.loaders import loader_for
    from provisioning.batch.run import Batch

    plan = _plan(arguments)
    card_suite.check(arguments.suite)
    sheet = _sheet(arguments, plan)
    enrol = _enrol(arguments, plan)
    secret = record_secret.read(arguments, new=not (arguments.out / JOURNAL).exists())
    console = Console()
    bench = loader_for(arguments.stores, arguments.port, arguments.out)
    way = f"{bench.way}, {arguments.suite}, {arguments.url or 'files only'}"
    journal = Journal(arguments.out / JOURNAL, plan, way)
    try:
        made = journal.count(CardState.MADE)
        if journal.resumed:
            print(f"batch    goes on: {made} of {len(plan)} cards are made")
        batch = Batch(journal, bench, arguments.out, secret, arguments.suite, enrol)
        try:
            with show.progress(console, len(plan), made, bar=arguments.stores is not None) as told:
                batch.run(told)
        finally:
            entries = list(journal.entries.values())
            keyfile.replace(arguments.out / REPORT, report.as_csv(entries))
        if sheet is not None:
            _print_labels(arguments, sheet, entries)
        show.table(console, entries)
    finally:
        journal.close()
    for sentence in report.notes(entries):
        print(f"challng-provision: {sentence}", file=sys.stderr)
    missing = len(plan) - journal.count(CardState.MADE)
    if missing:
        print(
            f"challng-provision: {missing} of {len(plan)} cards are not made: run the same again",
            file=sys.stderr,
        )
    return 1 if missing else 0


def _plan(arguments: argparse.Namespace) -> list[Wanted]:
    from provisioning.batch import plan

    if arguments.csv is None:
        return plan.by_count(arguments.count, arguments.slot, arguments.issuer)
    return plan.from_csv(keyfile.read(arguments.csv), arguments.slot, arguments.issuer)


def _enrol(arguments: argparse.Namespace, plan: list[Wanted]) -> Enrol | None:
    from provisioning.batch import pins

    if not arguments.url:
        return None
    if arguments.csv is None:
        raise BatchRefused("--enrol needs --csv: at a verifier every card is somebody's")
    there = enrolling.verifier(arguments)
    if arguments.pins_file is not None:
        each = pins.read(arguments.pins_file, plan)
    else:
        one = enrolling.checked_pin(secret_source.read(arguments, "pin", ask_twice=True))
        each = {wanted.user or wanted.name: one for wanted in plan}
    return lambda user: enrolling.VerifierPlace(there, user, each[user])


def _sheet(arguments: argparse.Namespace, plan: list[Wanted]) -> Sheet | None:
    """The sheet of labels; what is wrong with it is told before any card is made."""
    if arguments.labels is None:
        return None
    from provisioning.batch import labels

    columns, rows = labels.grid(arguments.label_grid)
    width, height = labels.size(arguments.label_size)
    sheet = labels.Sheet(columns, rows, width, height, arguments.label_top, arguments.label_left)
    labels.pdf([labels.Label("CH00000018", one.label) for one in plan], sheet)
    return sheet


def _print_labels(arguments: argparse.Namespace, sheet: Sheet, entries: list[Entry]) -> None:
    from provisioning.batch import labels
    from provisioning.batch.journal import CardState

    made = [
        labels.Label(each.serial, each.wanted.label)
        for each in entries
        if each.state is CardState.MADE
    ]
    keyfile.replace(arguments.labels, labels.pdf(made, sheet, arguments.label_code))
    print(f"labels   {arguments.labels}, {len(made)} cards")
