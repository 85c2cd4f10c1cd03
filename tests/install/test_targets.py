"""The targets of `make` run what the tests of the installation run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        (["install-card"], ""),
        (["uninstall-card"], "--remove"),
        (["uninstall-card", "PURGE=1"], "--remove --purge"),
    ],
)
def test_a_target_is_the_program_with_its_options(asked: list[str], options: str) -> None:
    said = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "PYTHON=python3", *asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == ["python3", "-B", "-m", "hardware.install", *options.split()]
