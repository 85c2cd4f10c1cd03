"""What a wiring picture shows, read back from its lines, circles and words alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

SVG = "{http://www.w3.org/2000/svg}"
Point = tuple[float, float]


@dataclass(frozen=True)
class Pin:
    number: int
    name: str
    color: str
    left: float
    right: float
    middle: float


@dataclass(frozen=True)
class Terminal:
    name: str
    words: tuple[str, ...]
    at: Point


@dataclass(frozen=True)
class Line:
    color: str
    net: str
    points: tuple[Point, ...]

    def passes(self, point: Point) -> bool:
        """Whether a point lies on it."""
        return any(
            min(a[0], b[0]) - 0.1 <= point[0] <= max(a[0], b[0]) + 0.1
            and min(a[1], b[1]) - 0.1 <= point[1] <= max(a[1], b[1]) + 0.1
            for a, b in zip(self.points, self.points[1:], strict=False)
        )


class Drawn:
    def __init__(self, path: Path) -> None:
        self._root: Element = parse(path).getroot()
        self.pins = list(self._pins())
        self.terminals = list(self._terminals())
        drawn = list(self._lines())
        self.lines = [line for line in drawn if not line.net.endswith(" inside")]
        self.inside = [line for line in drawn if line.net.endswith(" inside")]

    def _groups(self, kind: str) -> Iterator[tuple[Element, list[str]]]:
        for group in self._root.iter(f"{SVG}g"):
            if group.get("class") == kind:
                yield group, [text.text or "" for text in group.iter(f"{SVG}text")]

    def _pins(self) -> Iterator[Pin]:
        for group, (number, name) in self._groups("pin"):
            rect, circle = group.find(f"{SVG}rect"), group.find(f"{SVG}circle")
            assert rect is not None
            assert circle is not None
            x, y, width, height = (float(rect.get(k, "")) for k in ("x", "y", "width", "height"))
            fill = circle.get("fill", "")
            yield Pin(int(number), name, fill, x, x + width, y + height / 2)

    def _terminals(self) -> Iterator[Terminal]:
        for group, words in self._groups("terminal"):
            circle = group.find(f"{SVG}circle")
            assert circle is not None
            at = (float(circle.get("cx", "")), float(circle.get("cy", "")))
            yield Terminal(group.get("data-name", ""), tuple(words), at)

    def _lines(self) -> Iterator[Line]:
        for path in self._root.iter(f"{SVG}path"):
            if path.get("class") == "wire":
                numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d", ""))]
                points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
                yield Line(path.get("stroke", ""), path.get("data-net", ""), points)

    def words_at(self, words: str) -> list[Point]:
        """Where a text stands."""
        return [
            (float(text.get("x", "")), float(text.get("y", "")))
            for text in self._root.iter(f"{SVG}text")
            if text.text == words
        ]

    def shapes(self) -> int:
        """How many closed shapes there are: the arrows of diodes."""
        return sum(path.get("d", "").endswith("Z") for path in self._root.iter(f"{SVG}path"))

    def pin_at(self, point: Point) -> Pin | None:
        """The pin whose label a wire leaves here, at its outer end."""
        for pin in self.pins:
            outer = pin.left if pin.number % 2 else pin.right
            if abs(point[0] - outer) < 0.1 and abs(point[1] - pin.middle) < 0.1:
                return pin
        return None

    def terminal_at(self, point: Point) -> Terminal | None:
        near = [
            t for t in self.terminals if abs(t.at[0] - point[0]) + abs(t.at[1] - point[1]) < 0.1
        ]
        return near[0] if near else None

    def nets(self) -> dict[str, set[str]]:
        """From each pin's number or terminal's name to all that lines join it with."""
        joined: dict[str, set[str]] = {}
        ends: list[tuple[Line, set[str]]] = []
        for line in self.lines:
            found = set()
            for point in (line.points[0], line.points[-1]):
                pin, terminal = self.pin_at(point), self.terminal_at(point)
                if pin:
                    found.add(str(pin.number))
                elif terminal:
                    found.add(terminal.name)
                else:  # a branch: it begins on a line of the same colour
                    (stem,) = [
                        names
                        for other, names in ends
                        if other.color == line.color and other.passes(point)
                    ]
                    found |= stem
            ends.append((line, found))
        for _, names in ends:
            whole = set(names)
            for name in names:
                whole |= joined.get(name, set())
            for name in whole:
                joined[name] = whole
        return joined
