"""`make case`: parameters, meshes and, where these are new, pictures; or a check of the meshes."""

import argparse
import sys
import tempfile
from pathlib import Path

from hardware.case.make import PARTS, PICTURES, STL, SUMS, VIEWS, mesh, picture, sums
from hardware.case.mesh import read
from hardware.case.parameters import SCAD, described, scad
from hardware.pages import fill, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "build" / "case.md"
#: Another release of OpenSCAD may cut surfaces into other triangles; the bodies stay the same.
_SAME_VOLUME = 1e-4
_SAME_PLACE = 0.001


def main() -> int:
    """Make all that is made, or compare what is there with what is made now."""
    parser = argparse.ArgumentParser(prog="python -m hardware.case", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit code 1 if a mesh is not current"
    )
    if parser.parse_args().check:
        return _check()
    SCAD.write_text(scad())
    PAGE.write_text(page(PAGE.read_text()))
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
    SUMS.write_text(sums())
    return 0


def page(text: str) -> str:
    """The page about the case with its parameters as they are now."""
    return fill(text, "parameters", table(("parameter", "mm", "what"), described()))


def _check() -> int:
    """Make the meshes aside and compare: the bytes, or else the bodies."""
    old = 0
    if SCAD.read_text() != scad():
        print("hardware/case/parameters.scad is not current: run `make case`", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            new, name = Path(folder) / f"{part}.stl", f"hardware/case/stl/{part}.stl"
            mesh(part, new)
            if new.read_bytes() == (STL / new.name).read_bytes():
                print(f"{name}: the same bytes")
            elif _same_body(new, STL / new.name):
                print(f"{name}: the same body in other triangles")
            else:
                print(f"{name} is not current: run `make case`", file=sys.stderr)
                old += 1
    return 1 if old else 0


def _same_body(one: Path, other: Path) -> bool:
    a, b = read(one), read(other)
    places = zip((*a.low(), *a.high()), (*b.low(), *b.high()), strict=True)
    return abs(a.volume() / b.volume() - 1) < _SAME_VOLUME and all(
        abs(here - there) < _SAME_PLACE for here, there in places
    )


if __name__ == "__main__":
    sys.exit(main())
