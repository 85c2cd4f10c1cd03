"""`new --root` and `wipe --root`: onto a card's disk that is mounted in another machine."""

import os
from pathlib import Path, PurePosixPath

import pytest

from device.keystore import FileKeyStore
from provisioning import image
from provisioning.cli import main
from provisioning.errors import ImageRefused


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What of a card's root partition matters here."""
    root = tmp_path / "card"
    for folder in ("var/lib", "etc", "usr/lib", "dev"):
        (root / folder).mkdir(parents=True)
    (root / "usr/lib/os-release").write_text("ID=debian\n")
    (root / "etc/os-release").symlink_to("/usr/lib/os-release")
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    return root


def new(root: Path, *more: str) -> int:
    folder = root.parent
    passphrase = folder / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("correct horse battery staple\n")
    out = folder / f"{len(list(folder.iterdir()))}.pskc"
    return main(
        ["new", "--root", str(root), "--out", str(out), "--passphrase-file", str(passphrase), *more]
    )


def test_a_key_goes_where_the_card_looks_for_it_under_a_key_file(root: Path) -> None:
    assert new(root) == 0
    store = root / "var/lib/challng"
    assert {path.name for path in store.iterdir()} == {"slot-A", "host.key"}
    assert store.stat().st_mode & 0o7777 == 0o700
    assert FileKeyStore(store).load("A").serial.startswith("CH")


def test_no_board_is_asked_for_its_key_when_the_card_is_elsewhere(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = root.parent / "tools"
    tools.mkdir()
    asked = root.parent / "asked"
    (tools / "rpi-fw-crypto").write_text(f"#!/bin/sh\ntouch {asked}\necho {'ab' * 32}\n")
    (tools / "rpi-fw-crypto").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    assert new(root) == 0
    assert (root / "var/lib/challng/host.key").exists()
    assert not asked.exists()


def test_a_store_begun_under_the_boards_key_is_left_alone(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = root / "var/lib/challng"
    store.mkdir(mode=0o700)
    (store / "board.salt").write_bytes(bytes(32))
    assert new(root) == 1
    assert "key of the card's own board, which is not here" in capsys.readouterr().err
    assert {path.name for path in store.iterdir()} == {"board.salt"}
    assert not list(root.parent.glob("*.pskc*"))


@pytest.mark.parametrize(
    "target", ["/var/lib/private/challng", "private/challng", "../../../../var/lib/private/challng"]
)
def test_a_link_of_the_image_is_followed_inside_the_image(root: Path, target: str) -> None:
    (root / "var/lib/private").mkdir(mode=0o700)
    (root / "var/lib/challng").symlink_to(target)
    assert new(root) == 0
    assert (root / "var/lib/private/challng/slot-A").exists()


@pytest.mark.parametrize("place", ["var/lib/challng", "var/lib", "var"])
def test_no_link_of_the_image_leads_outside_of_it(root: Path, place: str) -> None:
    outside = root.parent / "outside"
    (outside / "lib").mkdir(parents=True)
    link = root / place
    for empty in (root / "var/lib", root / "var"):
        if link == empty or link in empty.parents:
            empty.rmdir()
    up = "../" * 40
    for target in (str(outside), f"{up}{outside}", f"/dev/{up}{outside}"):
        link.symlink_to(target)
        new(root)  # into the image or refused
        assert [path.name for path in outside.rglob("*")] == ["lib"]
        link.unlink()


def test_a_circle_of_links_is_refused(root: Path) -> None:
    (root / "var/lib/challng").symlink_to("/var/lib/challng")
    with pytest.raises(ImageRefused, match="circle of links"):
        image.resolve(root, PurePosixPath("/var/lib/challng"))
    assert new(root) == 1


def test_the_store_belongs_to_the_cards_user(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[Path, int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, uid, gid: given.append((path, uid, gid)))
    image.make_store(root)
    assert given == []  # a user that the image does not know yet: systemd sees to it
    (root / "var/lib/challng").rmdir()
    with (root / "etc/passwd").open("a") as passwd:
        passwd.write("challng:x:987:986:Challng card:/var/lib/challng:/usr/sbin/nologin\n")
    store = image.make_store(root)
    assert given == [(store, 987, 986)]
    image.make_store(root)
    assert len(given) == 1  # one that is there is left as it is


@pytest.mark.parametrize("missing", ["var/lib", "usr/lib/os-release"])
def test_a_directory_that_is_no_card_is_refused(
    root: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / missing).rename(root / "dev/away")
    (root / "config.txt").write_text("dtparam=i2c_arm=on\n")
    assert new(root) == 1
    said = capsys.readouterr().err
    assert "no card image (this is its boot partition)" in said
    assert "mount the card's root partition" in said
    assert not (root / "var/lib/challng").exists()


def test_this_machine_itself_is_no_card_image(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wipe", "--root", "/", "--all", "--yes"]) == 1
    assert "this machine itself" in capsys.readouterr().err


def test_a_directory_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["wipe", "--root", str(tmp_path / "none"), "--yes"]) == 1
    assert "cannot be opened" in capsys.readouterr().err


def test_a_file_in_the_place_of_the_store_is_refused(root: Path) -> None:
    (root / "var/lib/challng").write_text("")
    assert new(root) == 1


def test_a_mounted_card_is_wiped(root: Path) -> None:
    assert new(root) == 0
    assert new(root) == 0
    store = root / "var/lib/challng"
    assert FileKeyStore(store).slots() == ("A", "B")
    assert main(["wipe", "--root", str(root), "--all", "--yes"]) == 0
    assert list(store.iterdir()) == []
