"""Meshes and pictures of the case, by OpenSCAD."""

import hashlib
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

from hardware.case.parameters import HERE, SCAD
from hardware.pages import ROOT

STL = HERE / "stl"
PICTURES = ROOT / "docs" / "build" / "pictures"
#: Which pictures are of which meshes: one line per picture, its sources' hash and its name.
SUMS = HERE / "pictures.sums"
PARTS = ("front", "back", "caps", "cap-ok", "cap-clear", "cap-press", "spacers")


@dataclass(frozen=True)
class View:
    """A picture: a view of `scene.scad`, and where it is looked at from (rotation in degrees)."""

    name: str
    turned: tuple[int, int, int]

    @property
    def file(self) -> str:
        """The picture's file name."""
        return f"case-{self.name}.png"


VIEWS = (
    View("closed", (50, 0, 25)),
    View("openings", (60, 0, 150)),
    View("open", (35, 0, 20)),
    View("halves", (35, 0, 20)),
    View("caps", (35, 0, 15)),
    View("exploded", (65, 0, 30)),
)


def mesh(part: str, target: Path) -> None:
    """Write one part as a binary STL file."""
    _openscad(HERE / "case.scad", target, "-D", f'part="{part}"', "--export-format", "binstl")
    target.write_bytes(in_order(target.read_bytes()))


def in_order(stl: bytes) -> bytes:
    """A binary STL file with its triangles sorted: OpenSCAD writes them otherwise each time."""
    found = []
    for record in struct.iter_unpack("<12fH", stl[84:]):
        numbers = [number + 0.0 for number in record[:12]]  # which makes 0.0 of -0.0
        points = [numbers[3:6], numbers[6:9], numbers[9:12]]
        first = points.index(min(points))
        turned = points[first:] + points[:first]
        found.append((*numbers[:3], *turned[0], *turned[1], *turned[2], 0))
    found.sort(key=lambda record: record[3:])
    head = b"Challng, made by OpenSCAD from case.scad".ljust(80)
    return b"".join([head, stl[80:84], *(struct.pack("<12fH", *record) for record in found)])


def digest() -> str:
    """What all pictures are made from, as one hash."""
    sources = [SCAD, HERE / "scene.scad", *(STL / f"{part}.stl" for part in PARTS)]
    whole = hashlib.sha256()
    for source in sources:
        whole.update(hashlib.sha256(source.read_bytes()).digest())
    return whole.hexdigest()


def sums() -> str:
    """The text of `pictures.sums`."""
    views = (f"{view.file} {','.join(map(str, view.turned))}" for view in VIEWS)
    return "\n".join([digest(), *views]) + "\n"


def picture(view: View, target: Path, width: int = 1000) -> None:
    """Draw one view, twice as large as wanted, and make it smaller: that smooths its edges."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.png"
        camera = ",".join(["0,0,0", *map(str, view.turned), "300"])
        look = ["--viewall", "--autocenter", "--camera", camera, "--imgsize", "3200,2600"]
        scene = ["-D", f'view="{view.name}"', "--colorscheme", "Tomorrow"]
        _openscad(HERE / "scene.scad", raw, *look, *scene, screen=True)
        with Image.open(raw) as drawn:
            whole = drawn.convert("RGB")
    background = Image.new("RGB", whole.size, whole.getpixel((0, 0)))
    left, top, right, bottom = ImageChops.difference(whole, background).getbbox() or (0, 0, 1, 1)
    edge = 40
    box = (left - edge, top - edge, right + edge, bottom + edge)
    cut = whole.crop((max(box[0], 0), max(box[1], 0), *box[2:]))
    size = (width, round(cut.height * width / cut.width))
    small = cut.resize(size, Image.Resampling.LANCZOS)
    small.quantize(128, dither=Image.Dither.NONE).save(target, optimize=True)


def _openscad(source: Path, target: Path, *options: str, screen: bool = False) -> None:
    """Run OpenSCAD; for a picture it wants a screen, so it gets one that nobody sees."""
    program = shutil.which("openscad")
    if program is None:
        raise FileNotFoundError("openscad is missing: install Debian's package of that name")
    command = [program, "--quiet", "-o", str(target), *options, str(source)]
    if screen:
        command = [shutil.which("xvfb-run") or "xvfb-run", "--auto-servernum", *command]
    subprocess.run(command, check=True, cwd=HERE)  # noqa: S603 - our own arguments
