"""Requests that came before: the same one again is not decided again (RFC 5080, section 2.2.2).

A request is known by where it came from, its identifier and its authenticator. While it is being
decided, the same one is dropped; afterwards it is given the same bytes for a while. Bounded: when
it is full, what was answered first is forgotten; what is being decided stays. A request that is
forgotten and comes again is decided again, and an answer that was accepted is not accepted twice
there either, for its login is over.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

Key = tuple[str, int, int, bytes]
"""Address, port, identifier, authenticator."""


class Seen(Enum):
    """What is to be done about a request."""

    NEW = auto()
    """It is to be decided; `answered` or `dropped` has to follow."""
    UNDECIDED = auto()
    TOO_MANY = auto()


@dataclass(frozen=True)
class _Answered:
    reply: bytes
    until: datetime


class Memory:
    """What was asked lately, and what was replied."""

    def __init__(self, lifetime: timedelta, size: int, at_once: int) -> None:
        self._lifetime = lifetime
        self._size = size
        self._at_once = at_once
        self._undecided: set[Key] = set()
        self._answered: OrderedDict[Key, _Answered] = OrderedDict()

    def __len__(self) -> int:
        """Return how many requests are remembered."""
        return len(self._undecided) + len(self._answered)

    def meet(self, key: Key, now: datetime) -> Seen | bytes:
        """Note a request that came; returns the reply where it was answered before."""
        self._forget(now)
        if key in self._undecided:
            return Seen.UNDECIDED
        before = self._answered.get(key)
        if before is not None:
            return before.reply
        if len(self._undecided) >= self._at_once:
            return Seen.TOO_MANY
        self._undecided.add(key)
        return Seen.NEW

    def answered(self, key: Key, reply: bytes, now: datetime) -> None:
        """Note the reply to a request."""
        self._undecided.discard(key)
        self._answered[key] = _Answered(reply, now + self._lifetime)
        self._answered.move_to_end(key)
        while len(self._answered) > self._size:
            self._answered.popitem(last=False)

    def dropped(self, key: Key) -> None:
        """Note that there is no reply: the same request may be tried again."""
        self._undecided.discard(key)

    def _forget(self, now: datetime) -> None:
        while self._answered:
            oldest = next(iter(self._answered.values()))
            if oldest.until > now:
                return
            self._answered.popitem(last=False)
