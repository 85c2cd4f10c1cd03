"""`enrol`: the card of a key file into a verifier."""

from __future__ import annotations

import argparse
from pathlib import Path

from protocol import pskc, serial
from provisioning import enrolling, keyfile, record_secret
from provisioning.errors import OutputRefused
from provisioning.place import UNCONFIRMED


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `enrol` into the command line."""
    enrol = commands.add_parser(
        "enrol",
        help="put the card of a key file into a verifier",
        description="Puts the card of a key file (RFC 6030) into a verifier, over its API, with a "
        "provisioning credential. Done again after a failure, it finishes.",
        allow_abbrev=False,
    )
    enrol.set_defaults(run=run)
    enrol.add_argument("file", type=Path, metavar="FILE", help="the card record")
    enrol.add_argument("--serial", help="which card, where the file has several")
    record_secret.add_options(enrol)
    enrolling.add_options(enrol, "--url", required=True)


def run(arguments: argparse.Namespace) -> int:
    """Put the card there and make it active; 0 when it is."""
    _refuse_what_is_unconfirmed(arguments.file)
    data = keyfile.read(arguments.file)
    records = pskc.read(data, record_secret.read(arguments, new=False))
    record = _choose(records, arguments.serial)
    place = enrolling.place(arguments)
    assert place is not None  # noqa: S101 - --url is required
    place.prepare(record)
    place.confirm(record)
    print(f"card     {record.serial}, active for {arguments.user} at {arguments.url}")
    print(f"next     log in once with the card, then delete {arguments.file}")
    return 0


def _refuse_what_is_unconfirmed(file: Path) -> None:
    beside = file.with_name(file.name + UNCONFIRMED)
    if file.name.endswith(UNCONFIRMED):
        out = file.with_name(file.name.removesuffix(UNCONFIRMED))
    elif not file.exists() and beside.exists():
        out = file
    else:
        return
    raise OutputRefused(
        f"the record {out} is unconfirmed: nobody knows yet whether the card has its key. Open "
        f"pairing on the card and run `challng-provision pair --resume {out}` first"
    )


def _choose(records: list[pskc.CardRecord], wanted: str | None) -> pskc.CardRecord:
    if wanted is not None:
        wanted = serial.check(wanted)
        records = [record for record in records if record.serial == wanted]
    if len(records) == 1:
        return records[0]
    if wanted is not None:
        raise OutputRefused(f"the file has no card {wanted}: check the serial")
    raise OutputRefused(f"the file has {len(records)} cards: choose one with --serial")
