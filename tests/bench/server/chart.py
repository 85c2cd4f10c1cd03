"""A curve for each database as SVG: cards on a logarithmic axis, milliseconds on a plain one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 52, 64
_COLOURS = ("#1b5e9b", "#b3541e")
_STYLE = (
    "text{font:13px sans-serif;fill:#222}.title{font-size:15px;font-weight:600}"
    ".grid{stroke:#ddd}.axis{stroke:#444}.ground{fill:#fff}"
)


def chart(curves: Mapping[str, Points], logins_a_card: int) -> str:
    """Return the picture; the axis of milliseconds begins at nothing, so that flat looks flat."""
    cards = sorted({x for points in curves.values() for x, _ in points})
    most = max(y for points in curves.values() for _, y in points)
    step = _step(most)
    top = step * math.ceil(most * 1.15 / step)
    first, last = math.log10(cards[0]), math.log10(cards[-1])
    span = (last - first) or 1.0

    def x(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (math.log10(value) - first) / span

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / top

    title = "CPU of a second-factor round trip, as the database grows"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{title}</title><style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}"/>',
        f'<text class="title" x="{_LEFT}" y="24">{title}</text>',
        f'<text x="8" y="{_TOP - 10}">ms</text>',
    ]
    for number in range(round(top / step) + 1):
        at = y(number * step)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text x="{_LEFT - 10}" y="{at + 4:.1f}" text-anchor="end">{number * step:g}</text>'
        )
    parts.append(
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>'
    )
    for value in cards:
        side = "start" if value == cards[0] else "end" if value == cards[-1] else "middle"
        logins = f"{value * logins_a_card:,.0f}"
        parts.append(
            f'<text x="{x(value):.1f}" y="{y(0) + 20:.1f}" text-anchor="{side}">{value:,.0f}</text>'
            f'<text x="{x(value):.1f}" y="{y(0) + 37:.1f}" text-anchor="{side}">{logins}</text>'
        )
    parts.append(
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" text-anchor="middle">'
        "cards, and below them past logins</text>"
    )
    for (name, points), colour in zip(curves.items(), _COLOURS, strict=False):
        line = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3.5" fill="{colour}"/>' for a, b in points
        ]
        at, value = points[-1]
        parts.append(
            f'<text x="{x(at):.1f}" y="{y(value) - 10:.1f}" text-anchor="end" '
            f'style="fill:{colour}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _step(most: float) -> float:
    """Return a round distance between two lines of the grid."""
    rough = most / 5
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
