"""`challng-card info`: what this card is, without its keys."""

import time
from importlib.metadata import PackageNotFoundError, version

from device.errors import DeviceError
from device.keystore import FileKeyStore
from device.settings import Settings
from device.suites import form_of
from drivers.board import Mode, open_board
from drivers.errors import DriverError


def report(settings: Settings, store: FileKeyStore, mode: Mode) -> tuple[list[str], bool]:
    """The lines to print, and whether everything that was looked at is fit for use."""
    lines = [f"challng-card {_version()}", f"store: {store.directory}"]
    lines.append(f"sealing: {store.sealing()}")
    slots, slots_fit = _slots(store)
    parts, parts_fit = _parts(settings, mode)
    return [*lines, *slots, *parts], slots_fit and parts_fit


def _version() -> str:
    try:
        return version("challng")
    except PackageNotFoundError:
        return "(not installed, run from its source)"


def _slots(store: FileKeyStore) -> tuple[list[str], bool]:
    try:
        loaded = store.slots()
    except DeviceError as error:
        return [f"slots: {error}"], False
    if not loaded:
        return ["slots: none is loaded; load a key with `challng-provision new`"], True
    lines: list[str] = []
    fit = True
    for slot in loaded:
        try:
            record = store.load(slot)
            form = form_of(record.suite)
        except DeviceError as error:
            lines.append(f"slot {slot}: {error}")
            fit = False
            continue
        lines += [
            f"slot {slot}:",
            f"  serial: {record.serial}",
            f"  issuer: {record.issuer}",
            f"  suite: {record.suite}",
            f"  challenge: {form.challenge_length} digits, response: {form.response_length} digits",
            f"  counter: {record.counter}",
        ]
    return lines, fit


def _parts(settings: Settings, mode: Mode) -> tuple[list[str], bool]:
    try:
        board = open_board(settings.board, mode, clock=time.monotonic, wake=lambda: None)
    except DriverError as error:
        return [f"parts: {error}"], False
    display = settings.board.display
    try:
        board.display.power(False)
        lines = [
            f"parts: {board.mode.value} (asked for: {mode.value})",
            f"display: {display.driver} {display.width}x{display.height} "
            f"on bus {display.bus} at {display.address:#04x}",
        ]
        if board.cable is not None:
            there = "there" if board.cable.there() else "not there: is the USB gadget set up?"
            lines.append(f"cable: {board.cable.name}, {there}")
        if board.reason:
            lines.append(f"why: {board.reason}")
        return lines, True
    except DriverError as error:
        return [f"parts: {error}"], False
    finally:
        board.close()
