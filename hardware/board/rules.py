"""What the factory can make, with room to spare, and how far this board goes. Millimetres."""

from __future__ import annotations

# What common two-layer services ask for at no extra price: the limits that a test recomputes.
FACTORY_TRACK = 0.15
FACTORY_CLEARANCE = 0.15
FACTORY_DRILL = 0.3
FACTORY_ANNULAR = 0.13
FACTORY_HOLE_TO_HOLE = 0.5
FACTORY_EDGE = 0.3
FACTORY_SILK = 0.15
FACTORY_TEXT = 0.8

# What this board keeps to.
TRACK = 0.25
WIDE_TRACK = 1.0
CLEARANCE = 0.2
VIA, VIA_DRILL = 0.6, 0.3
HOLE_TO_HOLE = 0.5
EDGE = 0.5
POUR_CLEARANCE = 0.25
POUR_EDGE = 0.5
