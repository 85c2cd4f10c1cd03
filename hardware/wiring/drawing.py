"""A small SVG drawing: boxes, texts, and wires with a halo where they cross."""

from collections.abc import Iterable
from html import escape

Point = tuple[float, float]

INK, PAPER, FAINT = "#1c2230", "#ffffff", "#8a93a3"
PAINTS = {
    "red": "#d62828",
    "black": "#20242c",
    "brown": "#8b5a2b",
    "orange": "#f28c28",
    "yellow": "#e0b400",
    "green": "#2e9e4f",
    "blue": "#2a6fdb",
    "purple": "#8e44ad",
    "grey": "#8d99a6",
    "white": "#ffffff",
}


class Drawing:
    """Elements in the order in which they are drawn."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self._size = (width, height)
        self._title = title
        self._lines: list[str] = []

    def box(
        self,
        corner: Point,
        size: Point,
        fill: str,
        line: str = INK,
        radius: float = 6,
        dash: str = "",
    ) -> None:
        """A rectangle with round corners."""
        self._add(
            f'<rect x="{_n(corner[0])}" y="{_n(corner[1])}" width="{_n(size[0])}" '
            f'height="{_n(size[1])}" rx="{_n(radius)}" fill="{fill}" stroke="{line}" '
            'stroke-width="1.5"/>'
        )

    def disc(self, middle: Point, radius: float, fill: str, line: str = INK) -> None:
        """A circle."""
        self._add(
            f'<circle cx="{_n(middle[0])}" cy="{_n(middle[1])}" r="{_n(radius)}" fill="{fill}" '
            f'stroke="{line}" stroke-width="1.5"/>'
        )

    def text(
        self,
        at: Point,
        words: str,
        size: float = 13,
        anchor: str = "middle",
        fill: str = INK,
        bold: bool = False,
    ) -> None:
        """One line of text, its middle at half its height."""
        weight = ' font-weight="bold"' if bold else ""
        self._add(
            f'<text x="{_n(at[0])}" y="{_n(at[1] + size * 0.36)}" font-size="{_n(size)}" '
            f'text-anchor="{anchor}" fill="{fill}"{weight}>{escape(words)}</text>'
        )

    def line(self, points: Iterable[Point], color: str, width: float = 1.5) -> None:
        """A line through some points."""
        self._add(
            f'<path d="{_path(points)}" fill="none" stroke="{color}" '
            f'stroke-width="{_n(width)}" stroke-linejoin="round"/>'
        )

    def shape(self, points: Iterable[Point], fill: str, line: str = INK) -> None:
        """A closed shape."""
        self._add(f'<path d="{_path(points)} Z" fill="{fill}" stroke="{line}" stroke-width="1.5"/>')

    def wire(self, points: Iterable[Point], color: str, net: str, thin: bool = False) -> None:
        """A wire: a halo of paper, an edge, and its colour."""
        path = _path(points)
        width = 3.0 if thin else 5.0
        for paint, wide in ((PAPER, width + 6), (INK, width + 1.6)):
            self._add(
                f'<path d="{path}" fill="none" stroke="{paint}" stroke-width="{_n(wide)}" '
                'stroke-linejoin="round"/>'
            )
        self._add(
            f'<path class="wire" data-net="{escape(net)}" data-color="{color}" d="{path}" '
            f'fill="none" stroke="{PAINTS[color]}" stroke-width="{_n(width)}" '
            'stroke-linejoin="round"/>'
        )

    def group(self, kind: str, name: str) -> None:
        """Begin a group that has a class and a name; `end` ends it."""
        self._add(f'<g class="{kind}" data-name="{escape(name)}">')

    def end(self) -> None:
        """End the last group."""
        self._add("</g>")

    def svg(self) -> str:
        """The whole file."""
        width, height = self._size
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" '
            'font-family="DejaVu Sans, Verdana, Arial, sans-serif">'
        )
        paper = f'<rect width="{width}" height="{height}" fill="{PAPER}"/>'
        title = f"<title>{escape(self._title)}</title>"
        return "\n".join([head, title, paper, *self._lines, "</svg>"]) + "\n"

    def _add(self, element: str) -> None:
        self._lines.append(element)


def _path(points: Iterable[Point]) -> str:
    return "M " + " L ".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
