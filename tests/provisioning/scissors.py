"""A power cut at any step: from there on, nothing more is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


class Cut(BaseException):
    """The power fails."""


class Scissors:
    """Cuts before or after the nth step; a step is one call of the functions that are named."""

    def __init__(self, patch: pytest.MonkeyPatch, *steps: tuple[Any, str]) -> None:
        self.at: int | None = None
        self.after = False
        self.count = 0
        self.dead = False
        for owner, name in steps:
            self._wrap(patch, owner, name)

    def _wrap(self, patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def step(*given: Any, **named: Any) -> Any:
            if self.dead:
                raise Cut
            self.count += 1
            if self.count == self.at and not self.after:
                self.dead = True
                raise Cut
            done = real(*given, **named)
            if self.count == self.at:
                self.dead = True
                raise Cut
            return done

        patch.setattr(owner, name, step)

    def run(self, at: int, after: bool, action: Callable[[], int]) -> bool:
        """Cut the action there; True where it was cut."""
        self.at, self.after, self.count = at, after, 0
        try:
            assert action() == 0
        except Cut:
            return True
        finally:
            self.at, self.dead = None, False
        return False
