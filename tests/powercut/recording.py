"""What reached a medium, and what may be left of it when the power fails at some moment."""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.powercut.log import ENTRY, FLUSH

#: What a medium writes whole or not at all.
BLOCK = 4096


@dataclass(frozen=True)
class Entry:
    """One write, or a flush (`where` is FLUSH); `end` is the size of the log after it."""

    where: int
    data: bytes
    end: int


@dataclass(frozen=True)
class Recording:
    """The image before, and everything that was written after."""

    image: Path
    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, image: Path, log: Path) -> "Recording":
        """Take the log of a medium."""
        data, at, entries = log.read_bytes(), 0, []
        while at < len(data):
            where, size = ENTRY.unpack_from(data, at)
            at += ENTRY.size
            entries.append(Entry(where, data[at : at + size], at + size))
            at += size
        return cls(image, tuple(entries))

    def cut(self, onto: Path, dice: random.Random) -> int:
        """Put together what one cut may leave; returns the size of the log at that moment.

        What was written before the last flush is there. Of every later write each block may be.
        """
        last = dice.randrange(len(self.entries))
        flushes = [n for n in range(last + 1) if self.entries[n].where == FLUSH]
        flushed = flushes[-1] if flushes else -1
        luck = dice.random()
        shutil.copyfile(self.image, onto)
        with onto.open("r+b") as file:
            for number, entry in enumerate(self.entries[: last + 1]):
                if entry.where == FLUSH:
                    continue
                for start in range(0, len(entry.data), BLOCK):
                    if number < flushed or dice.random() < luck:
                        file.seek(entry.where + start)
                        file.write(entry.data[start : start + BLOCK])
        return self.entries[last].end
