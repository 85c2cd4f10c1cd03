"""`PIN>` on the glass before anything heavy is imported: a picture drawn beforehand.

The caret is missing on purpose: it shows once the card takes keys.
"""

from device.settings import Settings
from drivers.errors import DriverError
from drivers.first import FirstScreen
from drivers.first_look import line_closed
from drivers.frame import Frame
from drivers.mode import Mode

#: A Pi that is halted wakes when this pin is pulled low.
WAKE_PIN = 3
# The two pages of the label in its place, and by the height of the glass the first of them.
_LEFT = 2
_PAGES = (
    bytes.fromhex("ffff838383c7fe7c0000000303ffff0303000000ffff1ef8e000ffff0000040c183060c08000"),
    bytes.fromhex("3f3f01010101000000000030303f3f30300000003f3f0001071e3f3f000010180c0603010000"),
)
_TOP = {64: 1, 32: 0}


def first_screen(settings: Settings, mode: Mode) -> FirstScreen | None:
    """Show `PIN>` if the card was started by its press button; None if not, or if it cannot.

    It was if the button is down, or if it is the one that wakes a halted Pi. What stands in the
    way of pins or glass is left for the whole card to find and name.
    """
    if mode is Mode.SIM:
        return None
    board = settings.board
    try:
        if board.press_pin != WAKE_PIN and not line_closed(board.press_pin, board.press_active_low):
            return None
        return FirstScreen(board.display, picture(board.display.width, board.display.height))
    except (DriverError, OSError):
        return None


def picture(width: int, height: int) -> Frame:
    """The label `PIN>` where the whole card draws it."""
    frame = Frame(width, height)
    for page, columns in enumerate(_PAGES, _TOP[height]):
        at = page * width + _LEFT
        frame.data[at : at + len(columns)] = columns
    return frame
