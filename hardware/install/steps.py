"""What the steps share: running programs, writing a file once, and what they raise."""

import subprocess
from pathlib import Path


class InstallError(Exception):
    """It cannot go on; the message says what to do."""


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """What the command prints; raises InstallError with its last words when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command, capture_output=True, text=True, env=env, check=False
        )
    except FileNotFoundError:
        raise InstallError(
            f"{command[0]} is not on this computer: is it Raspberry Pi OS?"
        ) from None
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise InstallError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{tail}")
    return done.stdout


def succeeds(*command: str | Path) -> bool:
    """Whether the command is there and ends with 0."""
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - as above
    except FileNotFoundError:
        return False
    return done.returncode == 0


def write(path: Path, text: str, mode: int = 0o644) -> bool:
    """Write a file unless it says so already; whether it was written."""
    if path.is_file() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return True
