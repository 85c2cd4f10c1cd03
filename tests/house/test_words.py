"""Nothing in the project names a machine, a package source or a secret."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Built from pieces, so that this file does not hold what it looks for.
FORBIDDEN = [
    "/" + "root/",
    "/" + "work/",
    "pypi" + r"\." + "org",
    "registry" + r"\." + "npmjs",
    "index" + "-url",
    r"\bTO" + "DO" + r"\b",
    r"\bFIX" + "ME" + r"\b",
    "NotImplemented" + "Error",
]


def tracked() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("git is not installed, or this is no clone")
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in names.split("\0") if name]


def test_no_tracked_text_names_what_must_stay_outside() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # a picture, or a file that is being removed
        found += [
            f"{path.relative_to(ROOT)}: {pattern}"
            for pattern in FORBIDDEN
            if re.search(pattern, text)
        ]
    assert found == []
