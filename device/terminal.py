"""`challng-card sim`: the card in a terminal. Its keys close contacts of the simulated board."""

import logging
import sys
import time
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Horizontal, Vertical
from textual.widgets import Static

from device.blocks import braille, half_blocks
from device.errors import DeviceError
from device.fingers import PRESS, Fingers
from device.keystore import KeyStore
from device.live import Card
from device.settings import Settings
from device.simulated import seen
from device.state import CLEAR, OK
from drivers.cable import Cable
from drivers.sim.world import SimWorld
from protocol.pairing.times import HOLD

_CAPTIONS = {OK: "OK", CLEAR: "CLR", PRESS: "press"}
_HELP = (
    "[b]Space[/b] or [b]P[/b] press   [b]0-9[/b] digits   [b]Enter[/b] OK   "
    "[b]Backspace[/b] CLEAR   [b]A-D[/b] slot   [b]Q[/b] quit"
)
_HELP_CABLE = (
    "[b]Space[/b] press  [b]0-9[/b] digits  [b]Enter[/b] OK  [b]H[/b] hold OK  "
    "[b]Backspace[/b] CLEAR  [b]Q[/b] quit"
)
_REDRAW = 1 / 30
# Seconds that one stroke on the keyboard holds the press button beyond what PIN> needs.
_MARGIN = 0.25
# Characters that the glass leaves for the keypad, and lines for everything else.
_BESIDE, _AROUND = 16, 6
# What a note may take of a terminal of 80x24.
_NOTE_LINES, _NOTE_WIDTH = 3, 78


class GlassView(Static):
    """The glass: every pixel, as large as the terminal allows."""

    def __init__(self, world: SimWorld) -> None:
        super().__init__(id="glass")
        self._world = world
        self._glass = world.glass
        self._seen = -1

    def fit(self, width: int, height: int) -> None:
        """Choose the blocks for a terminal of this size, in characters."""
        glass = self._glass
        roomy = width >= glass.width + _BESIDE and height >= glass.height // 2 + _AROUND
        self._blocks = half_blocks if roomy else braille
        self.styles.width = glass.width // (1 if roomy else 2)
        self.styles.height = glass.height // (2 if roomy else 4) + 2
        self._seen = -1

    def look(self) -> None:
        """Draw the glass anew if the display got anything since the last look."""
        if self._glass.changes != self._seen:
            self._seen = self._glass.changes
            self.update(Text("\n".join(self._blocks(seen(self._world))), no_wrap=True))


class KeyCap(Static):
    """One key, or the press button: down while the mouse is."""

    def __init__(self, key: str, fingers: Fingers, width: int = 3) -> None:
        self.key = key
        self._fingers = fingers
        self._wide = width
        kind = "press" if key == PRESS else "command" if not key.isdigit() else "digit"
        super().__init__(self._drawn(), classes=kind)

    def look(self) -> None:
        """Show whether the contact is closed."""
        self.set_class(self.key in self._fingers.closed, "down")

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put a finger on the key."""
        self.capture_mouse()
        self._fingers.close(self.key)
        event.stop()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Take it away."""
        self.release_mouse()
        self._fingers.open(self.key)
        event.stop()

    def _drawn(self) -> str:
        caption = _CAPTIONS.get(self.key, self.key)
        return caption.center(self._wide)


class TerminalCard(App[None]):
    """The card, its keypad and one line of help; fits a terminal of 80x24."""

    TITLE = "challng card"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: #1b222c; align: center middle; }
    #card { width: auto; height: auto; }
    #title { width: auto; color: #8fa3b8; text-style: bold; height: 2; padding: 0 1; }
    #note { width: auto; color: #d8f4ff; height: auto; padding: 0 1; }
    #body { width: auto; height: auto; }
    #glass { background: #05080b; color: #d8f4ff; padding: 1 0; margin: 0 1 0 0; }
    #pad { grid-gutter: 0 1; width: 15; height: auto; grid-rows: 3; }
    #keys { width: 15; height: auto; }
    KeyCap { width: 3; height: 3; background: #34404f; color: #e8eef5; }
    KeyCap { border-top: inner #34404f; border-bottom: inner #34404f; }
    KeyCap.command { background: #2b4a5e; }
    KeyCap.command { border-top: inner #2b4a5e; border-bottom: inner #2b4a5e; }
    KeyCap.press { width: 15; margin: 1 0 0 0; background: #6b4226; }
    KeyCap.press { border-top: inner #6b4226; border-bottom: inner #6b4226; }
    KeyCap.down { background: #d8f4ff; color: #05080b; }
    KeyCap.down { border-top: inner #d8f4ff; border-bottom: inner #d8f4ff; }
    #help { width: auto; color: #8fa3b8; height: 2; padding: 1 1 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c,ctrl+q", "quit", "Quit", priority=True),
    ]

    def __init__(self, card: Card, settings: Settings, note: str = "") -> None:
        super().__init__()
        self.card = card
        self._note = note
        self._settings = settings
        self.fingers = Fingers(card.world, time.monotonic, self.set_timer, card.felt)
        self._glass = GlassView(card.world)
        self._caps = [
            *(KeyCap(key, self.fingers) for key in "".join(settings.board.pad.keys)),
            KeyCap(PRESS, self.fingers, width=15),
        ]

    def compose(self) -> ComposeResult:
        """The title, glass and keys side by side, the help line."""
        with Vertical(id="card"):
            if self._note:
                yield Static(self._note, id="note", markup=False)
            else:
                yield Static("CHALLNG  ·  login card", id="title")
            with Horizontal(id="body"):
                yield self._glass
                with Vertical(id="keys"):
                    pad = self._settings.board.pad
                    with Grid(id="pad") as grid:
                        grid.styles.grid_size_columns = len(pad.columns)
                        yield from self._caps[:-1]
                    yield self._caps[-1]
            yield Static(_HELP_CABLE if self.card.cable is not None else _HELP, id="help")

    def on_mount(self) -> None:
        """Look at the glass and the keys thirty times a second."""
        self._fit()
        # A timer of the glass ends with the glass, and never looks at a screen that is gone.
        self._glass.set_interval(_REDRAW, self._look)

    def on_resize(self) -> None:
        """Take the larger picture where there is room for it."""
        self._fit()

    def on_key(self, event: events.Key) -> None:
        """Translate the keyboard's key into the card's."""
        key = {"enter": OK, "backspace": CLEAR, "space": PRESS, "p": PRESS, "P": PRESS}.get(
            event.key, (event.character or "").upper()
        )
        if key == PRESS:
            times = self._settings.hold
            self.fingers.hold_press(times.open + min(_MARGIN, (times.blank - times.open) / 2))
        elif key == "H":
            self.fingers.hold(OK, HOLD + _MARGIN)
        elif len(key) == 1 and any(key in row for row in self._settings.board.pad.keys):
            self.fingers.type(key)

    def _fit(self) -> None:
        self._glass.fit(self.size.width, self.size.height)

    def _look(self) -> None:
        if self.card.trouble is not None:
            self.exit()
        self._glass.look()
        for cap in self._caps:
            cap.look()


def note_from(path: Path) -> str:
    """The first lines of a file, to stand above the card; raises DeviceError."""
    try:
        lines = path.read_text("utf-8").splitlines()[:_NOTE_LINES]
    except (OSError, UnicodeDecodeError) as error:
        raise DeviceError(f"the note {path} cannot be read ({error}): name another") from None
    return "\n".join(line[:_NOTE_WIDTH] for line in lines)


def run_terminal(
    settings: Settings, store: KeyStore, note: str = "", cable: Cable | None = None
) -> None:
    """Be a card in this terminal until the user quits, with a note above it, and a pairing cable.

    Raises DeviceError without a terminal, DriverError when a simulated part gave up.
    """
    # Textual draws on stderr.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise DeviceError(
            "sim draws a card in a terminal, and this is none: use `play` for scripts"
        )
    # A line on stderr would tear the picture; what matters to the user is on the glass.
    log = logging.getLogger("challng")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    card = Card(settings, store, cable)
    try:
        TerminalCard(card, settings, note).run()
    finally:
        card.close()
    if card.trouble is not None:
        raise DeviceError(f"the simulated card stopped: {card.trouble}") from card.trouble
