"""`booth`: the page for a second monitor, its card, and a clean end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NoReturn

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from .. import logs
from ..booth import card_record, room
from ..booth.app import create_booth
from ..booth.card_process import CardProcess
from ..booth.fresh import Fresh
from ..booth.show import Show
from ..booth.visit import Count
from ..clock import SystemClock
from ..errors import BoothRefused
from ..language import ENGLISH, LOCALES
from ..sdnotify import Notifier
from ..settings import Settings
from .context import complain, port, read_secret, say
from .serve import refuse_a_taken_port

_PORT = 8610
_OPEN_PAGE = (
    "warning: everybody who can reach %s can use the booth's page and press its card's keys. "
    "Leave --host out where that is not what you want."
)


def booth(_settings: Settings, given: Namespace) -> int:
    """Serve the booth until SIGTERM or SIGINT."""
    if given.card is None and (given.passphrase_file or given.counter):
        raise BoothRefused("A simulated card has no record: name a real card's with --card too.")
    if given.card is not None and given.passphrase_file is None:
        raise BoothRefused("The card record is encrypted: name its --passphrase-file too.")
    if given.card is not None and given.card_config is not None:
        raise BoothRefused("A real card has its own settings: leave --card-config out.")
    refuse_a_taken_port(given.host, given.port)
    if not _is_loopback(given.host):
        complain(_OPEN_PAGE % given.host)
    logs.configure()
    code = 0
    try:
        with room.room(room.place()) as folder:
            asyncio.run(_serve(folder, given))
    except BoothRefused as error:
        complain(str(error))
        code = 1
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End the process without taking the interpreter down.

    The server's own threads live on. Before Python 3.14, one that wants the interpreter while it
    goes down is ended by force, and takes the process with it by SIGABRT.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _serve(folder: Path, given: Namespace) -> None:
    clock = SystemClock()
    keep: Callable[[int], None] | None = None
    if given.card is None:
        record = await asyncio.to_thread(card_record.simulated, folder)
    else:
        passphrase = read_secret(given.passphrase_file, "passphrase")
        counter = given.counter or given.card.with_name(f"{given.card.name}.counter")
        record = card_record.real(given.card, passphrase, counter)
        keep = partial(card_record.keep, counter)
    show = Show(Fresh(folder, record, clock), clock, given.language, keep)
    await show.open()
    tasks = [asyncio.create_task(show.run(), name="show")]
    if given.card is None:
        show.card = CardProcess(folder, given.card_config, show.changed)
        tasks.append(asyncio.create_task(show.card.run(), name="card"))
    server = Server(
        create_booth(show),
        interface=Interfaces.ASGINL,
        address=given.host,
        port=given.port,
        websockets=False,
        log_enabled=False,
        http=HTTPModes.http1,
    )
    tasks.append(asyncio.create_task(server.serve(), name="server"))
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    host = f"[{given.host}]" if ":" in given.host else given.host
    notifier = Notifier()
    await _answers(given.host, given.port)
    notifier.ready()
    say(f"The booth is at http://{host}:{given.port}/ - open it full-screen.")
    ending = asyncio.create_task(end.wait(), name="end")
    try:
        done, _ = await asyncio.wait([*tasks, ending], return_when=asyncio.FIRST_COMPLETED)
        notifier.stopping()
        for each in done - {ending}:
            each.result()  # a part that ended by itself says why, where it knows
        if ending not in done:
            raise BoothRefused("The booth ended by itself: start it again.")
    finally:
        ending.cancel()
        await show.close()
        server.stop()  # type: ignore[no-untyped-call]
        for each in tasks[:-1]:
            each.cancel()
        await asyncio.wait(tasks, timeout=10)
    _tell(show.counters.today(clock.now()))


async def _answers(host: str, port: int) -> None:
    """Wait until the page can be opened."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return
        await asyncio.sleep(0.05)


def _tell(numbers: Mapping[str, int]) -> None:
    say("Today: " + ", ".join(f"{numbers[each]} {each.replace('_', '-')}" for each in Count) + ".")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `booth` to the commands."""
    text = "show visitors a login with a card, on a page for a second monitor"
    each = commands.add_parser("booth", help=text, description=f"{text.capitalize()}.")
    each.set_defaults(on_settings=booth, on_verifier=None)
    each.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    each.add_argument("--port", type=port, default=_PORT, help=f"the port to listen at ({_PORT})")
    each.add_argument(
        "--language", choices=LOCALES, default=ENGLISH, help="what the page speaks at first"
    )
    each.add_argument(
        "--card-config", type=Path, metavar="FILE", help="a card.toml for the simulated card"
    )
    each.add_argument(
        "--card",
        type=Path,
        metavar="FILE",
        help="the record (PSKC) of a real card that lies beside the screen; without it a "
        "simulated card is drawn on the page",
    )
    each.add_argument("--passphrase-file", metavar="FILE", help="the record's passphrase; - stdin")
    each.add_argument(
        "--counter",
        type=Path,
        metavar="FILE",
        help="where the real card's counter is kept (beside the record: FILE.counter)",
    )
