"""Numbers of the state machine that a setting may change. Apart, because settings come first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """Digits of the PIN, seconds until the card goes off.

    `dim`: seconds without a key until the glass is dimmed. `pairing`: whether there is a cable.
    """

    pin_length: int = 4
    idle: float = 30.0
    response: float = 60.0
    dim: float = 10.0
    pairing: bool = False
