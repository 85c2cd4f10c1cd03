"""From a drawing in text to a `Font`: characters with their glyphs, all of one size."""

from dataclasses import dataclass

from drivers.frame import Glyph


@dataclass(frozen=True)
class Font:
    """Glyphs of one width and height in pixels, by character."""

    width: int
    height: int
    glyphs: dict[str, Glyph]


def draw(drawing: str) -> Font:
    """Read a drawing: blocks parted by empty lines, each a line of characters and then the rows.

    A row holds the pixels of all the block's characters, parted by spaces: `#` on, `.` off.
    A last word such as `x9` draws the row nine times. Rows that are missing below are dark.
    """
    rows: dict[str, list[str]] = {}
    for block in drawing.strip("\n").split("\n\n"):
        heading, *lines = block.splitlines()
        characters = heading.split()
        for line in lines:
            words = line.split()
            times = int(words.pop()[1:]) if words[-1].startswith("x") else 1
            for character, word in zip(characters, words, strict=True):
                rows.setdefault(character, []).extend([word] * times)
    width = max(len(row) for drawn in rows.values() for row in drawn)
    height = max(len(drawn) for drawn in rows.values())
    return Font(
        width,
        height,
        {
            character: Glyph(
                width,
                height,
                tuple(
                    sum(1 << y for y, row in enumerate(drawn) if row[x] == "#")
                    for x in range(width)
                ),
            )
            for character, drawn in rows.items()
        },
    )
