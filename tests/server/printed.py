"""A printed code card, read as a person reads it: the value to the right of an index number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from pypdf import PdfReader

_INDEX = re.compile(r"\d{1,3}")
_VALUE = re.compile(r"[0-9A-Z]{3}")


@dataclass
class Print:
    """What is on the paper."""

    values: dict[int, str] = field(repr=False)
    text: str
    width: float
    height: float
    places: dict[int, tuple[float, float, float]] = field(default_factory=dict)
    """Of each index number: from the left, from the bottom, and its font's size, in points."""

    def answer(self, prompt: Any) -> str:
        return "".join(self.values[index] for index in prompt["indexes"])


def read(pdf: bytes) -> Print:
    """Read the one page of a code card."""
    (page,) = PdfReader(BytesIO(pdf)).pages
    pieces: list[tuple[float, float, str, str, float]] = []

    def note(text: str, _cm: Any, tm: Any, font: Any, size: float) -> None:
        if text.strip():
            pieces.append((tm[4], tm[5], text.strip(), str((font or {}).get("/BaseFont")), size))

    text = page.extract_text(visitor_text=note)
    indexes = [p for p in pieces if "Courier" not in p[3] and _INDEX.fullmatch(p[2])]
    values = [p for p in pieces if "Courier" in p[3] and _VALUE.fullmatch(p[2])]
    found: dict[int, str] = {}
    places = {}
    for x, y, digits, _, size in indexes:
        beside = min((v for v in values if abs(v[1] - y) < 2 and v[0] > x), key=lambda v: v[0] - x)
        found[int(digits)] = beside[2]
        places[int(digits)] = (x, y, size)
    box = page.mediabox
    return Print(found, text, float(box.width), float(box.height), places)
