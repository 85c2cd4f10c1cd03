"""The board's file: outline, footprints where they sit, tracks, the ground's pours, words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hardware.board import layout, rules, silk
from hardware.board.circuit import GND, Part
from hardware.board.drawing import Circle, Footprint, Line, Pad
from hardware.board.layout import Place, Point
from hardware.board.router import Routes
from hardware.board.schematic import net_name, open_net
from hardware.board.sexpr import NO, YES, Node, Word, identifier, nodes, only, read, write
from hardware.board.symbols import LIBRARY
from hardware.board.symbols import library as symbol_library

_LAYERS = (
    (0, "F.Cu", "signal"), (2, "B.Cu", "signal"), (13, "F.Paste", "user"), (15, "B.Paste", "user"),
    (5, "F.SilkS", "user"), (7, "B.SilkS", "user"), (1, "F.Mask", "user"), (3, "B.Mask", "user"),
    (25, "Edge.Cuts", "user"), (27, "Margin", "user"), (31, "F.CrtYd", "user"),
    (29, "B.CrtYd", "user"), (35, "F.Fab", "user"), (33, "B.Fab", "user"),
)  # fmt: skip
_TEXT, _SMALL = 1.0, 0.8
Pour = Mapping[str, Sequence[Sequence[Point]]]
"""For each layer the areas of copper that were poured."""


def _font(size: float, *, bold: bool = False) -> Node:
    thickness = round(size * (0.2 if bold else 0.15), 3)
    return ["font", ["size", size, size], ["thickness", max(thickness, 0.15)]]


def _effects(size: float, *, mirror: bool = False, justify: str = "", bold: bool = False) -> Node:
    node: list[Any] = ["effects", _font(size, bold=bold)]
    words = [Word(word) for word in justify.split()] + ([Word("mirror")] if mirror else [])
    return [*node, ["justify", *words]] if words else node


def _stroke(width: float) -> Node:
    return ["stroke", ["width", width], ["type", Word("solid")]]


class _Drawn:
    """A footprint as a library holds it, or on a side of the board."""

    def __init__(self, name: str, back: bool, turned: int) -> None:
        self.name, self.side, self.turned = name, "B" if back else "F", turned
        self._flip = -1 if back else 1
        self._count = 0

    def id(self) -> Node:
        self._count += 1
        return ["uuid", identifier("footprint", self.name, self._count)]

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        return point[0], self._flip * point[1]

    def line(self, line: Line) -> Node:
        return ["fp_line", ["start", *self.at(line.start)], ["end", *self.at(line.end)],
                _stroke(line.width), ["layer", f"{self.side}.{line.layer}"], self.id()]  # fmt: skip

    def circle(self, one: Circle) -> Node:
        x, y = self.at(one.center)
        return ["fp_circle", ["center", x, y], ["end", x + one.radius, y], _stroke(one.width),
                ["fill", NO], ["layer", f"{self.side}.{one.layer}"], self.id()]  # fmt: skip

    def pad(self, pad: Pad, net: Node | None) -> Node:
        if pad.drill and not pad.number:
            kind, layers = "np_thru_hole", ["*.Cu", "*.Mask"]
        elif pad.drill:
            kind, layers = "thru_hole", ["*.Cu", "*.Mask"]
        else:
            kind = "smd"
            layers = [f"{self.side}.Cu", f"{self.side}.Mask"]
            if pad.paste:
                layers.append(f"{self.side}.Paste")
        at = ["at", *self.at((pad.x, pad.y)), *([self.turned] if self.turned else [])]
        node: list[Any] = ["pad", pad.number, Word(kind), Word(pad.shape), at,
                           ["size", pad.width, pad.height]]  # fmt: skip
        if pad.drill:
            node.append(["drill", pad.drill])
        node.append(["layers", *layers])
        if pad.drill and pad.number:
            node.append(["remove_unused_layers", NO])
        if pad.shape == "roundrect":
            node.append(["roundrect_rratio", 0.2])
        if net is not None:
            node.append(net)
        node.append(self.id())
        return node


def _footprint(
    print_: Footprint, drawn: _Drawn, fields: list[Node], nets: Mapping[str, Node]
) -> Iterator[Node]:
    yield from fields
    flags = [] if print_.in_bom else [Word("exclude_from_pos_files"), Word("exclude_from_bom")]
    if print_.kind != "none" or flags:
        yield ["attr", *([Word(print_.kind)] if print_.kind != "none" else []), *flags]
    for one in print_.drawing:
        yield drawn.line(one) if isinstance(one, Line) else drawn.circle(one)
    for pad in print_.pads:
        yield drawn.pad(pad, nets.get(pad.number))
    yield ["embedded_fonts", NO]
    if print_.bodies:
        zero = ["xyz", 0, 0, 0]
        yield ["model", f"${{KIPRJMOD}}/models/{print_.name}.wrl", ["offset", zero],
               ["scale", ["xyz", 1, 1, 1]], ["rotate", zero]]  # fmt: skip


def _field(
    name: str, value: str, at: tuple[float, float], layer: str, drawn: _Drawn, *, hide: bool = False
) -> Node:
    node: list[Any] = ["property", name, value, ["at", *drawn.at(at), 0],
                       ["layer", f"{drawn.side}.{layer}"]]  # fmt: skip
    if hide:
        node.append(["hide", YES])
    size = _SMALL if layer == "SilkS" else _TEXT
    return [*node, drawn.id(), _effects(size, mirror=drawn.side == "B")]


def library_file(print_: Footprint) -> str:
    """A footprint's file in the project's library."""
    drawn = _Drawn(f"library/{print_.name}", back=False, turned=0)
    fields = [
        _field("Reference", "REF**", print_.reference, "SilkS", drawn),
        _field("Value", print_.name, (0, 0), "Fab", drawn, hide=True),
        _field("Datasheet", "", (0, 0), "Fab", drawn, hide=True),
        _field("Description", print_.about, (0, 0), "Fab", drawn, hide=True),
    ]
    return write(
        ["footprint", print_.name, ["version", 20241229], ["generator", "challng"],
         ["generator_version", "9.0"], ["layer", "F.Cu"], ["descr", print_.about],
         *_footprint(print_, drawn, fields, {})]
    )  # fmt: skip


def _stackup(thickness: float) -> Node:
    mask = [["type", "Solder Mask"], ["color", "Green"], ["thickness", 0.01]]
    silk_ = ["color", "White"]
    core = round(thickness - 2 * 0.035 - 2 * 0.01, 4)
    return [
        "stackup",
        ["layer", "F.SilkS", ["type", "Top Silk Screen"], silk_],
        ["layer", "F.Paste", ["type", "Top Solder Paste"]],
        ["layer", "F.Mask", *mask],
        ["layer", "F.Cu", ["type", "copper"], ["thickness", 0.035]],
        ["layer", "dielectric 1", ["type", "core"], ["thickness", core], ["material", "FR4"],
         ["epsilon_r", 4.5], ["loss_tangent", 0.02]],
        ["layer", "B.Cu", ["type", "copper"], ["thickness", 0.035]],
        ["layer", "B.Mask", *mask],
        ["layer", "B.Paste", ["type", "Bottom Solder Paste"]],
        ["layer", "B.SilkS", ["type", "Bottom Silk Screen"], silk_],
        ["copper_finish", "HAL lead-free"], ["dielectric_constraints", NO],
    ]  # fmt: skip


class Board:
    """The board with its parts and tracks, as KiCad's file."""

    def __init__(
        self, parts: list[Part], shape: Mapping[str, Any], routes: Routes, pour: Pour
    ) -> None:
        self._parts, self._shape, self._routes, self._pour = parts, shape, routes, pour
        self._symbols = symbol_library()
        names = {net_name(net) for part in parts for net in part.nets.values() if net}
        names |= {
            self._open(part, pin) for part in parts for pin, net in part.nets.items() if not net
        }
        self._nets = {name: i for i, name in enumerate(sorted(names), 1)}

    def _open(self, part: Part, pin: str) -> str:
        return open_net(part, pin, self._symbols[part.symbol])

    def _net(self, name: str) -> Node:
        return ["net", self._nets[name], name]

    def _part(self, part: Part, place: Place, print_: Footprint) -> Node:
        drawn = _Drawn(f"board/{part.ref}", place.back, place.turned)
        nets = {
            pin: self._net(net_name(net) if net else self._open(part, pin))
            for pin, net in part.nets.items()
        }
        hidden = not silk.has_reference(part)
        at: Node = ["at", place.x, place.y, *([place.turned] if place.turned else [])]
        fields = [
            _field(
                "Reference",
                part.ref,
                silk.reference(part, place, print_),
                "SilkS",
                drawn,
                hide=hidden,
            ),
            _field("Value", part.value, (0, 0), "Fab", drawn, hide=True),
            _field("Datasheet", "", (0, 0), "Fab", drawn, hide=True),
            _field("Description", part.about, (0, 0), "Fab", drawn, hide=True),
        ]
        return [
            "footprint", f"{LIBRARY}:{print_.name}", ["layer", f"{drawn.side}.Cu"],
            ["uuid", identifier("board", part.ref)], at, ["descr", print_.about],
            ["path", f"/{identifier('symbol', part.ref)}"], ["sheetname", "/"],
            ["sheetfile", "card.kicad_sch"], *_footprint(print_, drawn, fields, nets),
        ]  # fmt: skip

    def _edge(self) -> Iterator[Node]:
        board = self._shape["board"]
        w, h, r = board["width"], board["height"], board["corner_radius"]
        s = r * (1 - 2**-0.5)
        lines = [
            ((r, 0), (w - r, 0)),
            ((w, r), (w, h - r)),
            ((w - r, h), (r, h)),
            ((0, h - r), (0, r)),
        ]
        arcs = [((w - r, 0), (w - s, s), (w, r)), ((w, h - r), (w - s, h - s), (w - r, h)),
                ((r, h), (s, h - s), (0, h - r)), ((0, r), (s, s), (r, 0))]  # fmt: skip
        for i, (a, b) in enumerate(lines):
            yield ["gr_line", ["start", *a], ["end", *b], _stroke(0.1), ["layer", "Edge.Cuts"],
                   ["uuid", identifier("edge", i)]]  # fmt: skip
        for i, (a, m, b) in enumerate(arcs):
            yield ["gr_arc", ["start", *a], ["mid", *m], ["end", *b], _stroke(0.1),
                   ["layer", "Edge.Cuts"], ["uuid", identifier("corner", i)]]  # fmt: skip

    def _words(self) -> Iterator[Node]:
        for i, one in enumerate(silk.words(self._parts, self._shape)):
            yield ["gr_text", one.text, ["at", one.x, one.y, 0],
                   ["layer", f"{'B' if one.back else 'F'}.SilkS"], ["uuid", identifier("words", i)],
                   _effects(one.size, mirror=one.back, bold=one.bold)]  # fmt: skip

    def _tracks(self) -> Iterator[Node]:
        for i, one in enumerate(self._routes.segments):
            yield ["segment", ["start", *one.start], ["end", *one.end], ["width", one.width],
                   ["layer", ("F.Cu", "B.Cu")[one.layer]], ["net", self._nets[net_name(one.net)]],
                   ["uuid", identifier("track", i)]]  # fmt: skip
        for i, via in enumerate(self._routes.vias):
            yield ["via", ["at", *via.at], ["size", rules.VIA], ["drill", rules.VIA_DRILL],
                   ["layers", "F.Cu", "B.Cu"], ["net", self._nets[net_name(via.net)]],
                   ["uuid", identifier("via", i)]]  # fmt: skip

    def _pours(self) -> Iterator[Node]:
        board = self._shape["board"]
        e, w, h = rules.POUR_EDGE, board["width"], board["height"]
        corners = [(e, e), (w - e, e), (w - e, h - e), (e, h - e)]
        for layer in ("F.Cu", "B.Cu"):
            yield [
                "zone", ["net", self._nets[GND]], ["net_name", GND], ["layer", layer],
                ["uuid", identifier("pour", layer)], ["name", f"ground {layer}"],
                ["hatch", Word("edge"), 0.5], ["connect_pads", ["clearance", rules.POUR_CLEARANCE]],
                ["min_thickness", 0.25], ["filled_areas_thickness", NO],
                ["fill", YES, ["thermal_gap", 0.3], ["thermal_bridge_width", 0.4],
                 ["island_removal_mode", 0]],
                ["polygon", ["pts", *(["xy", x, y] for x, y in corners)]],
                *(["filled_polygon", ["layer", layer], ["pts", *(["xy", x, y] for x, y in area)]]
                  for area in self._pour.get(layer, ())),
            ]  # fmt: skip

    def node(self) -> Node:
        """The whole file."""
        where, prints = layout.places(self._parts, self._shape), layout.footprints(self._shape)
        thickness = self._shape["board"]["thickness"]
        return [
            "kicad_pcb", ["version", 20241229], ["generator", "challng"],
            ["generator_version", "9.0"],
            ["general", ["thickness", thickness], ["legacy_teardrops", NO]], ["paper", "A4"],
            ["title_block", ["title", "Challng card"], ["rev", "1"]],
            ["layers", *([number, name, Word(kind)] for number, name, kind in _LAYERS)],
            ["setup", _stackup(thickness), ["pad_to_mask_clearance", 0],
             ["allow_soldermask_bridges_in_footprints", NO],
             ["tenting", Word("front"), Word("back")]],
            ["net", 0, ""], *(["net", i, name] for name, i in self._nets.items()),
            *(self._part(part, where[part.ref], prints[part.footprint]) for part in self._parts),
            *self._edge(), *self._words(), *self._tracks(), *self._pours(),
            ["embedded_fonts", NO],
        ]  # fmt: skip


def text(
    parts: list[Part], shape: Mapping[str, Any], routes: Routes, pour: Pour | None = None
) -> str:
    """The board as KiCad reads it; `pour` is the copper that KiCad found for the ground."""
    return write(Board(parts, shape, routes, pour or {}).node())


def pour_of(board: str) -> Pour:
    """The poured copper in a board's file."""
    return {
        only(zone, "layer")[1]: [
            [(float(x), float(y)) for _, x, y in nodes(only(area, "pts"), "xy")]
            for area in nodes(zone, "filled_polygon")
        ]
        for zone in nodes(read(board), "zone")
    }
