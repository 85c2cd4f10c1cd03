"""`challng-card sim --socket PATH`: the socket, its one client at a time, and the end."""

import asyncio
import logging
import os
import signal
import socket
import stat
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from device.errors import DeviceError, LineRefused, SocketRefused
from device.fingers import Fingers
from device.keystore import KeyStore
from device.live import Card
from device.reading import read as text_of
from device.settings import Settings
from device.showcase import lines
from device.showcase.hand import Hand
from device.simulated import seen

_log = logging.getLogger("challng.card")
# Seconds between two looks at the glass, and that a key stays down at least.
_LOOK, _SHORTEST = 1 / 60, 0.03


def run_showcase(settings: Settings, store: KeyStore, path: Path) -> None:
    """Be a card behind a socket until a signal comes, or standard input ends.

    Raises SocketRefused, or DeviceError when a simulated part gave up.
    """
    listener = listen(path)
    try:
        card = Card(settings, store)
        try:
            asyncio.run(_serve(card, settings, listener))
        finally:
            card.close()
    finally:
        listener.close()
        path.unlink(missing_ok=True)
    if card.trouble is not None:
        raise DeviceError(f"the simulated card stopped: {card.trouble}") from card.trouble


def listen(path: Path) -> socket.socket:
    """Return a socket at `path` that its owner alone can reach; raises SocketRefused."""
    folder = path.absolute().parent
    try:
        there = folder.stat()
    except OSError as error:
        raise SocketRefused(f"the folder {folder} cannot be read ({error.strerror})") from None
    if there.st_uid != os.geteuid() or stat.S_IMODE(there.st_mode) & 0o077:
        raise SocketRefused(
            f"others may come to {folder}: name a socket in a folder of your own with mode 0700"
        )
    if os.path.lexists(path):
        raise SocketRefused(
            f"{path} is there already: end the card that serves it, remove it, or name another"
        )
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listener.bind(os.fspath(path))
        listener.listen()
    except OSError as error:
        listener.close()
        raise SocketRefused(
            f"no socket can be made at {path} ({error.strerror or error}): name a shorter one"
        ) from None
    finally:
        os.umask(mask)
    return listener


async def _serve(card: Card, settings: Settings, listener: socket.socket) -> None:
    await _Showcase(card, settings).serve(listener)


class _Showcase:
    """One card, and whoever has it in his hand now."""

    def __init__(self, card: Card, settings: Settings) -> None:
        self._card = card
        self._keys = settings.board.pad.keys
        self._taken = False
        self._end = asyncio.Event()
        later = asyncio.get_running_loop().call_later
        fingers = Fingers(card.world, time.monotonic, later, card.felt, shortest=_SHORTEST)
        self._hand = Hand(fingers, time.monotonic, later, card.felt)

    async def serve(self, listener: socket.socket) -> None:
        """Take clients until the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end.set)
        threading.Thread(target=self._until_input_ends, args=(loop,), daemon=True).start()
        server = await asyncio.start_unix_server(
            self._client, sock=listener, limit=lines.LONGEST - 1
        )
        watching = asyncio.create_task(self._watch())
        await self._end.wait()
        watching.cancel()
        server.close()

    def _until_input_ends(self, loop: asyncio.AbstractEventLoop) -> None:
        """End with whoever started this card, however he ended."""
        with suppress(OSError, ValueError):
            while os.read(sys.stdin.fileno(), 4096):
                pass
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(self._end.set)

    async def _watch(self) -> None:
        while self._card.trouble is None:
            await asyncio.sleep(0.2)
        self._end.set()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._taken:
            await _hang_up(writer, LineRefused("somebody has this card in his hand: wait for him"))
            return
        self._taken = True
        showing = asyncio.create_task(self._show(writer))
        refused = None
        try:
            await self._obey(reader)
        except LineRefused as error:
            refused = error
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or the card goes
        finally:
            self._hand.withdraw()
            showing.cancel()
            self._taken = False
            await _hang_up(writer, refused)

    async def _obey(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:  # no line feed within the limit
                raise LineRefused(f"a line has at most {lines.LONGEST} bytes") from None
            if not line:
                return
            self._hand.move(lines.read(line, self._keys))

    async def _show(self, writer: asyncio.StreamWriter) -> None:
        """Send the picture whenever it has come to rest and is another one."""
        glass = self._card.world.glass
        told, before = -1, -1
        with suppress(ConnectionError):
            writer.write(lines.greeting(glass.width, glass.height, self._keys))
            while True:
                now = glass.changes
                if now != told and (now == before or told < 0):
                    told = now
                    frame = seen(self._card.world)
                    writer.write(lines.picture(frame, glass.on, text_of(frame)))
                    await writer.drain()
                before = now
                await asyncio.sleep(_LOOK)


async def _hang_up(writer: asyncio.StreamWriter, why: LineRefused | None) -> None:
    with suppress(ConnectionError, asyncio.CancelledError):
        if why is not None:
            writer.write(lines.refusal(why))
            await writer.drain()
        writer.close()
        await writer.wait_closed()
