"""The moving picture of a login: the page, and beside it the card that is pressed."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from device.png import png
from drivers.frame import Frame

SIZE = (720, 560)
LARGEST = 300_000
"""Bytes that the picture may have, on the first page that anybody sees."""
PAGE = (12, 10, 302, 550)
CARD = (350, 20, 700, 540)
GROUND, BODY, RIM, KEY, DOWN = "#eef2f1", "#0f5e66", "#0a3f45", "#dff5f2", "#f2b84b"
INK = "#16282b"
_COLOURS = 48
_RADIUS = 8


@dataclass
class Moving:
    """Pictures one after the other; each shows the page as it was seen last, and the glass."""

    keys: tuple[str, ...]
    page: Image.Image | None = None
    frames: list[Image.Image] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    def see(self, screenshot: bytes) -> None:
        """Take another look at the page."""
        with Image.open(io.BytesIO(screenshot)) as picture:
            wanted = (PAGE[2] - PAGE[0], PAGE[3] - PAGE[1])
            height = round(picture.width * wanted[1] / wanted[0])
            top = picture.convert("RGB").crop((0, 0, picture.width, height))
            self.page = top.resize(wanted, Image.Resampling.LANCZOS)

    def add(self, glass: Frame, down: str = "", milliseconds: int = 350) -> None:
        """Add a picture, with one key down or none."""
        picture = Image.new("RGB", SIZE, GROUND)
        if self.page is not None:
            picture.paste(self.page, PAGE[:2])
        _draw_card(picture, self.keys, glass, down)
        self.frames.append(picture)
        self.times.append(milliseconds)

    def save(self, target: Path) -> None:
        """Write all of it as one GIF that begins again at its end, in one palette."""
        strip = Image.new("RGB", (SIZE[0], SIZE[1] * len(self.frames)))
        for number, frame in enumerate(self.frames):
            strip.paste(frame, (0, SIZE[1] * number))
        palette = strip.quantize(_COLOURS, dither=Image.Dither.NONE)
        first, *others = (
            frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames
        )
        first.save(
            target, save_all=True, append_images=others, duration=self.times, loop=0, optimize=True
        )


def _draw_card(picture: Image.Image, keys: tuple[str, ...], glass: Frame, down: str) -> None:
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(24)
    left, top, right, bottom = CARD
    draw.rounded_rectangle(CARD, 26, fill=BODY)
    with Image.open(io.BytesIO(png(glass, scale=2))) as shown:
        spot = ((left + right - shown.width) // 2, top + 30)
        frame = (
            spot[0] - 12,
            spot[1] - 12,
            spot[0] + shown.width + 12,
            spot[1] + shown.height + 12,
        )
        draw.rounded_rectangle(frame, 10, fill="#080c10", outline=RIM, width=3)
        picture.paste(shown.convert("RGB"), spot)
    wide, high, gap = 66, 50, 12
    begin = ((left + right - 4 * wide - 3 * gap) // 2, top + 190)
    for y, row in enumerate(keys):
        for x, key in enumerate(row):
            at = (begin[0] + x * (wide + gap), begin[1] + y * (high + gap))
            _draw_key(draw, font, (*at, at[0] + wide, at[1] + high), _named(key), key == down)
    press = (begin[0], bottom - 78, right - (begin[0] - left), bottom - 30)
    _draw_key(draw, font, press, "press", down == "press")


def _named(key: str) -> str:
    return {"#": "OK", "*": "CLR"}.get(key, key)


def _draw_key(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    box: tuple[int, int, int, int],
    word: str,
    down: bool,
) -> None:
    draw.rounded_rectangle(box, _RADIUS, fill=DOWN if down else KEY, outline=RIM, width=2)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    draw.text(middle, word, font=font, fill=INK, anchor="mm")
