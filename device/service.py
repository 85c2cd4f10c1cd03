"""`challng-card run`: the card on its own board, until a signal ends it."""

import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from device.errors import HaltNotRequested
from device.keystore import KeyStore
from device.loop import Firmware, run
from device.memory import protect
from device.notify import Notifier
from device.settings import Settings
from device.wake import Waker
from drivers.board import Mode, open_board
from drivers.first import FirstScreen

_log = logging.getLogger("challng.card")


def serve(
    settings: Settings, store: KeyStore, mode: Mode, first: FirstScreen | None = None
) -> None:
    """Open the board and be the card; SIGTERM or SIGINT ends it, and leaves the glass dark.

    `first` is `PIN>` on the glass already: the card takes over from there.
    """
    waker = Waker()
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        waker.set()

    for sentence in protect():
        _log.warning("%s", sentence)
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        board = open_board(settings.board, mode, clock=time.monotonic, wake=waker.set, first=first)
        _log.info("card on %s parts. %s", board.mode.value, board.reason)
        firmware = Firmware(
            board,
            store,
            settings,
            clock=time.monotonic,
            halt=halt_request(settings.halt_request),
            opening=first is not None and board.mode is Mode.HARDWARE,
        )
        run(firmware, waker, time.monotonic, lambda: stopping, Notifier())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        waker.close()
    _log.info("card ended")


def halt_request(path: Path | None) -> Callable[[], None]:
    """What an 8 s hold does: write `path`, which a privileged unit watches. None: nothing."""

    def write() -> None:
        if path is None:
            return
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            try:
                os.write(handle, b"halt\n")
            finally:
                os.close(handle)
        except OSError as error:
            raise HaltNotRequested(
                f"the file {path} could not be written ({error.strerror}), so nothing halts: "
                "look at power.halt_request in card.toml and at the owner of its directory"
            ) from error
        _log.info("halt asked for in %s", path)

    return write
