"""Debian's files for the image, and the list of what they are.

The packages are unpacked and not installed: no program of theirs runs here, and what their scripts
would do is done by `root.py`, in a few lines that always give the same.
"""

from pathlib import Path

from hardware.image.steps import run

SUITE = "bookworm"
ARCHITECTURE = "arm64"
COMPONENTS = ("main", "non-free-firmware")
PACKAGES = (
    *("base-files", "base-passwd", "coreutils", "dash", "libc-bin", "mount", "util-linux"),
    *("systemd-sysv", "udev", "kmod", "python3"),
    # The first program's own, and what a Pi starts from.
    *("busybox-static", "e2fsck-static", "linux-image-arm64", "raspi-firmware"),
)
_HOOKS = Path("/usr/share/mmdebstrap/hooks/merged-usr")


def unpack(root: Path) -> str:
    """Fill `root`; returns the manifest, a line a package: its SHA-256 and its file's name."""
    note = root.parent / "packages"
    run(
        *("mmdebstrap", "--quiet", "--variant=extract", f"--architectures={ARCHITECTURE}"),
        *(f"--components={','.join(COMPONENTS)}", f"--hook-dir={_HOOKS}"),
        f'--extract-hook=cd "$1/var/cache/apt/archives" && sha256sum *.deb > "{note}"',
        *(f"--include={','.join(PACKAGES)}", SUITE, root),
    )
    lines = (line.split() for line in note.read_text().splitlines())
    named = sorted(
        (name.removesuffix(".deb").replace("%3a", ":"), digest) for digest, name in lines
    )
    return "".join(f"{digest}  {name}\n" for name, digest in named)
