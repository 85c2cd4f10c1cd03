"""The README's steps, as a reader pastes them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.doors import BIN

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def test_the_steps_of_the_readme_work_when_pasted(tmp_path: Path) -> None:
    (steps,) = re.findall(r"```sh\n(.*?)```", README, re.S)
    done = subprocess.run(
        ["bash", "-eu", "-c", steps],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\d{4} \d{4}", done.stdout.splitlines()[-1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card", "verifier"]
