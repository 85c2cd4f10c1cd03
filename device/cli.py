"""`challng-card`: the card itself, its terminal twin, key scripts, and what is loaded.

Exit codes: 0 done, 1 refused or a failed `expect`, 2 usage. Errors are one sentence on stderr.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from device.errors import DeviceError, StoreUnreadable
from device.settings import STANDARD_FILE, Settings, load
from drivers.errors import DriverError
from drivers.mode import Mode

if TYPE_CHECKING:
    from device.keystore import FileKeyStore
    from drivers.sim.cable import PtyCable

STANDARD_STORE = "/var/lib/challng"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.command in ("play", "sim") and options.driver == Mode.HARDWARE:
        parser.error(f"{options.command} is a simulated card: leave --driver hardware out")
    if options.command == "sim" and options.socket and (options.note or options.cable):
        parser.error("a card behind a socket has no note and no cable: leave these out")
    if options.command == "selftest" and options.driver == Mode.SIM:
        parser.error(
            "selftest looks at real parts and asks for real fingers, a simulated card has neither: "
            "leave --driver sim out, on the computer that the card is built on"
        )
    try:
        return _dispatch(options)
    except (DeviceError, DriverError) as error:
        print(f"challng-card: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        # The reader of our output went away; nothing more may be written there at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="challng-card", description="A login card: keypad, press button and glass."
    )
    parser.add_argument(
        "--store",
        type=Path,
        metavar="DIR",
        default=Path(os.environ.get("CHALLNG_STORE") or STANDARD_STORE),
        help=f"the key store (CHALLNG_STORE, or {STANDARD_STORE})",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"the settings ({STANDARD_FILE} if it is there, else the defaults)",
    )
    parser.add_argument(
        "--driver",
        choices=[mode.value for mode in Mode],
        default=Mode.AUTO.value,
        help="real parts, simulated ones, or real ones where they are (auto)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="be the card, until stopped")
    terminal = commands.add_parser("sim", help="a card in this terminal")
    terminal.add_argument(
        "--note", type=Path, metavar="FILE", help="show the first lines of FILE above the card"
    )
    terminal.add_argument(
        "--socket",
        type=Path,
        metavar="PATH",
        help="draw nothing: show the glass and take keys over a Unix socket of this user alone, "
        "until a signal comes or standard input ends",
    )
    _add_cable(terminal)
    script = commands.add_parser(
        "play",
        help="press the keys of a script on a simulated card",
        description="One command a line: press, off, ok, clear, digits, A-D, hold ok, wait S, "
        "show, expect TEXT, await TEXT, shot FILE. '#' begins a comment.",
    )
    script.add_argument("script", metavar="SCRIPT", help="a key script, or - for standard input")
    _add_cable(script)
    commands.add_parser("info", help="version, slots and drivers; never a key")
    test = commands.add_parser(
        "selftest",
        help="look at every part of a soldered card and name what is wrong",
        description="Asks for each key in turn and says what to look at. Exit code 0: all is well; "
        "1: something was found, or it was stopped. The card's own service must not run meanwhile.",
    )
    test.add_argument(
        "--glass", action="store_true", help="answer with the card's keys, not in the terminal"
    )
    return parser


def _add_cable(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--cable",
        type=Path,
        metavar="LINK",
        help="a pairing cable: make LINK the port for `challng-provision pair`; hold OK to begin",
    )


def _dispatch(options: argparse.Namespace) -> int:
    settings = load(options.config)
    mode = Mode(options.driver)
    # Each command imports what it needs: a card on real parts loads no simulation, no terminal.
    if options.command == "run":
        _run(options.store, settings, mode)
        return 0
    from device.keystore import FileKeyStore

    _log_to_stderr()
    store = FileKeyStore(options.store)
    match options.command:
        case "play":
            _check_there(options.store)
            with _cable(options.cable) as cable:
                return _play(options.script, store, settings, cable)
        case "sim":
            _check_there(options.store)
            if options.socket is not None:
                _showcase(options.store, options.socket, settings, store)
                return 0
            try:
                from device.terminal import note_from, run_terminal
            except ImportError as error:
                raise DeviceError(
                    f"the terminal card needs {error.name}: install it with "
                    "`pip install 'challng[sim]'`"
                ) from None
            note = note_from(options.note) if options.note else ""
            with _cable(options.cable) as cable:
                run_terminal(settings, store, note, cable)
            return 0
        case "selftest":
            from device.selftest.walk import selftest

            return selftest(settings, store, keys_alone=options.glass)
        case _:
            from device.info import report

            lines, whole = report(settings, store, mode)
            print(*lines, sep="\n")
            return 0 if whole else 1


def _run(directory: Path, settings: Settings, mode: Mode) -> None:
    from device.first import first_screen

    first = first_screen(settings, mode)
    try:
        # Everything heavy is imported here, with PIN> on the glass already.
        from device.keystore import FileKeyStore
        from device.service import serve

        _log_to_stderr()
        serve(settings, FileKeyStore(directory), mode, first)
    finally:
        if first is not None:
            first.dark()


def _log_to_stderr() -> None:
    import logging

    logging.basicConfig(format="challng-card: %(message)s", level=logging.INFO, stream=sys.stderr)


def _check_there(directory: Path) -> None:
    if not directory.is_dir():
        raise StoreUnreadable(
            f"there is no key store at {directory}: make one with "
            f"`challng-provision new --store {directory} ...`, or name another with --store"
        )


@contextmanager
def _cable(link: Path | None) -> Iterator["PtyCable | None"]:
    if link is None:
        yield None
        return
    from drivers.sim.cable import PtyCable

    cable = PtyCable(link)
    try:
        yield cable
    finally:
        cable.unplug()


def _showcase(directory: Path, socket: Path, settings: Settings, store: "FileKeyStore") -> None:
    from device.showcase.serving import run_showcase

    if directory.resolve() == Path(STANDARD_STORE).resolve():
        raise DeviceError(
            f"{STANDARD_STORE} holds a real card's keys, which no socket presses: "
            "name another store with --store"
        )
    run_showcase(settings, store, socket)


def _play(
    name: str, store: "FileKeyStore", settings: Settings, cable: "PtyCable | None" = None
) -> int:
    from device.play import commands_from, commands_of, play
    from device.simulated import SimulatedCard

    commands = commands_from(sys.stdin) if name == "-" else commands_of(Path(name))
    card = SimulatedCard(settings, store, cable=cable)
    try:
        play(card, commands, sys.stdout)
    finally:
        card.close()
    return 0
