"""A bench with a card that may be soldered wrong, a hand that does as it is told, and an eye."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from device.keystore import KeyStore
from device.selftest.bench import Bench
from device.selftest.faces import Face, Keys, Terminal
from device.selftest.findings import Finding
from device.selftest.parts import diagnose
from device.selftest.screens import CELLS, FONT, Prompt, picture
from device.selftest.steps import RandomSource
from device.selftest.walk import steps, walk
from device.settings import Settings
from drivers.frame import Frame
from drivers.probe import Look
from drivers.sim.clock import VirtualClock
from drivers.sim.faults import FaultyWorld

CHATTER = 0.02


class Here:
    """A path that exists, or does not."""

    def __init__(self, there: bool = True) -> None:
        self.there = there

    def exists(self) -> bool:
        return self.there


def random_source(ready: bool = True, hardware: bool = True) -> RandomSource:
    def draw(count: int, _flags: int) -> bytes:
        if not ready:
            raise BlockingIOError
        return bytes(count)

    return RandomSource(draw, Here(hardware))  # type: ignore[arg-type]


@dataclass
class Hand:
    """Follows the last prompt; `misses` are contacts it never reaches, `instead` what it hits.

    It lets go `slow` seconds late. `answer` is the key that it presses when it is asked about the
    frame; None: as it looks.
    """

    world: FaultyWorld
    clock: VirtualClock
    misses: str = ""
    instead: dict[str, str] = field(default_factory=dict)
    answer: str | None = None
    slow: float = 0.0
    down: str = ""

    def follow(self, prompt: str) -> None:
        """Press what is asked for, with a bouncing contact; let go of it otherwise."""
        wanted = ""
        if prompt == "Press the press button.":
            wanted = "press"
        elif asked := re.fullmatch(r"Press (.)\.", prompt):
            wanted = asked[1]
        wanted = "" if wanted and wanted in self.misses.split() else wanted
        self.put(self.instead.get(wanted, wanted))

    def put(self, wanted: str) -> None:
        if wanted == self.down:
            return
        before, self.down = self.down, wanted
        for key, closed in ((before, False), (wanted, True)):
            for bounce in range(7 if key else 0):
                position = closed if bounce % 2 == 0 else not closed
                late = self.clock.now() + CHATTER * bounce / 6 + (0 if closed else self.slow)
                self.clock.at(late, partial(self._set, key, position))

    def _set(self, key: str, closed: bool) -> None:
        if key == "press":
            self.world.close_press() if closed else self.world.open_press()
        else:
            self.world.close_key(key) if closed else self.world.open_key(key)


class Eye:
    """Answers the question about the frame by looking at the glass, pixel by pixel."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def readline(self) -> str:
        assert self._rig.last.endswith("Then Enter:")
        return {True: "y", False: "n", None: "d"}[self._rig.frame_is_whole()] + "\n"


class Rig:
    """One self-test from its first step to its last. `alone`: by the glass and the keys only."""

    def __init__(
        self,
        world: FaultyWorld,
        settings: Settings,
        store: KeyStore,
        *,
        alone: bool = False,
        random: RandomSource | None = None,
        factory: object = None,
    ) -> None:
        self.world, self.alone = world, alone
        assert isinstance(world.clock, VirtualClock)
        self.clock = world.clock
        self.hand = Hand(world, self.clock)
        self.out = io.StringIO()
        self.lines: object = Eye(self)
        self.random = random or random_source()
        self.found: list[Finding] = []
        self.shown: list[list[str]] = []
        self.stop_at = ""
        self._read_at = -1
        opened = factory if callable(factory) else lambda: world.factory
        self.bench = Bench(settings, store, opened, self.out, self.clock, self._pause)

    def run(self) -> int:
        """Walk through all steps; return the exit code."""
        face: Face = Keys() if self.alone else Terminal(self.lines)  # type: ignore[arg-type]
        with attached(self.world):
            code = walk(self.bench, steps(self.bench.settings, face, self.random))
        self.found = diagnose(
            self.bench.settings.board, self.bench.settings.battery, self.bench.seen
        )
        assert self.world.shorts == [], "the probe made a short"
        return code

    @property
    def text(self) -> str:
        return self.out.getvalue()

    @property
    def last(self) -> str:
        return self.text.splitlines()[-1] if self.text else ""

    @property
    def codes(self) -> list[str]:
        return [finding.kind.code for finding in self.found]

    def glass(self) -> list[str]:
        """The words and the sign on the glass, read off its pixels."""
        return read(self.world.glass.frame())

    def frame_is_whole(self) -> bool | None:
        """What an eye says of the frame: whole or not; None if the glass is dark."""
        frame = self.world.glass.frame()
        if not any(frame.data):
            return None
        words = tuple(read(frame, 4))
        if any("?" in line for line in words):
            return False
        return frame == picture(Prompt("", words, framed=True), frame.width, frame.height)

    def _pause(self, seconds: float) -> None:
        if self.alone:
            self._follow_the_glass()
        else:
            prompt = self.last
            if self.stop_at and prompt == self.stop_at:
                raise KeyboardInterrupt
            self.hand.follow(prompt)
        self.clock.advance_to(self.clock.now() + seconds)

    def _follow_the_glass(self) -> None:
        if self.world.glass.changes == self._read_at:
            return  # nothing new for the eye
        self._read_at = self.world.glass.changes
        lines = self.glass()
        if lines and lines != self.shown[-1:]:
            self.shown.append(lines)
        if read(self.world.glass.frame(), 4)[-1:] == ["# YES   * NO"]:
            seen = "#" if self.frame_is_whole() else "*"
            self.hand.put(seen if self.hand.answer is None else self.hand.answer)
        elif lines[:1] == ["PRESS"]:
            self.hand.follow(f"Press {lines[1]}.")
        elif lines[:1] == ["PRESS THE BUTTON"]:
            self.hand.follow("Press the press button.")
        else:
            self.hand.put("")


def look(*joined: tuple[int, int]) -> Look:
    return Look(joined=frozenset(frozenset(pair) for pair in joined))


@contextmanager
def attached(world: FaultyWorld) -> Iterator[None]:
    world.attach()
    try:
        yield
    finally:
        world.detach()


def read(frame: Frame, top: int = 0) -> list[str]:
    """The lines of words, `top` pixels down, and the sign; `?` for what is no glyph."""
    lines = []
    y = top
    end = frame.height - (0 if top else 23)
    while y + 7 <= end and (line := _cells(frame, y, 1)).strip():
        lines.append(line.rstrip())
        y += 8
    sign = "" if top else _cells(frame, frame.height - 23, 3)
    return lines + ([sign.strip()] if sign.strip() else [])


def _cells(frame: Frame, y: int, times: int) -> str:
    text = ""
    for cell in range(CELLS // times):
        columns = tuple(
            sum(
                frame.pixel(4 + (cell * 6 + dx) * times, y + dy * times) << dy
                for dy in range(FONT.height)
            )
            for dx in range(FONT.width)
        )
        known = [sign for sign, glyph in FONT.glyphs.items() if glyph.columns == columns]
        text += " " if not any(columns) else known[0] if known else "?"
    return text
