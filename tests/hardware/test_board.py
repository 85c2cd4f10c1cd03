"""The card's board: what is committed is what the scripts make, and what the firmware wants."""

from __future__ import annotations

import csv
import io
import itertools
import re
import zipfile
from collections import Counter
from dataclasses import replace

import pytest

from device.settings import Settings
from drivers.header import HEADER_PINS
from drivers.matrix import GpioMatrix
from drivers.sim.electrical import Circuit, Net
from drivers.sim.pins import SimFactory
from hardware.board import bom, circuit, layout, project
from hardware.board.circuit import CONFIG, BoardError, key_name
from hardware.board.outputs import PICTURES, digest, drawn_from
from tests.hardware import netlists
from tests.hardware.netlists import KICAD, Netlist

FABRICATION = project.HERE / "fabrication"


@pytest.fixture(scope="module")
def card() -> Settings:
    return circuit.settings()


@pytest.fixture(scope="module")
def schematic() -> Netlist:
    return netlists.of_schematic((KICAD / "card.kicad_sch").read_text())


@pytest.fixture(scope="module")
def board() -> str:
    return (KICAD / "card.kicad_pcb").read_text()


def net_of(netlist: Netlist, ref: str, pin: int | str) -> str:
    (net,) = (net for net, pins in netlist.items() if (ref, str(pin)) in pins)
    return net


def gpio(netlist: Netlist, number: int) -> str:
    return net_of(netlist, "J1", HEADER_PINS[number])


def others(netlist: Netlist, net: str, letters: str) -> list[tuple[str, str]]:
    """The pins of parts of one kind that are on a net."""
    return sorted(pin for pin in netlist[net] if re.fullmatch(rf"{letters}\d+", pin[0]))


def crossings(netlist: Netlist, card: Settings) -> dict[str, tuple[int, int]]:
    """Which (row pin, column pin) each switch joins, followed through its diode from the header."""
    rows = {gpio(netlist, pin): pin for pin in card.board.pad.rows}
    columns = {gpio(netlist, pin): pin for pin in card.board.pad.columns}
    found = {}
    for net, column in columns.items():
        for switch, pin in others(netlist, net, "SW"):
            assert pin == "1"
            between = net_of(netlist, switch, 2)
            ((diode, anode),) = others(netlist, between, "D")
            assert anode == "2", "current flows from the column into the row"
            found[switch] = (rows[net_of(netlist, diode, 1)], column)
    return found


def test_the_committed_project_is_what_the_scripts_make() -> None:
    made = project.files(project.find_routes(), project.poured())
    paths = [path for path in KICAD.rglob("*") if path.is_file()]
    committed = {str(path.relative_to(KICAD)): path.read_text() for path in paths}
    assert committed.keys() == made.keys()
    assert [name for name in made if made[name] != committed[name]] == []


@pytest.mark.parametrize("name", ["board-front.png", "board-back.png"])
def test_the_pictures_show_the_committed_board(name: str) -> None:
    texts = {path.name: path.read_text() for path in KICAD.glob("*.kicad_pcb")}
    texts |= {f"models/{path.name}": path.read_text() for path in KICAD.glob("models/*.wrl")}
    assert drawn_from((PICTURES / name).read_bytes()) == digest(texts)


def test_schematic_and_board_say_the_same(schematic: Netlist, board: str) -> None:
    assert netlists.of_board(board) == schematic


def test_every_key_has_a_switch_and_a_diode_between_its_row_and_its_column(
    schematic: Netlist, card: Settings
) -> None:
    pad = card.board.pad
    values = {part.ref: part.value for part in circuit.load_parts()}
    found = {values[ref]: crossing for ref, crossing in crossings(schematic, card).items()}
    assert found == {key_name(key): pad.crossing(key) for key in "".join(pad.keys)}


def test_a_key_lies_where_its_row_and_column_are(board: str, card: Settings) -> None:
    where = netlists.footprints(board)
    values = {part.value: part.ref for part in circuit.load_parts() if part.kind == "SW"}
    for line in card.board.pad.keys:
        places = [where[values[key_name(key)]] for key in line]
        assert len({y for _, y, _, _ in places}) == 1
        assert sorted(places) == places
    for column in zip(*card.board.pad.keys, strict=True):
        places = [where[values[key_name(key)]] for key in column]
        assert len({x for x, _, _, _ in places}) == 1
        assert sorted(y for _, y, _, _ in places) == [y for _, y, _, _ in places]


class Diodes(Circuit):
    """A circuit whose contacts lead one way only: what pulls a cathode low pulls its anode low."""

    def __init__(self, rows: tuple[int, ...]) -> None:
        super().__init__()
        self._cathodes = frozenset(rows)

    def _together(self, net: Net) -> set[Net]:
        if net in self._cathodes:  # a row hears of no column
            return {net}
        return {net} | {row for row in self._joined.get(net, ()) if not self._level.get(row, True)}

    def _settle(self, net: Net) -> list[tuple[Net, bool]]:
        changed = super()._settle(net)
        for column in self._joined.get(net, ()) if net in self._cathodes else ():
            changed += super()._settle(column)
        return changed


def test_the_firmware_reads_any_two_and_three_keys_without_ghosts(
    schematic: Netlist, card: Settings
) -> None:
    pad = card.board.pad
    wiring = Diodes(pad.rows)
    matrix = GpioMatrix(pad, SimFactory(wiring))
    joined = {key: pad.crossing(key) for key in "".join(pad.keys)}
    assert sorted(joined.values()) == sorted(crossings(schematic, card).values())
    for count in (1, 2, 3):
        for keys in itertools.combinations(joined, count):
            for key in keys:
                wiring.join(*joined[key])
            assert matrix.scan() == set(keys)
            for key in keys:
                wiring.part(*joined[key])
    matrix.close()
    assert wiring.shorts == []


def test_a_parked_matrix_is_woken_by_each_key(card: Settings) -> None:
    pad = card.board.pad
    wiring = Diodes(pad.rows)
    matrix = GpioMatrix(pad, SimFactory(wiring))
    matrix.scan()
    for key in "".join(pad.keys):
        woken: list[str] = []
        matrix.park(lambda key=key, woken=woken: woken.append(key))  # type: ignore[misc]
        wiring.join(*pad.crossing(key))
        assert woken
        assert matrix.pulled_down() == {pad.crossing(key)[1]}
        wiring.part(*pad.crossing(key))
        matrix.wake()
    matrix.close()


def test_press_joins_the_pin_that_wakes_a_halted_pi_to_ground(
    schematic: Netlist, card: Settings
) -> None:
    assert card.board.press_pin == 3
    net = gpio(schematic, card.board.press_pin)
    ((resistor, pin),) = others(schematic, net, "R")
    ((switch, contact),) = others(schematic, net_of(schematic, resistor, 3 - int(pin)), "SW")
    assert net_of(schematic, switch, 3 - int(contact)) == "GND"


def test_display_and_gauge_are_on_the_bus_that_config_txt_makes(
    schematic: Netlist, card: Settings
) -> None:
    sda, scl = circuit.bus_pins(CONFIG.read_text(), card.board.display.bus)
    assert card.board.gauge is not None
    assert card.board.gauge.bus == card.board.display.bus
    # An SSD1306 module has GND VCC SCL SDA; a MAX17048 in TDFN has SCL at 7 and SDA at 8.
    assert [net_of(schematic, "J4", pin) for pin in (1, 2)] == ["GND", "+3V3"]
    for net, display, gauge in ((gpio(schematic, scl), 3, 7), (gpio(schematic, sda), 4, 8)):
        assert net == net_of(schematic, "J4", display) == net_of(schematic, "U1", gauge)
        ((pull_up, pin),) = others(schematic, net, "R")
        assert net_of(schematic, pull_up, 3 - int(pin)) == "+3V3"


def test_the_cell_reaches_the_gauge_only_the_right_way_round(schematic: Netlist) -> None:
    # P-channel: gate 1, source 2, drain 3, the body diode from drain to source.
    assert net_of(schematic, "J2", 1) == net_of(schematic, "Q1", 3)
    assert net_of(schematic, "Q1", 2) == net_of(schematic, "U1", 2) == net_of(schematic, "U1", 3)
    gate = net_of(schematic, "Q1", 1)
    ((resistor, pin),) = others(schematic, gate, "R")
    assert net_of(schematic, resistor, 3 - int(pin)) == net_of(schematic, "J2", 2) == "GND"
    assert all(net_of(schematic, "U1", pin) == "GND" for pin in (1, 4, 6, 9))


def test_the_pi_is_fed_through_a_diode_that_keeps_its_own_supply_out_of_the_charge_board(
    schematic: Netlist,
) -> None:
    assert net_of(schematic, "J3", 4) == net_of(schematic, "D17", 2)
    assert net_of(schematic, "D17", 1) == net_of(schematic, "J1", 2) == net_of(schematic, "J1", 4)


def test_every_line_of_the_card_has_a_test_pad(schematic: Netlist, card: Settings) -> None:
    pad = card.board.pad
    lines = {gpio(schematic, pin) for pin in (*pad.rows, *pad.columns, card.board.press_pin)}
    wanted = lines | {"GND", "+3V3", "+5V", "/CELL", "/5V_IN", "/SDA", "/SCL"}
    assert wanted <= {net for net in schematic if others(schematic, net, "TP")}


def test_settings_that_the_board_does_not_have_are_refused(card: Settings) -> None:
    config, board = CONFIG.read_text(), card.board
    assert board.gauge is not None
    refused = {
        "max17048": (replace(board, gauge=None), config),
        "press switch to ground": (replace(board, press_active_low=False), config),
        "share the two wires": (replace(board, gauge=replace(board.gauge, bus=4)), config),
        "used twice": (board, config.replace("sda=23", f"sda={board.pad.rows[0]}")),
        "no i2c-gpio overlay makes bus 3": (board, config.replace("bus=3", "bus=5")),
    }
    for words, (other, lines) in refused.items():
        with pytest.raises(BoardError, match=words):
            circuit.parts(replace(card, board=other), lines)


def test_the_list_of_parts_has_each_part_once() -> None:
    rows = list(csv.DictReader(io.StringIO((FABRICATION / "card-bom.csv").read_text())))
    listed = [ref for row in rows for ref in row["Designator"].split(",")]
    prints = layout.footprints(layout.outline())
    parts = circuit.load_parts()
    assert sorted(listed) == sorted(p.ref for p in parts if prints[p.footprint].in_bom)
    assert all(int(row["Quantity"]) == len(row["Designator"].split(",")) for row in rows)
    assert (FABRICATION / "card-bom.csv").read_text() == bom.text(parts)


def test_the_positions_are_those_of_the_board(board: str) -> None:
    where = netlists.footprints(board)
    rows = list(csv.DictReader(io.StringIO((FABRICATION / "card-positions.csv").read_text())))
    parts = {part.ref: part for part in circuit.load_parts()}
    prints = layout.footprints(layout.outline())
    placed = {ref for ref, part in parts.items() if prints[part.footprint].in_bom}
    smd = {ref for ref in placed if prints[parts[ref].footprint].kind == "smd"}
    assert {row["Designator"] for row in rows} == smd
    for row in rows:
        x, y, _, side = where[row["Designator"]]
        assert (float(row["Mid X"]), -float(row["Mid Y"])) == pytest.approx((x, y), abs=1e-3)
        assert row["Layer"] == {"F": "top", "B": "bottom"}[side]


def test_the_films_are_whole_and_tell_no_date() -> None:
    with zipfile.ZipFile(FABRICATION / "card-gerbers.zip") as archive:
        films = {name: archive.read(name).decode() for name in archive.namelist()}
    for layer in ("F_Cu", "B_Cu", "F_Mask", "B_Mask", "F_Silkscreen", "B_Silkscreen", "Edge_Cuts"):
        assert any(layer in name for name in films), layer
    dated = [name for name, text in films.items() if re.search(r"\b20\d\d-\d\d-\d\d", text)]
    assert dated == []


def test_the_drill_files_have_every_hole_of_the_board(board: str) -> None:
    holes = Counter(
        (bool(one.net), round(one.drill, 3)) for one in netlists.coppers(board) if one.drill
    )
    drilled: Counter[tuple[bool, float]] = Counter()
    with zipfile.ZipFile(FABRICATION / "card-gerbers.zip") as archive:
        for name in archive.namelist():
            if not name.endswith(".drl"):
                continue
            tools: dict[str, float] = {}
            tool = ""
            for line in archive.read(name).decode().splitlines():
                if match := re.fullmatch(r"T(\d+)C([\d.]+)", line):
                    tools[match[1]] = float(match[2])
                elif match := re.fullmatch(r"T(\d+)", line):
                    tool = match[1]
                elif line.startswith("X"):
                    drilled["NPTH" not in name, tools[tool]] += 1
    assert drilled == holes
