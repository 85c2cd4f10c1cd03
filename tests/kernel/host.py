"""Runs a guest, whatever its host is, and reads what it wrote down."""

import contextlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def run_guest(command: Sequence[str | Path], work: Path, patience: float) -> dict[str, Any]:
    """Run `command` until the guest switches itself off; returns its `report.json`.

    A guest that says nothing for `patience` seconds is ended; its console tells why.
    """
    console = work / "console.log"
    with console.open("wb") as output, contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=patience,
            check=False,
        )
    report = work / "report.json"
    if not report.exists():
        text = console.read_text(errors="replace")
        raise AssertionError(f"the guest told nothing; its console:\n{text}")
    told: dict[str, Any] = json.loads(report.read_text())
    return told
