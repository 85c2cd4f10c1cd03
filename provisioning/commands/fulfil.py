"""`fulfil`: the card of the next order that waits at a verifier."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from device.keystore import SLOTS
from protocol import card_suite
from protocol.ocra import DEFAULT_SUITE
from provisioning import enrolling

if TYPE_CHECKING:
    from provisioning.fulfil.bench import Bench

NONE_WAITS = "order    none waits"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `fulfil` into the command line."""
    fulfil = commands.add_parser(
        "fulfil",
        help="make the card of the next order at a verifier, and print its papers",
        description="Takes the next order at a verifier, puts a key onto its card, prints packing "
        "slip and return label, and hands the card over. Its soft PIN stays at the verifier. Cut "
        "off anywhere and run again, it goes on with the same order.",
        allow_abbrev=False,
    )
    fulfil.set_defaults(run=run)
    enrolling.add_verifier_options(fulfil, "--url", required=True)
    onto = fulfil.add_mutually_exclusive_group(required=True)
    onto.add_argument(
        "--port",
        metavar="PORT",
        help="pair the card on this serial port; auto: the one with a card's USB identity",
    )
    onto.add_argument(
        "--stores",
        type=Path,
        metavar="DIR",
        help="a store directory for each card, named by its serial",
    )
    onto.add_argument(
        "--give-back",
        type=int,
        metavar="ORDER",
        help="make nothing: let this order wait again, and forget the card that was begun for it",
    )
    fulfil.add_argument(
        "--papers", type=Path, metavar="DIR", help="packing slip and return label, as PDF"
    )
    fulfil.add_argument("--slot", choices=SLOTS, default=SLOTS[0], help="default: %(default)s")
    fulfil.add_argument("--issuer", default="Challng", help="whose verifier it is for")
    fulfil.add_argument("--suite", default=DEFAULT_SUITE, help="default: %(default)s")


def run(arguments: argparse.Namespace) -> int:
    """Make the card; 0 when it is made, and when none waits."""
    from provisioning.fulfil import run as steps

    card_suite.check(arguments.suite)
    verifier = enrolling.verifier(arguments)
    if arguments.give_back is not None:
        verifier.give_back(arguments.give_back)
        print(f"order    {arguments.give_back}, waits again")
        return 0
    record = steps.fulfil(
        verifier,
        _bench(arguments),
        arguments.papers,
        slot=arguments.slot,
        issuer=arguments.issuer,
        suite=arguments.suite,
        say=lambda line: print(line, flush=True),
    )
    if record is None:
        print(NONE_WAITS)
        return 0
    print(f"card     {record.serial}, slot {arguments.slot}, waits to be activated")
    if arguments.papers is not None:
        print(f"papers   {arguments.papers}")
    print("next     send it, and mark the order shipped at the desk")
    return 0


def _bench(arguments: argparse.Namespace) -> Bench:
    from provisioning.fulfil.bench import Cable, Stores

    if arguments.stores is not None:
        return Stores(arguments.stores)
    from provisioning.pair.person import Terminal
    from provisioning.pair.port import Port

    again = ["challng-provision", "fulfil", "--url", arguments.url, "--port", arguments.port]
    return Cable(lambda: Port(arguments.port), Terminal(), shlex.join(again))
