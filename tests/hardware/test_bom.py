"""The bills of materials: whole, in step with what is built, and free of shops and prices."""

import re
from collections import Counter
from pathlib import Path

import pytest

from device.settings import load
from hardware.bom.__main__ import PAGE, page
from hardware.bom.items import BUILDS, COLUMNS, HERE, Item, read
from hardware.case.parameters import read as parameters
from hardware.wiring.builds import BOOTH, BREADBOARD, CARD, Build
from hardware.wiring.builds import BUILDS as WIRED
from hardware.wiring.wires import wires

ROOT = Path(__file__).resolve().parents[2]
builds = pytest.mark.parametrize("build", BUILDS)


def item(build: str, part: str) -> Item:
    (found,) = [item for item in read(build) if item.part == part]
    return found


def test_the_page_is_made_of_the_files() -> None:
    assert PAGE.read_text() == page(PAGE.read_text())


@builds
def test_every_line_is_whole(build: str) -> None:
    assert len(read(build)) >= 8
    assert len({one.part for one in read(build)}) == len(read(build))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Pad,0,Keypad,4x4,,", "expected a quantity from 1 on"),
        ("Pad,1,Keypad,4x4,", "expected 6 cells, got 5"),
        ("Pad,1,,4x4,,", "expected a part, a name and a value"),
    ],
)
def test_a_wrong_line_is_named(
    row: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "card.csv").write_text(",".join(COLUMNS) + "\n" + row + "\n")
    monkeypatch.setattr("hardware.bom.items.HERE", tmp_path)
    with pytest.raises(ValueError, match=f"card.csv, line 2: {words}"):
        read("card")


@builds
def test_no_shop_no_price_and_no_address(build: str) -> None:
    text = (HERE / f"{build}.csv").read_text()
    assert not re.search(r"[€$£]|\b(EUR|USD|GBP|https?|www)\b|\.com\b", text, re.I)


@builds
def test_the_traps_of_displays_are_told(build: str) -> None:
    watch = item(build, "Display").watch
    for trap in ("SH1106 sold as an SSD1306", "fed with 5 V", "regulator", "pull-ups"):
        assert trap in watch


@pytest.mark.parametrize("build", ["breadboard", "card"])
def test_a_zero_without_its_header_is_told(build: str) -> None:
    assert "header" in item(build, "Computer").watch


@pytest.mark.parametrize("build", WIRED, ids=lambda build: build.name)
def test_pad_display_and_wires_are_those_of_the_settings(build: Build) -> None:
    board = load(build.settings_file).board
    rows, columns = len(board.pad.rows), len(board.pad.columns)
    shown = item(build.name, "Display").value
    assert f"{board.display.width}x{board.display.height}" in shown
    by_hand = [wire for wire in wires(build) if not wire.track]
    if build == BREADBOARD:
        assert f"{rows}x{columns}" in item(build.name, "Pad").value
        assert item(build.name, "Wires").quantity == len(by_hand)
    if build == BOOTH:
        assert item(build.name, "Keys").quantity == rows * columns
        assert item(build.name, "Wires").quantity == len(by_hand)
        links = rows * (columns - 1) + columns * (rows - 1)
        assert item(build.name, "Links").quantity >= links
        assert item(build.name, "Lugs").quantity == 2 * (rows * columns + 1)
    if build == CARD:
        assert item(build.name, "Keys").quantity == rows * columns + 1
        assert item(build.name, "Key diodes").quantity == rows * columns
        assert item(build.name, "Wires").quantity == len(
            [wire for wire in by_hand if wire.ends[0].part == "J3"]
        )
        assert board.gauge is not None
        assert board.gauge.kind.upper() in item(build.name, "Fuel gauge").value


def test_screws_spacers_and_cell_are_those_of_the_case() -> None:
    made = parameters()
    pi, screw, cell = made["pi"], made["screw"], made["battery"]
    holes, more = pi["holes"], made["board"]["holes"]
    assert isinstance(holes, list)
    assert isinstance(more, list)
    assert item("card", "Long screws").quantity == item("card", "Spacers").quantity == len(holes)
    assert item("card", "Short screws").quantity == len(more)
    assert f"x {screw['long']:g}," in item("card", "Long screws").value
    assert f"x {screw['short']:g}," in item("card", "Short screws").value
    assert item("card", "Spacers").value.startswith(f"{pi['gap']:g} mm")
    (sizes,) = re.findall(r"(\d+) x (\d+) x (\d+) mm", item("card", "Cell").value)
    thick, wide, high = map(float, sizes)
    assert thick <= float(str(cell["thickness"]))
    assert wide <= float(str(cell["width"]))
    assert high <= float(str(cell["height"]))
    assert f"{made['keys']['switch_height']:g} mm" in item("card", "Keys").value


def test_the_card_has_every_part_of_its_board() -> None:
    """By value; the board's own list says where each one sits."""
    circuit = ROOT / "hardware" / "board" / "circuit.py"
    counted = Counter({"1N4148W": 16, "MAX17048": 1, "AO3401A": 1, "SS34": 1, "4k7": 2})
    if circuit.exists():
        from hardware.board.circuit import load_parts

        elsewhere = {"TP", "H", "J", "SW"}  # pads, holes, and plugs that have lines by other names
        counted = Counter(part.value for part in load_parts() if part.kind not in elsewhere)
    for value, count in counted.items():
        (line,) = [one for one in read("card") if one.value.split(",")[0].split(" ")[0] == value]
        assert line.quantity == count, value
