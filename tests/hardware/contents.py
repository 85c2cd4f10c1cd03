"""What goes into the case, as solids from `outline.toml` alone.

Everything is a hundredth smaller than it is, so that what only touches does not collide.
"""

import math
from typing import Any

from hardware.case.mesh import Mesh, box, cylinder, prism
from hardware.case.parameters import read

P: dict[str, dict[str, Any]] = read()  # type: ignore[assignment]
TOUCH = 0.01


def block(x: float, y: float, z: float, width: float, height: float, up: float) -> Mesh:
    """By its upper left corner and its lower side; y runs down in the outline, up in meshes."""
    t = TOUCH
    return box((x + t, -y - height + t, z + t), (x + width - t, -y - t, z + up - t))


def plate(x: float, y: float, width: float, height: float, z: float, thick: float) -> Mesh:
    """A board with round corners, as round as those of a board that is not made larger."""
    r = P["board"]["corner_radius"] + max(-x, 0.0)
    corners = [
        (cx + r * math.cos(angle), cy + r * math.sin(angle))
        for quarter, (cx, cy) in enumerate(
            [
                (x + width - r, -y - r),
                (x + r, -y - r),
                (x + r, -y - height + r),
                (x + width - r, -y - height + r),
            ]
        )
        for angle in (math.pi / 2 * (quarter + i / 6) for i in range(7))
    ]
    return prism(corners, z + TOUCH, z + thick - TOUCH)


def key_places() -> list[tuple[float, float]]:
    (x, y), pitch = P["keys"]["first"], P["keys"]["pitch"]
    return [
        (x + column * pitch, y + row * pitch)
        for row in range(P["keys"]["rows"])
        for column in range(P["keys"]["columns"])
    ]


def floor() -> float:
    """Height of the floor, by what has to lie on it."""
    pi = P["pi"]
    return float(-pi["gap"] - pi["thickness"] - pi["tails"] - P["clearance"]["below_pi"])


def contents(spare: float = 0.0) -> dict[str, Mesh]:
    """All parts by name; board and Pi as much wider and higher on every side as `spare` says."""
    board, pi, keys, shown = P["board"], P["pi"], P["keys"], P["display"]
    thick = board["thickness"]
    face, back = -pi["gap"], -pi["gap"] - pi["thickness"]
    below = pi["corner"][1] + pi["height"]
    found = {
        "board": plate(
            -spare, -spare, board["width"] + 2 * spare, board["height"] + 2 * spare, 0, thick
        ),
        "Pi": plate(
            pi["corner"][0] - spare, pi["corner"][1], pi["width"] + 2 * spare, pi["height"] + spare,
            back, pi["thickness"],
        ),
        "SD card": block(
            -pi["sd_out"], pi["sd_center_y"] - pi["sd_width"] / 2, face,
            pi["sd_out"] + 15, pi["sd_width"], pi["sd_thickness"],
        ),
        "header": block(
            pi["header"][0] - 25.4, pi["header"][1] - 2.54, face, 50.8, 5.08, pi["gap"]
        ),
        "display": block(
            shown["center"][0] - shown["width"] / 2,
            shown["center"][1] - shown["module_height"] / 2,
            thick, shown["width"], shown["module_height"], shown["height"],
        ),
    }  # fmt: skip
    for name in ("usb_data_x", "usb_power_x"):
        found[name] = block(
            pi[name] - pi["usb_width"] / 2, below - 5, face,
            pi["usb_width"], 5 + pi["usb_out"], pi["usb_height"],
        )  # fmt: skip
    for row in (-1, 1):
        y = pi["header"][1] + row * pi["header_pitch"] / 2 - pi["tails_width"] / 2
        x = pi["header"][0] - 9.5 * pi["header_pitch"] - pi["tails_width"] / 2
        found[f"solder joints {row}"] = block(
            x, y, back - pi["tails"], 19 * pi["header_pitch"] + pi["tails_width"],
            pi["tails_width"], pi["tails"],
        )  # fmt: skip
    for i, (x, y) in enumerate([*key_places(), P["press"]["center"]]):
        half, size = keys["switch_size"] / 2, keys["switch_size"]
        found[f"switch {i}"] = block(
            x - half, y - half, thick, size, size, keys["switch_body_height"]
        )
        found[f"stem {i}"] = cylinder(
            x, -y, keys["stem_diameter"], thick + TOUCH, thick + keys["switch_height"] - TOUCH
        )
    for name, lift in (("battery", 0.0), ("charger", P["bay"]["under_charger"])):
        part = P[name]
        found[name] = block(
            *part["corner"], floor() + lift, part["width"], part["height"], part["thickness"]
        )
    return found
