"""`python -m tests.bench [NAME ...]`: all figures, or those of the named parts."""

import importlib
import sys

PARTS = ("ocra", "glass", "start", "verifier")


def main(names: list[str]) -> int:
    """Print the figures of each part as they are measured."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no such part: {unknown[0]}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    for name in names or PARTS:
        for figure in importlib.import_module(f"tests.bench.{name}").figures():
            value = f"{figure.value:,.3f}".rstrip("0").rstrip(".")
            print(f"{figure.name:<58} {value:>12} {figure.unit}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
