"""Every screen against its golden picture, and its text read back off the pixels."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from device.faults import Fault
from device.glyphs.battery import BATTERY
from device.glyphs.font import Font, draw
from device.glyphs.large import LARGE
from device.glyphs.medium import MEDIUM
from device.glyphs.small import SMALL
from device.layout import Layout, layout_for
from device.pairing_state import Pairing, Stage
from device.png import png
from device.power import CHARGING, Battery, Level
from device.reading import UNKNOWN, read
from device.screens import grouped, screen
from device.state import Offer, Phase, State
from drivers.frame import Frame

GOLDEN = Path(__file__).parent / "golden"
SIZES = ((128, 64), (128, 32))

ONE = (Offer("A", 6),)
TWO = (Offer("A", 6), Offer("C", 6))


def pin(text: str, offers: tuple[Offer, ...] = ONE, slot: str = "A") -> State:
    return State(phase=Phase.PIN, offers=offers, slot=slot, pin=text)


def challenge(text: str, length: int = 6) -> State:
    return State(phase=Phase.CHALLENGE, offers=(Offer("A", length),), slot="A", challenge=text)


def response(text: str, offers: tuple[Offer, ...] = ONE) -> State:
    return State(phase=Phase.RESPONSE, offers=offers, slot="A", response=text)


def powered(state: State, level: Level, mark: str) -> State:
    return replace(state, battery=Battery(level, mark))


def pairing(stage: Stage, left: int = 0, number: str = "", **more: object) -> State:
    shown = Pairing(stage, 60.0, 60.0, left, number, **more)  # type: ignore[arg-type]
    return State(phase=Phase.PAIRING, pairing=shown)


SCREENS: dict[str, tuple[State, list[str]]] = {
    "pin-empty": (pin(""), ["PIN>", "_"]),
    "pin-two-digits": (pin("73"), ["PIN>", "**_"]),
    "pin-full": (pin("7305"), ["PIN>", "****"]),
    "pin-slot": (pin("", TWO, "C"), ["SLOT C", "PIN>", "_"]),
    "challenge-empty": (challenge(""), ["CHALLNG>", "_"]),
    "challenge-three-digits": (challenge("307"), ["CHALLNG>", "307_"]),
    "challenge-full": (challenge("307154"), ["CHALLNG>", "307154"]),
    "challenge-longest": (challenge("9876543210", 10), ["CHALLNG>", "9876543210"]),
    "response": (response("12345678"), ["1234 5678"]),
    "response-other-digits": (response("90036742"), ["9003 6742"]),
    "response-slot": (response("12345678", TWO), ["SLOT A", "1234 5678"]),
    "response-six": (response("123456"), ["123 456"]),
    "response-ten": (response("1234567890"), ["12345 67890"]),
    "battery-full": (powered(pin("73"), Level.GOOD, "█"), ["█", "PIN>", "**_"]),
    "battery-half": (powered(challenge("3"), Level.GOOD, "▄"), ["▄", "CHALLNG>", "3_"]),
    "battery-low": (powered(pin(""), Level.LOW, "▂"), ["▂", "LOW", "PIN>", "_"]),
    "battery-low-slot": (
        powered(pin("", TWO, "C"), Level.LOW, "▯"),
        ["▯", "SLOT C", "LOW", "PIN>", "_"],
    ),
    "battery-charging": (powered(response("12345678"), Level.LOW, CHARGING), ["ϟ", "1234 5678"]),
    "pairing-offered": (pairing(Stage.OFFERED, 60), ["60", "PAIRING BY CABLE"]),
    "pairing-offered-last-second": (pairing(Stage.OFFERED, 1), ["1", "PAIRING BY CABLE"]),
    "pairing-connected": (pairing(Stage.CONNECTED, 10), ["10", "COMPUTER FOUND"]),
    "pairing-comparing": (
        pairing(Stage.COMPARING, number="304975", slot="A"),
        ["304 975", "SLOT A  HOLD OK"],
    ),
    "pairing-comparing-replaces": (
        pairing(Stage.COMPARING, number="186230", slot="C", replaces=True),
        ["186 230", "REPLACES C  HOLD OK"],
    ),
    "pairing-waiting": (
        pairing(Stage.WAITING, number="304975", slot="A"),
        ["304 975", "WAIT FOR COMPUTER"],
    ),
    "pairing-paired": (
        pairing(Stage.PAIRED, serial="CH00000018", slot="A"),
        ["CH00000018", "PAIRED  SLOT A"],
    ),
    **{
        f"fault-{fault.code}": (
            State(phase=Phase.FAULT, fault=fault),
            [fault.code, fault.words],
        )
        for fault in Fault
    },
}


def picture(data: bytes) -> tuple[tuple[int, int], bytes]:
    image = Image.open(io.BytesIO(data))
    return image.size, image.convert("RGB").tobytes()


def shown(state: State, layout: Layout) -> Frame:
    frame = screen(state, layout)
    assert frame is not None
    return frame


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_is_its_golden_picture(
    name: str, size: tuple[int, int], request: pytest.FixtureRequest
) -> None:
    frame = shown(SCREENS[name][0], layout_for(*size))
    path = GOLDEN / f"{name}-{size[0]}x{size[1]}.png"
    if request.config.getoption("--record", default=False):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(frame))
        pytest.fail(f"recorded {path.name}: look at it, then run without --record")
    assert path.exists(), f"no golden picture {path.name}: run with --record and look at it"
    assert picture(png(frame)) == picture(path.read_bytes()), (
        f"{path.name} shows something else: look at both, then run with --record"
    )


def test_every_golden_picture_belongs_to_a_screen() -> None:
    names = {f"{name}-{width}x{height}.png" for name in SCREENS for width, height in SIZES}
    assert {path.name for path in GOLDEN.glob("*")} == names


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
def test_what_was_drawn_is_read_back(name: str, size: tuple[int, int]) -> None:
    state, lines = SCREENS[name]
    assert sorted(read(shown(state, layout_for(*size)))) == sorted(lines)


def test_off_is_no_picture() -> None:
    assert screen(State(), layout_for(128, 64)) is None


def test_a_glass_without_screens_is_refused() -> None:
    with pytest.raises(ValueError, match="96x16"):
        layout_for(96, 16)


@pytest.mark.parametrize("font", [LARGE, MEDIUM, SMALL, BATTERY])
def test_no_two_glyphs_are_alike(font: Font) -> None:
    columns = [glyph.columns for glyph in font.glyphs.values()]
    assert len(set(columns)) == len(columns)
    assert all(any(one) for one in columns)


def test_all_digits_of_a_size_stand_equally_high() -> None:
    for font, height in ((LARGE, 24), (MEDIUM, 14)):
        for digit in "0123456789":
            rows = 0
            for column in font.glyphs[digit].columns:
                rows |= column
            assert rows == (1 << height) - 1, f"{digit} has other rows than {height}"


def test_a_drawing_with_a_row_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        draw("a b\n## #.\n##")


def test_text_that_does_not_fit_is_refused_without_being_quoted() -> None:
    place = layout_for(128, 64).response
    for text in ("1234567890", "12a4"):
        with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the text is looked at below
            place.draw(Frame(128, 64), text)
        assert text not in str(refusal.value)


@pytest.mark.parametrize(
    ("digits", "text"),
    [("1234", "1234"), ("123456", "123 456"), ("1234567", "123 4567"), ("12345678", "1234 5678")],
)
def test_digits_are_parted_for_the_eye(digits: str, text: str) -> None:
    assert grouped(digits) == text


@pytest.mark.parametrize("size", SIZES)
@settings(max_examples=60, deadline=None)
@given(digits=st.text("0123456789", min_size=8, max_size=8))
def test_every_response_reads_back(size: tuple[int, int], digits: str) -> None:
    assert read(shown(response(digits), layout_for(*size))) == [grouped(digits)]


@settings(max_examples=100, deadline=None)
@given(x=st.integers(0, 127), y=st.integers(0, 63), digits=st.text("0123456789", min_size=8))
def test_one_wrong_pixel_is_never_read_as_text(x: int, y: int, digits: str) -> None:
    digits = digits[:8]
    frame = shown(response(digits), layout_for(128, 64))
    frame.set(x, y, not frame.pixel(x, y))
    text = "\n".join(read(frame))
    assert UNKNOWN in text
    for right, seen in zip(grouped(digits), max(text.splitlines(), key=len), strict=False):
        assert seen in (right, UNKNOWN)


def test_noise_is_not_text() -> None:
    frame = Frame(128, 64)
    frame.data[:] = bytes((i * 37 + i // 7) & 0xFF for i in range(len(frame.data)))
    assert set("".join(read(frame))) <= {UNKNOWN, " "}
