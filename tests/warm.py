"""The console scripts, each run in a process of its own that has imported everything already.

Python takes longer to import a verifier than to add a user to it. So one process imports the three
programs once, and is forked for each command: arguments, environment, folder, standard streams and
exit code are the command's own.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests import doors
from tests.doors import Done

PROGRAMS = {
    "challng-server": "server.cli",
    "challng-provision": "provisioning.cli",
    "challng-card": "device.cli",
}
_BESIDE = ("device.play", "device.simulated", "server.notify.send")
_LONGEST = 1 << 16


class Warm:
    """Runs commands; `close` ends the process behind it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "socket"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self._path))
            listener.listen(16)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(listener.fileno())],
                pass_fds=[listener.fileno()],
            )

    def run(self, command: str, arguments: Sequence[str], stdin: str | None) -> Done:
        """Run one of the console scripts and wait for it."""
        request = {
            "program": command,
            "arguments": list(arguments),
            "environment": dict(os.environ),
            "folder": str(Path.cwd()),
        }
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as errors,
            socket.socket(socket.AF_UNIX) as door,
        ):
            given.write((stdin or "").encode())
            given.seek(0)
            door.settimeout(120)
            door.connect(str(self._path))
            files = [file.fileno() for file in (given, out, errors)]
            socket.send_fds(door, [json.dumps(request).encode()], files)
            door.shutdown(socket.SHUT_WR)
            code = int(door.recv(16).decode())
            out.seek(0)
            errors.seek(0)
            return Done(code, out.read().decode(), errors.read().decode())

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()


@pytest.fixture(scope="session", autouse=True)
def warm() -> Iterator[None]:
    """Run the commands of `tests.doors` in this way."""
    with closing(Warm()) as made:
        doors.runner = made.run
        yield
        doors.runner = doors.process


def _serve(listener: socket.socket) -> None:
    for module in (*PROGRAMS.values(), *_BESIDE):
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever answers a command is not waited for
    while True:
        door, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with suppress(OSError):
                _answer(door)
            os._exit(0)
        door.close()


def _answer(door: socket.socket) -> None:
    told, files, _, _ = socket.recv_fds(door, _LONGEST, 3)
    while piece := door.recv(_LONGEST):
        told += piece
    command = os.fork()
    if command == 0:
        door.close()
        os._exit(_command(json.loads(told), files))
    _, status = os.waitpid(command, 0)
    door.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _command(request: dict[str, object], files: list[int]) -> int:
    for place, file in enumerate(files):
        os.dup2(file, place)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0)))
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w")))
    sys.stderr = io.TextIOWrapper(io.BufferedWriter(io.FileIO(2, "w")), write_through=True)
    program, arguments = str(request["program"]), request["arguments"]
    assert isinstance(arguments, list)
    environment, folder = request["environment"], str(request["folder"])
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [program, *arguments]
    try:
        code = importlib.import_module(PROGRAMS[program]).main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    return int(code or 0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
