"""The card's screens as pictures: what `shot` writes is what the glass shows."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.doors import Household


def test_each_screen_of_a_login_is_a_picture_of_its_own(
    household: Household, pictures: Path
) -> None:
    names = ("card-pin", "card-challenge", "card-response")
    shots = [f"shot {pictures / name}.png" for name in names]
    household.card.play(
        ["press", "73", shots[0], "05", "ok", "123", shots[1], "456", "ok", shots[2], "off"]
    )
    seen = []
    for name in names:
        with Image.open(pictures / f"{name}.png") as picture:
            assert picture.size == (512, 256)
            lit = picture.convert("1")
            assert 0 < sum(pixel > 0 for pixel in lit.tobytes()) < len(lit.tobytes())
            seen.append(lit.tobytes())
    assert len(set(seen)) == 3
