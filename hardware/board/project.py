"""The KiCad project, file by file: what `python -m hardware.board.project` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from hardware.board import circuit, layout, models, pcb, rules, schematic, silk, tracks
from hardware.board.circuit import WIDE
from hardware.board.router import Routes
from hardware.board.sexpr import write
from hardware.board.symbols import LIBRARY

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "kicad"
POUR = HERE / "pour.json"
"""The copper of the ground, which only KiCad can pour; `make board` pours it anew and compares."""


def _net_class(name: str, track: float) -> dict[str, Any]:
    return {
        "name": name, "clearance": rules.CLEARANCE, "track_width": track,
        "via_diameter": rules.VIA, "via_drill": rules.VIA_DRILL, "wire_width": 6, "bus_width": 12,
        "line_style": 0,
        "priority": 2147483647 if name == "Default" else 0,
    }  # fmt: skip


def settings() -> str:
    """The project's own file: the rules that KiCad checks."""
    project = {
        "board": {
            "design_settings": {
                "rules": {
                    "min_clearance": rules.CLEARANCE,
                    "min_copper_edge_clearance": rules.EDGE,
                    "min_hole_clearance": 0.25,
                    "min_hole_to_hole": rules.FACTORY_HOLE_TO_HOLE,
                    "min_resolved_spokes": 1,
                    "min_text_height": rules.FACTORY_TEXT,
                    "min_text_thickness": rules.FACTORY_SILK,
                    "min_through_hole_diameter": rules.FACTORY_DRILL,
                    "min_track_width": rules.TRACK,
                    "min_via_annular_width": rules.FACTORY_ANNULAR,
                    "min_via_diameter": rules.VIA,
                    "solder_mask_to_copper_clearance": 0.0,
                },
            },
        },
        "libraries": {"pinned_footprint_libs": [], "pinned_symbol_libs": []},
        "meta": {"filename": f"{schematic.PROJECT}.kicad_pro", "version": 3},
        "net_settings": {
            "classes": [_net_class("Default", rules.TRACK), _net_class("Wide", rules.WIDE_TRACK)],
            "meta": {"version": 4},
            "netclass_patterns": [
                {"netclass": "Wide", "pattern": schematic.net_name(net)} for net in sorted(WIDE)
            ],
        },
        "sheets": [[schematic.ROOT, "Root"]],
    }
    return json.dumps(project, indent=2) + "\n"


def _table(kind: str, uri: str) -> str:
    library = [
        "lib",
        ["name", LIBRARY],
        ["type", "KiCad"],
        ["uri", uri],
        ["options", ""],
        ["descr", ""],
    ]
    return write([kind, ["version", 7], library])


def poured() -> pcb.Pour:
    """The copper that was poured when the board was last made."""
    return cast(pcb.Pour, json.loads(POUR.read_text())) if POUR.exists() else {}


def pour_text(pour: pcb.Pour) -> str:
    """How the pour is kept: an area a line."""
    areas = [
        json.dumps(layer)
        + ": [\n"
        + ",\n".join(json.dumps(area, separators=(",", ":")) for area in found)
        + "\n]"
        for layer, found in pour.items()
    ]
    return "{" + ",\n".join(areas) + "}\n"


def find_routes() -> Routes:
    """The tracks, found anew."""
    parts, shape = circuit.load_parts(), layout.outline()
    return tracks.route(layout.pads(parts, shape), shape, silk.boxes(parts, shape))


def files(routes: Routes, pour: pcb.Pour) -> dict[str, str]:
    """The text of each file of the project, by its path in the folder."""
    card, shape = circuit.settings(), layout.outline()
    parts = circuit.load_parts()
    name = schematic.PROJECT
    found = {
        f"{name}.kicad_pro": settings(),
        f"{name}.kicad_sch": schematic.text(parts, card.board.pad.keys),
        f"{name}.kicad_pcb": pcb.text(parts, shape, routes, pour),
        f"{LIBRARY}.kicad_sym": schematic.symbol_library(),
        "sym-lib-table": _table("sym_lib_table", f"${{KIPRJMOD}}/{LIBRARY}.kicad_sym"),
        "fp-lib-table": _table("fp_lib_table", f"${{KIPRJMOD}}/{LIBRARY}.pretty"),
    }
    for print_ in layout.footprints(shape).values():
        found[f"{LIBRARY}.pretty/{print_.name}.kicad_mod"] = pcb.library_file(print_)
        if print_.bodies:
            found[f"models/{print_.name}.wrl"] = models.vrml(print_)
    return found


def save(folder: Path, found: Mapping[str, str]) -> None:
    """Write files into a folder."""
    for name, text in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    save(FOLDER, files(find_routes(), poured()))
