"""`new` at a real terminal: what is typed there is never shown."""

import os
import pty
import sys
from pathlib import Path

from device.keystore import FileKeyStore
from protocol.pskc import Passphrase, read

WORDS = "five words nobody else knows"
ROLLS = ["35412 66132 41566", "3541x", "2" * 35]


class Terminal:
    """A command with a terminal of its own; everything that stood on it is kept."""

    def __init__(self, *arguments: str) -> None:
        self.seen = ""
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execv(sys.executable, [sys.executable, *arguments])

    def type(self, prompt: str, line: str) -> None:
        """Wait for a prompt that has not been seen yet, then type a line."""
        before = len(self.seen)
        while prompt not in self.seen[before:]:
            self.seen += os.read(self._fd, 4096).decode()
        os.write(self._fd, line.encode() + b"\n")

    def end(self) -> int:
        """Read on until the command ends; return its exit code."""
        while True:
            try:
                self.seen += os.read(self._fd, 4096).decode()
            except OSError:  # the other end is closed
                break
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def test_neither_passphrase_nor_rolls_are_echoed(tmp_path: Path) -> None:
    store, out = tmp_path / "store", tmp_path / "card.pskc"
    terminal = Terminal(
        *("-m", "provisioning", "new", "--dice", "--store", str(store), "--out", str(out))
    )
    terminal.type("Passphrase: ", WORDS)
    terminal.type("Once more: ", WORDS)
    terminal.type("Rolls (0 of 50): ", ROLLS[0])
    terminal.type("Rolls (15 of 50): ", ROLLS[1])
    terminal.type("Rolls (15 of 50): ", ROLLS[2])
    terminal.type("Rolls (50 of 50): ", "")
    assert terminal.end() == 0
    assert "50 rolls, worth 129 bits." in terminal.seen
    assert "The 15 rolls before it stand" in terminal.seen
    for typed in (WORDS, *ROLLS, *ROLLS[0].split()):
        assert typed not in terminal.seen
    (record,) = read(out.read_bytes(), Passphrase(WORDS))
    assert record.key == FileKeyStore(store).load("A").key
    assert record.key.hex() not in terminal.seen


def test_a_wipe_asks_first(tmp_path: Path) -> None:
    store = tmp_path / "store"
    new = Terminal(
        *("-m", "provisioning", "new", "--store", str(store), "--out", str(tmp_path / "o.pskc"))
    )
    new.type("Passphrase: ", WORDS)
    new.type("Once more: ", WORDS)
    assert new.end() == 0
    for typed, code, left in (("no", 1, ("A",)), ("yes", 0, ())):
        wipe = Terminal("-m", "provisioning", "wipe", "--store", str(store))
        wipe.type("Type yes: ", typed)
        assert wipe.end() == code
        assert FileKeyStore(store).slots() == left


def test_ctrl_d_ends_it_in_one_sentence(tmp_path: Path) -> None:
    terminal = Terminal(
        *("-m", "provisioning", "new", "--store", str(tmp_path), "--out", str(tmp_path / "o.pskc"))
    )
    terminal.type("Passphrase: ", "\x04")
    assert terminal.end() != 0
    assert "Traceback" not in terminal.seen
    assert list(tmp_path.iterdir()) == []
