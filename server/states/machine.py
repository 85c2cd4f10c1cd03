"""A life as a table: in which state which move is allowed, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from ..errors import IllegalMove
from ..words import N_

_NOT_NOW = N_("This cannot be done any more, or not yet: nothing was changed. Look at it again.")

State = TypeVar("State", bound=StrEnum)
Move = TypeVar("Move", bound=StrEnum)


@dataclass(frozen=True)
class Machine(Generic[State, Move]):
    """All moves of one life; what is not in `moves` is refused. `begins` is the first state."""

    name: str
    begins: State
    moves: Mapping[tuple[State, Move], State]

    def after(self, state: State, move: Move) -> State:
        """Return the state that `move` leads to; raises IllegalMove."""
        try:
            return self.moves[state, move]
        except KeyError:
            raise IllegalMove(_NOT_NOW) from None

    def sources(self, move: Move) -> tuple[State, ...]:
        """Return the states in which `move` is allowed, for the WHERE of its compare-and-set."""
        return tuple(state for state, each in self.moves if each is move)

    def allows(self, state: State, move: Move) -> bool:
        """Tell whether `move` is allowed in `state`."""
        return (state, move) in self.moves

    def final(self) -> frozenset[State]:
        """Return the states that nothing leads out of."""
        return frozenset(self.moves.values()) - {state for state, _ in self.moves}
