"""`challng-provision`: the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from device.errors import DeviceError
from protocol.errors import ProtocolError
from provisioning.commands import batch, enrol, fulfil, new, pair, revoke, wipe
from provisioning.errors import ProvisioningError

DONE, REFUSED, INTERRUPTED = 0, 1, 130

COMMANDS = (batch, enrol, fulfil, new, pair, revoke, wipe)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command: 0 done, 1 refused (one sentence on stderr), 2 usage, 130 interrupted."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except (ProvisioningError, DeviceError, ProtocolError) as error:
        print(f"challng-provision: {error}", file=sys.stderr)
        return REFUSED
    except ModuleNotFoundError as error:
        print(
            f"challng-provision: this command needs {error.name}, which is not installed: "
            "install challng[provision]",
            file=sys.stderr,
        )
        return REFUSED
    except (KeyboardInterrupt, EOFError):
        print("\nchallng-provision: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="challng-provision", description="Puts keys onto cards.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('challng')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser
