"""The loop: hardware events in, the state machine's effects out, one pass at a time."""

import logging
from collections.abc import Callable
from dataclasses import replace

from device.errors import DeviceError, HaltNotRequested
from device.faults import Fault
from device.hold import Hold, KeyHold, PressHeld
from device.keystore import KeyStore
from device.layout import STANDS, layout_for
from device.notify import Notifier
from device.pairing import PairingSession
from device.pairing_state import BeginPairing, Consent, EndPairing, OkHeld
from device.power import BatteryWatch
from device.responder import offers, respond
from device.screens import screen
from device.settings import Settings
from device.state import (
    OK,
    BatteryRead,
    Compute,
    Computed,
    Effect,
    Event,
    Failed,
    Halt,
    KeyPressed,
    KeyReleased,
    Open,
    Opened,
    Phase,
    State,
    Tick,
    step,
)
from device.wake import Waker
from drivers.board import Board
from drivers.cable import Cable
from drivers.errors import DisplayError
from drivers.events import (
    ButtonDown,
    ButtonStuck,
    ButtonUp,
    KeyDown,
    KeyEvent,
    KeysStuck,
    KeyUp,
)
from drivers.frame import Frame
from protocol.pairing.times import HOLD

_log = logging.getLogger("challng.card")

# Seconds between two tries to reach a display that does not answer: doubled from one to the other.
_FIRST_RETRY, _LAST_RETRY = 1.0, 64.0


class Firmware:
    """One card: a board, a key store and a clock, and the state between them."""

    def __init__(
        self,
        board: Board,
        store: KeyStore,
        settings: Settings,
        *,
        clock: Callable[[], float],
        halt: Callable[[], None],
        opening: bool = False,
    ) -> None:
        """`clock` counts seconds; `halt` asks for the computer to be halted.

        `opening`: the card starts with `PIN>`, as if `press` had been held.
        """
        self._board = board
        self._store = store
        self._clock = clock
        self._halt = halt
        self._hold = Hold(settings.hold)
        self._ok_hold = KeyHold(HOLD)
        self._session: PairingSession | None = None
        self._layout = layout_for(board.display.width, board.display.height)
        self._state = State(rules=replace(settings.rules, pairing=board.cable is not None))
        self._battery = BatteryWatch(board.gauge, settings.battery)
        # What the glass shows: nothing is known of it yet, and it is to be dark.
        self._drawn: State | None = None
        self._lit = True
        self._retry: float | None = None
        self._patience = _FIRST_RETRY
        self._opening = opening
        self._release = settings.hold.blank
        self._stuck: float | None = None
        self._contrasts = (settings.board.display.contrast, settings.dim_contrast)
        self._stood = 0
        self._typed_meanwhile: list[KeyEvent] = []
        board.display.between = self._look

    def turn(self) -> float | None:
        """One pass: look at keys and button, let time go by, draw what changed.

        Returns when the next pass is due, on the same clock; None: only after an edge.
        """
        now = self._clock()
        self._look_at_cable(now)
        if self._opening:
            self._opening = False
            self._take(PressHeld(), now)
        for event in self._board.press.poll(now):
            match event:
                case ButtonDown():
                    self._hold.down(now)
                case ButtonUp():
                    self._hold.up()
                case ButtonStuck():
                    # Whoever wakes the card has a finger on it for a while yet.
                    if self._state.phase is Phase.OFF:
                        self._take(PressHeld(), now)
                    self._stuck = now + self._release
        self._report_stuck(now)
        for held in self._hold.tick(now):
            self._look_at_battery(now, at_once=isinstance(held, PressHeld))
            self._take(held, now)
        self._look_at_battery(now)
        self._look()
        key_events, self._typed_meanwhile = self._typed_meanwhile, []
        for key_event in key_events:
            match key_event:
                case KeyDown(key):
                    self._ok_hold.up()
                    if key == OK:
                        self._ok_hold.down(now)
                    self._take(KeyPressed(key), now)
                case KeyUp(key):
                    self._ok_hold.up()
                    self._take(KeyReleased(key), now)
                case KeysStuck():
                    self._take(Failed(Fault.STUCK_KEY), now)
        if self._ok_hold.tick(now):
            self._take(OkHeld(), now)
        self._take(Tick(), now)
        self._draw(now)
        if self._typed_meanwhile or (self._session is not None and self._session.opens):
            return now
        due = (
            self._board.press.due(),
            self._board.keypad.due(),
            self._hold.due(),
            self._ok_hold.due(),
            self._state.due,
            self._battery.due(),
            self._retry,
            self._stuck,
        )
        return min((time for time in due if time is not None), default=None)

    def listens_to(self) -> Cable | None:
        """The cable, while it is open: a turn is due when it has something."""
        listens = self._session is not None and self._session.listens
        return self._board.cable if listens else None

    def close(self) -> None:
        """Forget everything, leave the glass dark, and let go of the board."""
        self._end_pairing()
        self._state = State(rules=self._state.rules)
        try:
            self._draw(self._clock())
        finally:
            self._board.close()

    def _look_at_battery(self, now: float, *, at_once: bool = False) -> None:
        battery = self._battery.look(now, at_once=at_once)
        if battery is not None:
            self._take(BatteryRead(battery), now)

    def _look_at_cable(self, now: float) -> None:
        for said in self._session.look() if self._session is not None else ():
            self._take(said, now)

    def _end_pairing(self, *, timed_out: bool = False) -> None:
        if self._session is not None:
            self._session.stop(timed_out=timed_out)
            self._session = None

    def _look(self) -> None:
        """Look at the keys, also between two pieces of a picture; what they say is taken later."""
        self._typed_meanwhile += self._board.keypad.poll(self._clock())

    def _report_stuck(self, now: float) -> None:
        """Name a press button that was down at the start and has not come up for too long."""
        if self._stuck is not None and not self._board.press.stuck:
            self._stuck = None
        elif self._stuck is not None and now >= self._stuck:
            self._stuck = None
            self._take(Failed(Fault.STUCK_PRESS), now)

    def _take(self, event: Event, now: float) -> None:
        self._state, effects = step(self._state, event, now)
        for effect in effects:
            following = self._do(effect)
            if following is not None:
                # The clock again: writing the counter takes its time.
                self._take(following, self._clock())

    def _do(self, effect: Effect) -> Event | None:
        try:
            match effect:
                case Open():
                    return Opened(offers(self._store))
                case Compute(slot, pin, challenge):
                    return Computed(respond(self._store, slot, pin, challenge))
                case Halt():
                    self._halt()
                case BeginPairing() if self._board.cable is not None:
                    self._session = PairingSession(self._board.cable, self._store)
                case Consent() if self._session is not None:
                    return self._session.consent()
                case EndPairing(timed_out):
                    self._end_pairing(timed_out=timed_out)
        except HaltNotRequested as error:
            _log.error("%s", error)
        except DeviceError as error:
            fault = Fault.of(error)
            _log.error("%s: %s", fault.code, error)
            return Failed(fault)
        return None

    def _draw(self, now: float) -> None:
        if self._state == self._drawn or self._waits(now):
            return
        try:
            self._show(screen(self._state, self._layout))
        except DisplayError as error:
            if self._retry is None:
                _log.error("%s: %s", Fault.DISPLAY.code, error)
            # Nobody can trust the glass now: forget what it would show, darken it when it answers.
            self._end_pairing()
            dark = State(rules=self._state.rules, battery=self._state.battery)
            self._state, self._drawn, self._lit = dark, None, True
            self._retry = now + self._patience
            self._patience = min(2 * self._patience, _LAST_RETRY)
        else:
            self._drawn, self._retry, self._patience = self._state, None, _FIRST_RETRY

    def _waits(self, now: float) -> bool:
        """Whether a silent display is left alone for a while; a press does not wait."""
        return self._retry is not None and now < self._retry and self._state.phase is Phase.OFF

    def _show(self, frame: Frame | None) -> None:
        display = self._board.display
        if frame is not None:
            # A dark glass: bright before it shines. No pixel is worn by every screen: each time the
            # whole picture stands elsewhere, by whole columns, which costs no byte more.
            display.contrast(min(self._contrasts) if self._state.dimmed else self._contrasts[0])
            display.show(frame.moved_left(STANDS[self._stood % len(STANDS)]))
            if not self._lit or self._drawn is None:
                display.power(True)
        elif self._lit:
            display.power(False)
            # Nothing that was shown stays in the display's memory.
            display.show(Frame(display.width, display.height))
            self._stood += self._drawn is not None
        self._lit = frame is not None


def run(
    firmware: Firmware,
    waker: Waker,
    clock: Callable[[], float],
    stopped: Callable[[], bool],
    notifier: Notifier | None = None,
) -> None:
    """Pass after pass until `stopped()`; asleep in between until an edge or the next due time.

    `notifier` is told of every pass, so that a loop that hangs is seen from outside.
    """
    notifier = notifier or Notifier({})
    try:
        while not stopped():
            waker.clear()
            due = (firmware.turn(), notifier.turn(clock()))
            waker.watch = firmware.listens_to()
            waker.wait(min((time for time in due if time is not None), default=None), clock)
        notifier.stopping()
    finally:
        firmware.close()
