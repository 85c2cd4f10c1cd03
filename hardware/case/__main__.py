"""`make case`: parameters, meshes and, where these are new, pictures; or a check of all of them."""

import argparse
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

from hardware.case.make import PARTS, PICTURES, STL, SUMS, VIEWS, mesh, picture, sums
from hardware.case.mesh import read
from hardware.case.parameters import SCAD, described, scad
from hardware.pages import ROOT, fill, table, write

PAGE = ROOT / "docs" / "build" / "case.md"
#: Another release of OpenSCAD may cut surfaces into other triangles; the bodies stay the same.
_SAME_VOLUME = 1e-4
_SAME_PLACE = 0.001
#: Another release of the drawing library shades otherwise: mean difference of a pixel, of 255.
_SAME_PICTURE = 4.0


def main() -> int:
    """Make all that is made, or compare what is there with what is made now."""
    parser = argparse.ArgumentParser(prog="python -m hardware.case", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit code 1 if a file is not current"
    )
    if parser.parse_args().check:
        return _check()
    write(SCAD, scad())
    write(PAGE, page(PAGE.read_text()))
    STL.mkdir(exist_ok=True)
    for part in PARTS:
        mesh(part, STL / f"{part}.stl")
        print(f"hardware/case/stl/{part}.stl")
    if SUMS.exists() and SUMS.read_text() == sums():
        print("the pictures are of these meshes")
        return 0
    PICTURES.mkdir(parents=True, exist_ok=True)
    for view in VIEWS:
        picture(view, PICTURES / view.file)
        print(f"docs/build/pictures/{view.file}")
    write(SUMS, sums())
    return 0


def page(text: str) -> str:
    """The page about the case with its parameters as they are now."""
    return fill(text, "parameters", table(("parameter", "mm", "what"), described()))


def _check() -> int:
    """Make everything aside and compare: the bytes, or else what matters of them."""
    verdicts = {
        "hardware/case/parameters.scad": "the same" if SCAD.read_text() == scad() else "",
        "docs/build/case.md": "the same" if PAGE.read_text() == page(PAGE.read_text()) else "",
    }
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            new, old = Path(folder) / f"{part}.stl", STL / f"{part}.stl"
            mesh(part, new)
            verdicts[f"hardware/case/stl/{old.name}"] = compared(new, old)
        for view in VIEWS:
            new, old = Path(folder) / view.file, PICTURES / view.file
            picture(view, new)
            verdicts[f"docs/build/pictures/{view.file}"] = compared(new, old)
    for name, verdict in verdicts.items():
        print(f"{name}: {verdict or 'not current: run `make case`'}")
    return 0 if all(verdicts.values()) else 1


def compared(new: Path, old: Path) -> str:
    """In which way two files are the same; empty if they are not."""
    if new.read_bytes() == old.read_bytes():
        return "the same bytes"
    if new.suffix == ".png":
        return "the same picture, but for its shades" if _same_picture(new, old) else ""
    return "the same body in other triangles" if _same_body(new, old) else ""


def _same_body(one: Path, other: Path) -> bool:
    a, b = read(one), read(other)
    places = zip((*a.low(), *a.high()), (*b.low(), *b.high()), strict=True)
    return abs(a.volume() / b.volume() - 1) < _SAME_VOLUME and all(
        abs(here - there) < _SAME_PLACE for here, there in places
    )


def _same_picture(one: Path, other: Path) -> bool:
    """Compared small, so that an edge a pixel further on is no difference."""
    with Image.open(one) as first, Image.open(other) as second:
        if abs(first.height - second.height) > 4:
            return False
        size = (250, round(second.height / 4))
        small = [drawn.convert("RGB").resize(size) for drawn in (first, second)]
    differences = ImageStat.Stat(ImageChops.difference(*small)).mean
    return max(differences) < _SAME_PICTURE


if __name__ == "__main__":
    sys.exit(main())
