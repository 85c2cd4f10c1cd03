"""`revoke`: take a card away at the verifier."""

from __future__ import annotations

import argparse

from protocol import serial
from provisioning import enrolling


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `revoke` into the command line."""
    revoke = commands.add_parser(
        "revoke",
        help="take a card away at the verifier, for good",
        description="Takes a card away at the verifier: key and PIN are destroyed there, its "
        "sessions end. Only a card that the same credential put there; the verifier's operator "
        "takes away any (`challng-server card revoke`).",
        allow_abbrev=False,
    )
    revoke.set_defaults(run=run)
    revoke.add_argument("serial", metavar="SERIAL", help="the card's serial")
    enrolling.add_verifier_options(revoke, "--url", required=True)


def run(arguments: argparse.Namespace) -> int:
    """Take it away; 0 when it is gone."""
    card = serial.check(arguments.serial)
    was = enrolling.verifier(arguments).revoke(card)
    if was == "pending":
        print(f"card     {card}, which was pending, is forgotten at {arguments.url}")
    else:
        print(f"card     {card} is revoked at {arguments.url}; its serial is free for a new key")
    return 0
