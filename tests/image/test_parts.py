"""What the image is made of, as far as it is pure: table, archive, settings, its files."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from device.settings import parse
from hardware import settings
from hardware.image import layout
from hardware.image.archive import archive, directory, file, link, program
from hardware.image.first import INIT
from hardware.image.root import FILES
from hardware.locked import CARD, NotLocked, locked

ROOT = Path(__file__).resolve().parents[2]


def test_partitions_follow_each_other_and_begin_where_flash_is_erased() -> None:
    parts = (layout.BOOT, layout.ROOT, layout.DATA)
    assert [part.number for part in parts] == [1, 2, 3]
    assert all(part.start % (4 * layout.MIB) == 0 for part in parts)
    assert layout.ROOT.start == layout.BOOT.start + layout.BOOT.size
    assert layout.DATA.start == layout.ROOT.start + layout.ROOT.size
    assert layout.DATA.start + layout.DATA.size == layout.SIZE


def test_the_page_says_how_much_an_update_writes() -> None:
    page = (ROOT / "docs/build/image.md").read_text()
    assert f"head -c {layout.SYSTEM_SIZE // layout.MIB}M " in page
    assert f"{layout.SIZE // layout.MIB} MiB" in page


def test_a_real_cpio_unpacks_what_is_archived(tmp_path: Path) -> None:
    entries = [
        directory("bin"),
        program("bin/sh", b"#!"),
        link("bin/cat", "sh"),
        file("odd", b"12345"),
        file("empty", b""),
    ]
    packed = archive(entries)
    assert packed == archive(entries)
    subprocess.run(
        ["cpio", "--quiet", "-i", "-m", "--no-absolute-filenames"],
        cwd=tmp_path,
        input=packed,
        check=True,
    )
    assert (tmp_path / "bin/cat").readlink() == Path("sh")
    assert (tmp_path / "odd").read_bytes() == b"12345"
    assert (tmp_path / "bin/sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_new_card_s_settings_are_the_defaults_with_halt_and_cable() -> None:
    text = settings.card_toml(halt_request=settings.HALT_REQUEST, port=settings.CABLE_PORT)
    card, defaults = parse(tomllib.loads(text), "new card"), parse({}, "defaults")
    assert (str(card.halt_request), card.board.cable) == ("/run/challng/halt", "/dev/ttyGS0")
    assert card.board.pad == defaults.board.pad
    assert card.board.display == defaults.board.display


def test_a_setting_that_the_defaults_have_not_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0 lines nothing"):
        settings.card_toml(nothing="x")


def test_every_package_of_the_card_is_locked_with_hashes() -> None:
    lines = locked()
    assert [line.split("==")[0] for line in lines.splitlines() if "==" in line] == sorted(CARD)
    assert "--hash=sha256:" in lines
    with pytest.raises(NotLocked, match="no-such-package"):
        locked(("no-such-package",))


def test_the_first_program_is_a_shell_script_that_a_shell_takes() -> None:
    subprocess.run(["sh", "-n", INIT], check=True)
    assert "@DATA_UUID@" in INIT.read_text()


@pytest.mark.parametrize("name", ["challng-card", "challng-first-boot"])
def test_the_image_s_programs_are_python(name: str) -> None:
    compile((FILES / "opt/challng/bin" / name).read_text(), name, "exec")
