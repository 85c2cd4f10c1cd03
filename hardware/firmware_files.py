"""The firmware's own files into a folder that Python finds them in."""

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

from hardware.locked import ROOT


def version() -> str:
    """The project's version."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


def files_of(packages: tuple[str, ...]) -> Iterator[Path]:
    """The files of these packages, from the top of the project, in order."""
    for package in packages:
        for path in sorted((ROOT / package).rglob("*")):
            hidden = any(part.startswith((".", "__pycache__")) for part in path.parts[1:])
            if path.is_file() and not hidden and path.suffix != ".pyc":
                yield path.relative_to(ROOT)


def copy(packages: tuple[str, ...], target: Path) -> None:
    """Copy the packages, and say which version they are."""
    for name in files_of(packages):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)
    named = target / f"challng-{version()}.dist-info"
    named.mkdir(parents=True, exist_ok=True)
    (named / "METADATA").write_text(f"Metadata-Version: 2.1\nName: challng\nVersion: {version()}\n")
    shutil.copyfile(ROOT / "LICENSE", named / "LICENSE")
