"""The whole self-test: one step after the other, then what was found, in words and on the glass."""

import sys
import time
from collections.abc import Sequence

from device.keystore import KeyStore
from device.selftest.bench import Bench
from device.selftest.faces import Face, Keys, Terminal
from device.selftest.findings import Finding
from device.selftest.parts import diagnose
from device.selftest.screens import Prompt, fitting
from device.selftest.steps import (
    Battery,
    Bus,
    Glasses,
    OneKey,
    Picture,
    Press,
    RandomSource,
    Rest,
    Step,
    Store,
)
from device.settings import Settings
from drivers.hardware import real_pins

_RESULT = 4.0  # seconds that each finding stays on the glass


def selftest(settings: Settings, store: KeyStore, *, keys_alone: bool) -> int:
    """Test the card on this computer's own pins; return the exit code: 0 if all is well, else 1.

    The questions are answered in the terminal, or with the card's keys (`keys_alone`).
    """
    bench = Bench(settings, store, real_pins, sys.stdout, time.monotonic, time.sleep)
    face: Face = Keys() if keys_alone else Terminal(sys.stdin)
    return walk(bench, steps(settings, face))


def steps(settings: Settings, face: Face, random: RandomSource | None = None) -> list[Step]:
    """All steps for a card with these settings, in their order."""
    return [
        Bus(),
        Glasses(),
        Rest(),
        *(OneKey(key) for key in "".join(settings.board.pad.keys)),
        Press(),
        Battery(),
        Picture(face),
        Store(),
        random or RandomSource(),
    ]


def walk(bench: Bench, steps: Sequence[Step]) -> int:
    """Do the steps, say what was found, and return the exit code.

    Ctrl-C ends the steps, and what was seen until then is said; that is never exit code 0.
    """
    try:
        whole = _all_done(bench, steps)
        found = diagnose(bench.settings.board, bench.settings.battery, bench.seen)
        _report(bench, found, whole)
        return 0 if whole and not found else 1
    finally:
        bench.close()


def _all_done(bench: Bench, steps: Sequence[Step]) -> bool:
    try:
        for step in steps:
            step.run(bench)
    except KeyboardInterrupt:
        bench.say(Prompt("\nStopped before the end."))
        return False
    return True


def _report(bench: Bench, found: list[Finding], whole: bool) -> None:
    if not found and whole:
        bench.say(Prompt("All is well.", ("ALL IS WELL",), "OK"))
        bench.pause(_RESULT)
    for finding in found:
        words = (finding.kind.words, *fitting(finding.where))
        bench.say(Prompt(str(finding), words, finding.kind.code))
        bench.pause(_RESULT)
