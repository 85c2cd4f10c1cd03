"""Bodies for the pictures, as VRML: boxes and cylinders, no more than is needed to know a part."""

from __future__ import annotations

import math

from hardware.board.drawing import Block, Footprint
from hardware.board.sexpr import number

_COLOURS = {
    "black": (0.07, 0.07, 0.08),
    "dark": (0.16, 0.17, 0.19),
    "hole": (0.02, 0.02, 0.02),
    "tin": (0.78, 0.78, 0.80),
    "tan": (0.72, 0.58, 0.42),
    "blue": (0.06, 0.13, 0.32),
    "green": (0.10, 0.42, 0.20),
    "white": (0.92, 0.91, 0.87),
}
_UNIT = 2.54
"""KiCad takes a unit of VRML for a tenth of an inch."""
_FACETS = 32


def _rim(block: Block) -> list[tuple[float, float]]:
    """The outline of a body from above, against the clock."""
    if block.round:
        angles = [2 * math.pi * i / _FACETS for i in range(_FACETS)]
        r = block.width / 2
        return [(block.x + r * math.cos(a), -block.y + r * math.sin(a)) for a in angles]
    w, d = block.width / 2, block.depth / 2
    return [(block.x + x, -block.y + y) for x, y in ((-w, -d), (w, -d), (w, d), (-w, d))]


def _shape(block: Block) -> str:
    rim = _rim(block)
    count = len(rim)
    points = [(x, y, z) for z in (block.low, block.high) for x, y in rim]
    faces = [list(range(count))[::-1], [count + i for i in range(count)]]
    for i in range(count):
        after = (i + 1) % count
        faces.append([i, after, count + after, count + i])
    where = ", ".join(" ".join(number(value / _UNIT) for value in point) for point in points)
    which = ", ".join(", ".join(map(str, face)) + ", -1" for face in faces)
    red, green, blue = _COLOURS[block.colour]
    return (
        "Shape {\n"
        f"  appearance Appearance {{ material Material {{ diffuseColor {red} {green} {blue}"
        " specularColor 0.2 0.2 0.2 shininess 0.3 } }\n"
        "  geometry IndexedFaceSet { solid TRUE\n"
        f"    coord Coordinate {{ point [ {where} ] }}\n"
        f"    coordIndex [ {which} ]\n"
        "  }\n}\n"
    )


def vrml(footprint: Footprint) -> str:
    """The file of a footprint's bodies."""
    return "#VRML V2.0 utf8\n" + "".join(map(_shape, footprint.bodies))
