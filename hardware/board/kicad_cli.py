"""Runs KiCad 9: the machine's own, or Debian 13's in a root that is made once and kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SUITE = "trixie"
PACKAGES = ("kicad", "fonts-dejavu-core")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "challng"


class KicadError(Exception):
    """KiCad is not to be had, or one of its commands failed."""


def _run(command: Sequence[str | Path], cwd: Path | None = None) -> str:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(  # noqa: S603 - our own commands
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise KicadError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{tail}")
    return done.stdout


def _own() -> bool:
    """Whether this machine has a KiCad 9 itself, with its Python."""
    try:
        version = _run(["kicad-cli", "version"])
        _run(["/usr/bin/python3", "-c", "import pcbnew"])
    except (KicadError, OSError):
        return False
    return version.startswith("9.")


def _root() -> Path:
    """Debian 13 with KiCad, in the cache; made by the first call, in about three minutes."""
    root = CACHE / f"kicad-{SUITE}"
    if root.is_dir():
        return root
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        raise KicadError("install KiCad 9, or mmdebstrap and run this as root")
    CACHE.mkdir(parents=True, exist_ok=True)
    new = root.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    options = ["--quiet", "--variant=apt", "--format=directory"]
    options += ['--aptopt=APT::Install-Recommends "false"', f"--include={','.join(PACKAGES)}"]
    options += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man")]
    _run(["mmdebstrap", *options, SUITE, new])
    new.rename(root)
    return root


class Kicad:
    """KiCad's commands on a copy of the project in `folder`."""

    def __init__(self, folder: Path, prefix: Sequence[str | Path], inside: str) -> None:
        self.folder, self._prefix, self._inside = folder, prefix, inside

    def cli(self, *arguments: str) -> str:
        """Run `kicad-cli` in the folder."""
        return self._shell("kicad-cli", *arguments)

    def python(self, script: str, *arguments: str) -> str:
        """Run a script with KiCad's Python."""
        return self._shell("/usr/bin/python3", "-c", script, *arguments)

    def _shell(self, *command: str) -> str:
        start = 'cd "$1" && shift && HOME=$PWD/.home exec "$@"'
        return _run([*self._prefix, "/bin/sh", "-c", start, "sh", self._inside, *command])


@contextmanager
def kicad(project: Path) -> Iterator[Kicad]:
    """KiCad on a copy of a project, which is gone afterwards."""
    own = _own()
    root = Path("/") if own else _root()
    if not own and os.geteuid() != 0:
        raise KicadError("install KiCad 9, or run this as root: its root is entered by chroot")
    with tempfile.TemporaryDirectory(prefix="board-", dir=None if own else root / "tmp") as name:
        folder = Path(name) / "project"
        shutil.copytree(project, folder)
        (folder / ".home").mkdir()
        inside = str(folder) if own else "/" + str(folder.relative_to(root))
        yield Kicad(folder, [] if own else ["chroot", root], inside)
