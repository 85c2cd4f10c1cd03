"""Frames as text for a terminal: two pixels a character, or eight where there is less room."""

from drivers.frame import Frame

_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
# Dots of a braille pattern (Unicode 2800-28FF) by their place in the cell: (dx, dy) to bit.
_DOTS = (
    ((0, 0), 0x01),
    ((0, 1), 0x02),
    ((0, 2), 0x04),
    ((1, 0), 0x08),
    ((1, 1), 0x10),
    ((1, 2), 0x20),
    ((0, 3), 0x40),
    ((1, 3), 0x80),
)
_BRAILLE = 0x2800


def half_blocks(frame: Frame) -> list[str]:
    """One character for each pixel across and each two pixels down."""
    rows = frame.rows()
    return [
        "".join(
            _HALVES[above == "#", below == "#"] for above, below in zip(upper, lower, strict=True)
        )
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def braille(frame: Frame) -> list[str]:
    """One character for each two pixels across and four down: every pixel is one dot."""
    rows = frame.rows()
    return [
        "".join(
            chr(_BRAILLE + sum(bit for (dx, dy), bit in _DOTS if rows[y + dy][x + dx] == "#"))
            for x in range(0, frame.width, 2)
        )
        for y in range(0, frame.height, 4)
    ]
