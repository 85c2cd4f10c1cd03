"""What the keypad and the press button report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KeyDown:
    """Exactly one key was pressed."""

    key: str


@dataclass(frozen=True)
class KeyUp:
    """The key of the last `KeyDown` was let go, or stopped being the only one."""

    key: str


@dataclass(frozen=True)
class KeysRefused:
    """More than one key read closed; nothing is typed until all are open.

    Said once. `keys` may hold ghosts: three keys on two rows and two columns read as four.
    """

    keys: frozenset[str]


@dataclass(frozen=True)
class KeysStuck:
    """Keys that were closed at power-on; each is ignored until it has opened."""

    keys: frozenset[str]


KeyEvent = KeyDown | KeyUp | KeysRefused | KeysStuck


@dataclass(frozen=True)
class ButtonDown:
    """The press button was pressed."""


@dataclass(frozen=True)
class ButtonUp:
    """The press button was let go."""


@dataclass(frozen=True)
class ButtonStuck:
    """The press button was closed at power-on; it is ignored until it has opened."""


ButtonEvent = ButtonDown | ButtonUp | ButtonStuck
