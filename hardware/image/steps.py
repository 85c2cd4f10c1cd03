"""What the steps share: running programs, and what they raise."""

import os
import subprocess
from pathlib import Path


class ImageError(Exception):
    """The image cannot be made; the message says what to do."""


def run(*command: str | Path, env: dict[str, str] | None = None, stdin: bytes = b"") -> str:
    """What the command prints; raises ImageError with its last words when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command,
            capture_output=True,
            input=stdin,
            env={**os.environ, **(env or {})},
            check=False,
        )
    except FileNotFoundError:
        raise ImageError(
            f"{command[0]} is not installed: `python -m hardware.image --needs` lists what it needs"
        ) from None
    if done.returncode:
        told = (done.stdout + done.stderr).decode(errors="replace").splitlines()
        tail = "\n".join(told[-20:])
        raise ImageError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{tail}")
    return done.stdout.decode(errors="replace")
