"""The image's root: Debian's files without what a card has no use for, and the image's own."""

import re
import shutil
from pathlib import Path

from hardware.image.steps import ImageError, run
from hardware.locked import ROOT

FILES = Path(__file__).with_name("files")
#: Drivers that the card needs; no other is in the image, so nothing of it can reach a network.
DRIVERS = (
    # The disk and what is on it.
    *("sdhci-iproc", "bcm2835", "squashfs", "ext4", "crc32c_generic", "vfat"),
    # The display, the pairing cable, random numbers, the processor's clock and warmth.
    *("i2c-bcm2835", "i2c-dev", "dwc2", "g_serial", "phy-generic", "bcm2835-rng", "iproc-rng200"),
    *("raspberrypi-cpufreq", "bcm2835_thermal", "bcm2835_wdt", "reset-raspberrypi"),
)
#: Not needed by a card that nobody logs in to and nothing is installed on.
USELESS = (
    *("boot", "usr/games", "usr/include", "usr/lib/firmware", "usr/lib/klibc*", "usr/lib/kernel"),
    *("usr/lib/linux-image-*", "usr/lib/locale", "usr/lib/mime", "usr/lib/raspi-firmware"),
    *("usr/lib/udev/hwdb.d", "usr/lib/valgrind", "usr/src", "var/backups"),
    *("usr/share/[!cd]*", "usr/share/d[!o]*", "usr/share/doc-base", "usr/share/doc/*/[!c]*"),
    *("var/cache/*", "var/lib/*", "var/log/*", "etc/apt", "etc/dpkg", "etc/kernel"),
    *("etc/initramfs-tools", "etc/pam.d", "etc/security", "usr/bin/dpkg*", "usr/bin/busybox"),
    *(
        "usr/sbin/e2fsck.static",
        "usr/lib/aarch64-linux-gnu/gconv",
        "usr/lib/aarch64-linux-gnu/perl*",
    ),
    *("usr/bin/passwd", "usr/bin/chfn", "usr/bin/chsh", "usr/bin/gpasswd", "usr/bin/su"),
    *("usr/lib/python3.11/test", "usr/lib/python3.11/venv", "usr/lib/python3.11/pydoc_data"),
    *("usr/lib/python3.11/turtle.py", "usr/lib/python3.11/distutils", "usr/lib/python3.11/curses"),
)
#: Places that something is mounted on, or that systemd expects.
DIRECTORIES = ("boot/firmware", "srv", "var/lib", "var/log", "var/tmp", "var/cache", "var/spool")
#: Nobody logs in here, on no terminal; and there is no bus to ask about it.
MASKED = (
    *("getty@.service", "serial-getty@.service", "console-getty.service", "getty-static.service"),
    *("autovt@.service", "container-getty@.service", "systemd-logind.service"),
    *("systemd-networkd.service", "systemd-firstboot.service", "systemd-pcrphase.service"),
    *("systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount", "systemd-update-utmp.service"),
)
CARD = "challng"
#: Group numbers of our own; the last is the card's user's too.
USERS = {"gpio": 900, "i2c": 901, CARD: 902}
ENABLED = ("challng-card.service", "challng-halt.path")


def release_of(root: Path) -> str:
    """The kernel's release."""
    (folder,) = (root / "lib/modules").iterdir()
    return folder.name


def keep_drivers(root: Path, wanted: tuple[str, ...]) -> None:
    """Remove every module that is neither wanted nor needed by one that is, and empty folders."""
    release = release_of(root)
    keep = {path.name for path in modules_for(root, wanted)}
    modules = root / "lib/modules" / release
    for module in modules.rglob("*.ko"):
        if module.name not in keep:
            module.unlink()
    for path in sorted(modules.rglob("*/"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()
    run("depmod", "--basedir", root, release)


def modules_for(root: Path, wanted: tuple[str, ...]) -> list[Path]:
    """Modules and all that they need, in an order in which they can be loaded."""
    release = release_of(root)
    folder = root / "lib/modules" / release
    if not (folder / "modules.dep").exists():
        run("depmod", "--basedir", root, release)
    told = run(
        *("modprobe", "--dirname", root, "--set-version", release, "--show-depends", "--all"),
        *wanted,
    )
    found = (Path(path) for path in re.findall(r"^insmod (\S+)", told, re.MULTILINE))
    return list(dict.fromkeys(found))


def trim(root: Path) -> None:
    """Remove what a card has no use for."""
    python = root / "usr/share/base-passwd"
    for name in ("passwd", "group"):
        shutil.copyfile(python / f"{name}.master", root / "etc" / name)
    for pattern in USELESS:
        for path in root.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o6000:
            path.chmod(path.stat().st_mode & 0o1777)


def furnish(root: Path) -> None:
    """Put the image's own files, the card's units and its user into the root."""
    for name in DIRECTORIES:
        (root / name).mkdir(parents=True, exist_ok=True)
    for source in sorted(FILES.rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            target = root / source.relative_to(FILES)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o755 if source.read_bytes().startswith(b"#!") else 0o644)
    units = root / "etc/systemd/system"
    for name in (*ENABLED, "challng-halt.service"):
        _copy(ROOT / "systemd" / name, units / name)
    _copy(ROOT / "systemd/challng-card.rules", root / "etc/udev/rules.d/60-challng-card.rules")
    users = root / "usr/lib/sysusers.d"
    _copy(ROOT / "systemd/challng-card.sysusers.conf", users / "challng-card.conf")
    wants = units / "multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    for name in ENABLED:
        (wants / name).symlink_to(f"../{name}")
    for name in MASKED:
        (units / name).unlink(missing_ok=True)
        (units / name).symlink_to("/dev/null")
    (root / "etc/mtab").symlink_to("../proc/self/mounts")
    (root / "etc/challng").mkdir()
    (root / "etc/challng/card.toml").symlink_to("/boot/firmware/card.toml")


def add_users(root: Path, epoch: int) -> None:
    """The card's user, always under the same number, and those of systemd.

    An update must not make the store another user's.
    """
    group, passwd = root / "etc/group", root / "etc/passwd"
    lines = (f"{name}:x:{number}:\n" for name, number in USERS.items())
    group.write_text(group.read_text() + "".join(lines))
    number = USERS[CARD]
    line = f"{CARD}:*:{number}:{number}:Challng card:/var/lib/challng:/usr/sbin/nologin\n"
    passwd.write_text(passwd.read_text() + line)
    run("systemd-sysusers", f"--root={root}", env={"SOURCE_DATE_EPOCH": str(epoch)})
    for name in ("passwd-", "group-", "shadow-", "gshadow-", ".pwd.lock"):
        (root / "etc" / name).unlink(missing_ok=True)
    if not re.search(rf"^i2c:x:{USERS['i2c']}:{CARD}$", group.read_text(), re.MULTILINE):
        raise ImageError(f"user {CARD} is not in group i2c: look at challng-card.sysusers.conf")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)
