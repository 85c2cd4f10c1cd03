"""Whatever goes wrong while provisioning: no key, passphrase or roll in what is left behind.

Every run is a process of its own, so that a traceback, if there were one, would be seen. Searched
are its output, the files that it wrote, and its command line; every file must be its owner's alone.
"""

import json
import os
import secrets
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from device.keystore import FileKeyStore
from protocol import pskc
from tests.e2e.test_nothing_secret_is_left import holds

# Breaks one step from within, then runs the command; the key that was made is told through a pipe.
BROKEN = """
import os, pathlib, sys
import device.files, device.keystore, protocol.pskc.crypto, provisioning.loader, secrets
from provisioning.cli import main
real = provisioning.loader.StoreLoader.__init__
def told(length):
    key = secrets.token_bytes(length)
    os.write(int(os.environ["TOLD"]), key)
    return key
def init(self, store, random=told):
    real(self, store, random)
provisioning.loader.StoreLoader.__init__ = init
def trouble(*args, **more):
    raise eval(os.environ["TROUBLE"])
where = os.environ.get("WHERE")
if where:
    thing, _, name = where.rpartition(".")
    if not hasattr(eval(thing), name):
        sys.exit(99)
    setattr(eval(thing), name, trouble)
sys.exit(main(sys.argv[1:]))
"""


@dataclass
class Run:
    """One run of the command in a folder of its own."""

    folder: Path
    words: str = field(default_factory=lambda: f"{secrets.token_hex(8)} horse")
    told: bytes = b""
    code: int = 0
    said: bytes = b""
    argv: list[str] = field(default_factory=list)

    def __call__(self, *more: str, where: str = "", trouble: str = "OSError(5, 'EIO')") -> int:
        read_end, write_end = os.pipe()
        words_read, words_write = os.pipe()
        os.write(words_write, self.words.encode())
        os.close(words_write)
        self.argv = [*more]
        done = subprocess.run(
            [sys.executable, "-c", BROKEN, *more, "--passphrase-fd", str(words_read)]
            if more[0] == "new"
            else [sys.executable, "-c", BROKEN, *more],
            env={**os.environ, "WHERE": where, "TROUBLE": trouble, "TOLD": str(write_end)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=(write_end, words_read),
            umask=0,
        )
        os.close(write_end)
        os.close(words_read)
        with os.fdopen(read_end, "rb") as told:
            self.told = told.read() or self.told
        self.code, self.said = done.returncode, self.said + done.stdout + done.stderr
        return self.code

    def new(self, *more: str, where: str = "", trouble: str = "OSError(5, 'EIO')") -> int:
        return self(
            *("new", "--store", str(self.folder / "store"), "--out", str(self.folder / "o.pskc")),
            *more,
            where=where,
            trouble=trouble,
        )

    def found(self) -> list[str]:
        """Where a secret is, or who else may read a file."""
        written = {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
        }
        written["what was said"] = self.said
        written["the command line"] = " ".join(self.argv).encode()
        known = {"the passphrase": self.words.encode()}
        if self.told:
            known["the key"] = self.told
        found = [
            f"{what} in {where}"
            for what, secret in known.items()
            for where, text in written.items()
            if holds(text, secret)
        ]
        return found + [
            f"{path.name} is {stat.S_IMODE(path.lstat().st_mode):04o}"
            for path in self.folder.rglob("*")
            if path.lstat().st_mode & 0o077 and not path.is_symlink()
        ]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    return Run(folder)


def test_a_run_that_goes_well(run: Run) -> None:
    assert run.new() == 0
    assert FileKeyStore(run.folder / "store").load("A").key == run.told
    (record,) = pskc.read((run.folder / "o.pskc").read_bytes(), pskc.Passphrase(run.words))
    assert record.key == run.told
    assert run.found() == []


STEPS = [
    "device.files.RealDisk.create",
    "device.files.RealDisk.write",
    "device.files.RealDisk.fsync",
    "device.files.RealDisk.rename",
    "device.files.RealDisk.fsync_directory",
    "device.files.RealDisk.make_directory",
    "device.keystore.encode",
    "device.keystore.FileKeyStore.add",
    "protocol.pskc.crypto.encrypt",
    "protocol.pskc.crypto.derive",
    "os.fsync",
    "os.fchown",
    "pathlib.Path.hardlink_to",
]
TROUBLES = [
    "OSError(28, 'No space left on device')",
    "RuntimeError('a bug')",
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda text: text.partition("(")[0])
@pytest.mark.parametrize("where", STEPS, ids=lambda text: text.rpartition(".")[2])
def test_a_run_in_which_a_step_fails(run: Run, where: str, trouble: str) -> None:
    run.new(where=where, trouble=trouble)
    assert run.code not in {0, 99} or where == "os.fchown"
    assert run.found() == []


REFUSED: dict[str, Callable[[Run], object]] = {
    "a suite": lambda run: run.new("--suite", "OCRA-1:HOTP-SHA1-6:QN08"),
    "a serial": lambda run: run.new("--serial", "CH00000014"),
    "an issuer": lambda run: run.new("--issuer", "a\nb"),
    "a format": lambda run: run.new("--format", "csv"),
    "dice without a terminal": lambda run: run.new("--dice"),
    "a full slot": lambda run: (run.new(), run.new("--slot", "A", "--out", f"{run.folder}/b")),
    "an output that is there": lambda run: (run.new(), run.new()),
    "an output without a place": lambda run: run.new("--out", f"{run.folder}/none/b.pskc"),
    "a slot that is replaced": lambda run: (
        run.new(),
        run.new("--replace", "--out", f"{run.folder}/b.pskc"),
    ),
    "a wipe": lambda run: (run.new(), run("wipe", "--store", f"{run.folder}/store", "--yes")),
    "a wipe of a damaged store": lambda run: (
        run.new(),
        (run.folder / "store/slot-A").write_bytes(b"rubbish"),
        run("wipe", "--store", f"{run.folder}/store", "--all", "--yes"),
    ),
    "a wipe that is not confirmed": lambda run: (
        run.new(),
        run("wipe", "--store", f"{run.folder}/store"),
    ),
    "a wipe that fails": lambda run: (
        run.new(),
        run(
            *("wipe", "--store", f"{run.folder}/store", "--yes"),
            where="device.files.RealDisk.unlink",
        ),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_run_that_is_refused_or_takes_away(run: Run, what: str) -> None:
    REFUSED[what](run)
    assert run.found() == []


@pytest.mark.parametrize(
    "content", [b"\xff\xfe secret", b"s3cret-key-words!" * 100, b"5ec2e7" * 7, b"5ec2e7!!"]
)
@pytest.mark.parametrize("option", ["--passphrase-file", "--key-file"])
def test_a_secret_that_is_refused_is_not_quoted(
    run: Run, tmp_path: Path, content: bytes, option: str
) -> None:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_bytes(content)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "provisioning", "new", "--store", f"{run.folder}/store"),
            *("--out", f"{run.folder}/o.pskc", option, str(file)),
        ],
        capture_output=True,
    )
    said = done.stdout + done.stderr
    assert content[-8:] not in said
    assert b"Traceback" not in said
    if option == "--key-file":
        assert done.returncode == 1


def test_no_option_takes_a_secret_itself() -> None:
    """Every option whose name has to do with secrets names where they are, or nothing secret."""
    code = (
        "import argparse, json\n"
        "from provisioning.cli import _parser\n"
        "top = _parser()._subparsers._group_actions[0].choices\n"
        "print(json.dumps([o for p in top.values() for a in p._actions for o in a.option_strings]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    words = ("pass", "pin", "key", "token", "secret", "dice", "roll")
    about = [o for o in json.loads(done.stdout) if any(word in o for word in words)]
    assert about
    allowed = ("-file", "-fd", "-credential", "-name")
    assert [o for o in about if not o.endswith(allowed) and o not in {"--dice"}] == []
