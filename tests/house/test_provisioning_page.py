"""The page about provisioning shows what the code does."""

import re
from dataclasses import fields
from pathlib import Path

from protocol.pairing import messages, times
from protocol.pairing.frames import MAGIC
from provisioning.pair.port import GADGETS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "provisioning.md").read_text()


def test_the_diagram_has_every_message_in_its_order_with_its_fields() -> None:
    (diagram,) = re.findall(r"```mermaid\nsequenceDiagram\n(.*?)```", PAGE, re.S)
    drawn = re.findall(r"^    (\w+)->>(\w+): (\w+)\((.*)\)$", diagram, re.M)
    shapes = [shape for _, shape in sorted(messages.KINDS.items()) if shape is not messages.Abort]
    ends = ("Computer", "Card")
    assert drawn == [
        (
            *(ends if number % 2 == 0 else ends[::-1]),
            shape.__name__,
            ", ".join(field.name for field in fields(shape)),
        )
        for number, shape in enumerate(shapes)
    ]
    assert f"`Abort({fields(messages.Abort)[0].name})`" in PAGE


def test_the_seconds_the_magic_and_the_usb_identity_are_the_codes() -> None:
    assert f"OK held {times.HOLD:.0f} s: listens for {times.OFFERED:.0f} s" in PAGE
    assert f"for {times.OFFERED:.0f} seconds it listens" in PAGE
    assert MAGIC.hex(" ").upper() in PAGE
    vendor, product = re.findall(r'ATTRS\{id(?:Vendor|Product)\}=="([0-9a-f]{4})"', PAGE)
    assert (int(vendor, 16), int(product, 16)) in GADGETS


def test_every_option_that_the_page_names_is_one() -> None:
    from provisioning.cli import _parser

    helps = "\n".join(
        sub.format_help()
        for action in _parser()._actions
        if isinstance(action.choices, dict)
        for sub in action.choices.values()
    )
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE))
    assert {"--resume", "--enrol"} <= named
    assert [option for option in named if option not in helps] == []
