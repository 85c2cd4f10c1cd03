"""What the lines of a card are called: `row 2`, `column 3`, `press`; and where they are."""

from collections.abc import Iterable

from drivers.header import place
from drivers.settings import BoardSettings


class Lines:
    """Names and places of the lines of one card, by BCM number."""

    def __init__(self, board: BoardSettings) -> None:
        pad = board.pad
        self._names = {
            **{line: f"row {number}" for number, line in enumerate(pad.rows, 1)},
            **{line: f"column {number}" for number, line in enumerate(pad.columns, 1)},
            board.press_pin: "press",
        }

    @property
    def all(self) -> tuple[int, ...]:
        """Every line: rows, columns, press."""
        return tuple(self._names)

    def name(self, line: int) -> str:
        """What one line is called."""
        return self._names[line]

    def names(self, some: Iterable[int]) -> str:
        """Several lines in a sentence: `rows 1 and 2`, `row 1, column 3 and press`."""
        names = [self._names[line] for line in self._sorted(some)]
        for one, many in (("row ", "rows "), ("column ", "columns ")):
            if len(names) > 1 and all(name.startswith(one) for name in names):
                return many + _listed([name.removeprefix(one) for name in names])
        return _listed(names)

    def place(self, line: int) -> str:
        """Where one line is: `GPIO 6 (pin 31)`."""
        return place(line)

    def places(self, some: Iterable[int]) -> str:
        """Where several lines are."""
        return _listed([place(line) for line in self._sorted(some)])

    def _sorted(self, some: Iterable[int]) -> list[int]:
        return sorted(some, key=list(self._names).index)


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
