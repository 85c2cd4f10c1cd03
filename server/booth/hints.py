"""Which key of the card a visitor presses next, and at which step he is: read off the glass."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

PRESS, OK, CLEAR = "press", "#", "*"
_PIN, _CHALLENGE = "PIN>", "CHALLNG>"


class Step(StrEnum):
    """The steps with the card, in their order."""

    WAKE = "wake"
    PIN = "pin"
    CHALLENGE = "challenge"
    RESPONSE = "response"


def step_of(lines: Sequence[str]) -> Step | None:
    """Return the step that the glass is at; None where it shows something else."""
    if not lines:
        return Step.WAKE
    if _PIN in lines:
        return Step.PIN
    if _CHALLENGE in lines:
        return Step.CHALLENGE
    return Step.RESPONSE if _is_response(lines[-1]) else None


def next_key(lines: Sequence[str], pin: str, challenge: str) -> str | None:
    """Return the key that brings this PIN and this challenge further; None: none does."""
    step = step_of(lines)
    typed = "" if step is None or len(lines) < 2 else lines[-1].rstrip("_")
    match step:
        case Step.WAKE:
            return PRESS
        case Step.PIN:
            return pin[len(typed)] if len(typed) < len(pin) else OK
        case Step.CHALLENGE if not challenge.startswith(typed):
            return CLEAR
        case Step.CHALLENGE:
            return challenge[len(typed)] if len(typed) < len(challenge) else OK
    return None


def clearings(lines: Sequence[str]) -> int:
    """Return how often CLEAR takes the card from what it shows to a dark glass."""
    if not lines:
        return 0
    if step_of(lines) in {Step.PIN, Step.CHALLENGE}:
        return len(lines[-1].rstrip("_")) + 1
    return 1


def _is_response(line: str) -> bool:
    digits = line.replace(" ", "")
    return digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 10
