"""From a state to what is on the glass. A label, a field, the response: each in its one place."""

from device.layout import Layout
from device.pairing_state import Pairing, Stage
from device.power import Level
from device.state import Phase, State
from drivers.frame import Frame

PIN_LABEL = "PIN>"
CHALLENGE_LABEL = "CHALLNG>"
CARET = "_"
LOW_BATTERY = "LOW"
#: Most digits that the large response has room for.
LARGE_DIGITS = 8
#: How a response is parted for the eye, by its number of digits.
_GROUPS = {6: (3, 3), 7: (3, 4), 8: (4, 4), 9: (3, 3, 3), 10: (5, 5)}


def screen(state: State, layout: Layout) -> Frame | None:
    """The picture of `state`; None when the glass is to be dark."""
    if state.phase is Phase.OFF:
        return None
    frame = Frame(layout.width, layout.height)
    if state.phase is Phase.FAULT:
        if state.fault is not None:
            layout.response.draw(frame, state.fault.code)
            layout.words.draw(frame, state.fault.words)
        return frame
    if state.pairing is not None:
        _pairing(frame, layout, state.pairing)
        return frame
    layout.battery.draw(frame, state.battery.mark)
    if len(state.offers) > 1:
        layout.status.draw(frame, f"SLOT {state.slot}")
    if state.phase is Phase.RESPONSE:
        long = len(state.response) > LARGE_DIGITS
        place = layout.long_response if long else layout.response
        place.draw(frame, grouped(state.response))
        return frame
    if state.battery.level is Level.LOW:
        layout.low.draw(frame, LOW_BATTERY)
    caret = "" if state.full else CARET
    if state.phase is Phase.PIN:
        layout.label.draw(frame, PIN_LABEL)
        layout.field.draw(frame, "*" * len(state.pin) + caret)
    else:
        layout.label.draw(frame, CHALLENGE_LABEL)
        layout.field.draw(frame, state.challenge + caret)
    return frame


def _pairing(frame: Frame, layout: Layout, pairing: Pairing) -> None:
    """What goes large, and what is to be done; the number stays until the computer is done."""
    match pairing.stage:
        case Stage.OFFERED:
            words = "PAIRING BY CABLE"
        case Stage.CONNECTED:
            words = "COMPUTER FOUND"
        case Stage.COMPARING:
            does = "REPLACES" if pairing.replaces else "SLOT"
            words = f"{does} {pairing.slot}  HOLD OK"
        case Stage.WAITING:
            words = "WAIT FOR COMPUTER"
        case Stage.PAIRED:
            layout.long_response.draw(frame, pairing.serial)
            layout.words.draw(frame, f"PAIRED  SLOT {pairing.slot}")
            return
    layout.words.draw(frame, words)
    layout.response.draw(frame, grouped(pairing.number) or str(pairing.left))


def grouped(digits: str) -> str:
    """Digits parted for the eye: `12345678` becomes `1234 5678`."""
    groups: list[str] = []
    start = 0
    for size in _GROUPS.get(len(digits), (len(digits),)):
        groups.append(digits[start : start + size])
        start += size
    return " ".join(groups)
