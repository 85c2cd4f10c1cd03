"""What a self-test can find: one member per code, as the manual lists them."""

from dataclasses import dataclass
from enum import Enum

from device.faults import Fault


class Kind(Enum):
    """A code, a few words for the glass, a sentence for the manual."""

    NO_BUS = (
        "S01",
        "NO I2C BUS",
        "The computer has no such I2C bus: switch I2C on (`raspi-config`, Interface Options, I2C) "
        "and restart, or correct `display.bus`.",
    )
    BUS_FORBIDDEN = (
        "S02",
        "I2C NOT PERMITTED",
        "This user may not open the I2C bus: add it to the group `i2c` and log in again.",
    )
    BUS_HELD = (
        "S03",
        "I2C WIRE STAYS LOW",
        "A wire of the I2C bus does not go high: look for SDA (pin 3) or SCL (pin 5) on ground, "
        "or for a display without supply.",
    )
    NO_DISPLAY = (
        "S04",
        "NO DISPLAY ANSWERS",
        "No display answers on I2C: is SDA on pin 3 and SCL on pin 5, are ground and 3.3 V "
        "connected?",
    )
    WRONG_ADDRESS = (
        "S05",
        "DISPLAY ELSEWHERE",
        "A display answers at another address than the one in `card.toml`: correct "
        "`display.address`.",
    )
    WRONG_PICTURE = (
        "S06",
        "PICTURE IS WRONG",
        "The frame is shifted, has a stripe, or is garbage: the controller is of the other kind "
        "(an SH1106 sold as an SSD1306): change `display.driver`, or `display.size`.",
    )
    NOT_SEEN = (
        "S07",
        "PICTURE NOT SEEN",
        "The display answers, but nobody saw the frame: look at its 3.3 V, and at the contrast.",
    )
    DROPS_OUT = (
        "S08",
        "DISPLAY DROPS OUT",
        "The display answers and then does not: a loose wire, mostly ground.",
    )
    NO_PIN_LIBRARY = (
        "S10",
        "NO PIN LIBRARY",
        "The library for the pins is missing: install `challng[pi]`.",
    )
    PINS_REFUSED = (
        "S11",
        "PINS NOT USABLE",
        "The pins cannot be used: is this a Raspberry Pi, is this user in the group `gpio`, is "
        "the card's service stopped?",
    )
    TO_GROUND = (
        "S12",
        "LINE ON GROUND",
        "A row or column is joined to ground: look for a drop of solder or a wire on a wrong pin.",
    )
    TO_SUPPLY = (
        "S13",
        "LINE ON 3V3",
        "A row or column is joined to 3.3 V: look for a drop of solder, a wire on a wrong pin, or "
        "a resistor that a card does not need.",
    )
    BRIDGED = (
        "S14",
        "LINES BRIDGED",
        "Lines are joined that must not be, so that keys read as one: look for a drop of solder.",
    )
    KEY_STUCK = (
        "S15",
        "KEY IS STUCK",
        "A key reads closed with no finger on it: lift it, or look for a drop of solder.",
    )
    PAD_SILENT = (
        "S16",
        "NO KEY AT ALL",
        "No key was seen at all: is the pad's plug in, and in the right place?",
    )
    LINE_SILENT = (
        "S17",
        "ROW OR COLUMN DEAD",
        "All keys of a row or column are silent: its wire is cut, loose, or on a wrong pin.",
    )
    KEY_SILENT = (
        "S18",
        "KEY IS DEAD",
        "One key is silent while its row and column work: the contact under the key.",
    )
    WIRES_SWAPPED = (
        "S19",
        "WIRES SWAPPED",
        "The pad's wires are in another order: exchange them, or write the order that was found "
        "into `card.toml`.",
    )
    ROWS_ARE_COLUMNS = (
        "S20",
        "ROWS ARE COLUMNS",
        "The rows are where the columns should be: exchange the two halves of the plug, or the "
        "lists in `card.toml`.",
    )
    KEY_READS_AS_OTHER = (
        "S21",
        "KEY READS AS OTHER",
        "A key closes the crossing of another one: was it the right key? Else `keypad.keys` is "
        "not what is printed on the pad.",
    )
    KEY_CLOSES_MORE = (
        "S22",
        "KEY CLOSES MORE",
        "One key closes several crossings, a ghost without a second finger: a torn foil or solder "
        "in the pad.",
    )
    PRESS_SILENT = (
        "S23",
        "PRESS NOT SEEN",
        "The press button was never seen closed: look at its two wires.",
    )
    PRESS_CLOSED = (
        "S24",
        "PRESS ALWAYS CLOSED",
        "The press button reads closed all the time: a solder bridge, two legs of the same side, "
        "or a wrong `press.active_low`.",
    )
    PRESS_WRONG_RAIL = (
        "S25",
        "PRESS ON WRONG RAIL",
        "The press button goes to the other side than `press.active_low` says: change the "
        "setting or the wire.",
    )
    PRESS_OPENS = (
        "S26",
        "PRESS OPENS",
        "The press button opens when it is pressed: use its other contact.",
    )
    NO_GAUGE = (
        "S27",
        "NO BATTERY GAUGE",
        "The fuel gauge that `card.toml` names does not answer, or not sensibly: look at its wires "
        "and its battery, or set `battery.gauge` to none.",
    )
    BATTERY_EMPTY = (
        "S28",
        "BATTERY EMPTY",
        "The battery is under `battery.critical_percent` and not being charged, so that the card "
        "begins no login: charge it.",
    )
    RANDOM_NOT_READY = (
        "S30",
        "RANDOM NOT READY",
        "The system's random numbers are not ready: wait a minute and try again; make no key "
        "before.",
    )
    NO_HARDWARE_RANDOM = (
        "S31",
        "NO HARDWARE RANDOM",
        "The processor's random number generator is not in use: look for `/dev/hwrng` and the "
        "kernel's messages about it.",
    )

    def __init__(self, code: str, words: str, sentence: str) -> None:
        self.code = code
        self.words = words
        self.sentence = sentence


@dataclass(frozen=True)
class Finding:
    """One fault: its kind (or the store's own code), what was seen, and what to look at.

    `where` is for the glass, which has room for a few words only.
    """

    kind: Kind | Fault
    seen: str
    look: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.kind.code} {self.seen}: {self.look}"
