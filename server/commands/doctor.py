"""`doctor`: the usual mistakes of an installation, and what to do about each."""

from __future__ import annotations

import argparse
from argparse import Namespace

from ..clock import SystemClock
from ..doctor import checks, gathering
from ..doctor.facts import Level
from ..settings import Settings
from .context import say


def parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    text = "look for the usual mistakes of an installation; 1 where anything is wrong"
    each = commands.add_parser("doctor", help=text, description=f"{text.capitalize()}.")
    each.set_defaults(on_settings=doctor)


def doctor(settings: Settings, _given: Namespace) -> int:
    """Look, say what was found, and what to do."""
    found = checks.findings(gathering.gather(settings, SystemClock()))
    for each in found:
        say(f"{each.level}: {each.what}")
        say(f"    {each.do}")
    wrong = sum(each.level is Level.WRONG for each in found)
    say(f"{wrong} things are wrong, {len(found) - wrong} could be better.")
    return 1 if wrong else 0
