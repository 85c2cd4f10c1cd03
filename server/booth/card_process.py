"""The simulated card as a process of its own: `challng-card sim` behind a socket.

The verifier's side knows of it what a visitor knows: the keys that he presses, and what is on the
glass. A process that ends is started again; its key store stays, so its counter goes on.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

_SOCKET = "card.socket"
_log = structlog.get_logger()
_FIRST_PAUSE, _LAST_PAUSE = 0.2, 10.0
_AGAIN = 0.05
_START_SECONDS = 120
_END_SECONDS = 5


@dataclass(frozen=True)
class Picture:
    """What is on the glass: packed pixels in base64, and the text read off them."""

    pixels: str = ""
    on: bool = False
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """How large the glass is, and what is printed on the pad."""

    width: int
    height: int
    keys: tuple[str, ...]


class CardProcess:
    """Keeps one card running; `changed` is called whenever there is something new to see."""

    def __init__(self, folder: Path, config: Path | None, changed: Callable[[], None]) -> None:
        """`folder` holds the card's store, `card`; its socket is made there."""
        self._folder = folder
        self._config = config.absolute() if config else None
        self._changed = changed
        self._writer: StreamWriter | None = None
        self._process: Process | None = None
        self.picture = Picture()
        self.shape: Shape | None = None
        self.starts = 0

    @property
    def there(self) -> bool:
        """Whether the card can be seen and pressed now."""
        return self._writer is not None

    @property
    def pid(self) -> int | None:
        """The process that is the card."""
        return self._process.pid if self._process else None

    def move(self, key: str, down: bool) -> None:
        """Put the finger on a key, or take it away; nothing where there is no card now."""
        if self._writer is not None:
            line = json.dumps({"down" if down else "up": key}, separators=(",", ":"))
            self._writer.write(line.encode("ascii") + b"\n")

    async def run(self) -> None:
        """Keep the card running until this is cancelled."""
        pause = _FIRST_PAUSE
        try:
            while True:
                (self._folder / _SOCKET).unlink(missing_ok=True)
                self._process = await self._start()
                if await self._follow(self._process):
                    pause = _FIRST_PAUSE
                await self._end(self._process)
                _log.warning("booth.card-ended", code=self._process.returncode)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LAST_PAUSE)
        finally:
            if self._process is not None:
                await self._end(self._process)

    async def _start(self) -> Process:
        config = ("--config", str(self._config)) if self._config else ()
        self.starts += 1
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "device", "--store", "card", *config, "sim"),
            *("--socket", _SOCKET),
            cwd=self._folder,
            stdin=PIPE,  # the card ends when this does, however we end
        )

    async def _follow(self, process: Process) -> bool:
        """Look at the glass as long as the process lives; False where it never showed it."""
        shown = False
        while (streams := await self._connected(process)) is not None:
            reader, writer = streams
            try:
                shown = await self._look(reader, writer) or shown
            finally:
                self._writer = None
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()
                self.picture = Picture()
                self._changed()
        return shown

    async def _connected(self, process: Process) -> tuple[StreamReader, StreamWriter] | None:
        for _ in range(int(_START_SECONDS / _AGAIN)):
            if process.returncode is not None:
                return None
            with suppress(OSError), self._near() as socket:
                return await asyncio.open_unix_connection(socket)
            await asyncio.sleep(_AGAIN)
        return None

    @contextmanager
    def _near(self) -> Iterator[str]:
        """Give the socket's address, which may have about a hundred bytes, however deep it lies."""
        folder = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{folder}/{_SOCKET}"
        finally:
            os.close(folder)

    async def _look(self, reader: StreamReader, writer: StreamWriter) -> bool:
        """Take what the card says until it hangs up."""
        shown = False
        with suppress(ConnectionError):
            async for line in reader:
                said = json.loads(line)
                if "card" in said:
                    self.shape = Shape(said["width"], said["height"], tuple(said["keys"]))
                    self._writer = writer
                elif "glass" in said:
                    self.picture = Picture(said["glass"], said["on"], tuple(said["lines"]))
                    shown = True
                else:
                    _log.warning("booth.card-refuses", why=said.get("refused"))
                    await asyncio.sleep(_AGAIN)
                self._changed()
        return shown

    async def _end(self, process: Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _END_SECONDS)
            return
        process.kill()
        await process.wait()
