"""An SD image as it is flashed: built twice, started, tested, loaded with a key, used, and cut off.

`make test-image` (root). Named so that `make test` leaves it out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from device.keystore import CardKey, FileKeyStore
from device.screens import grouped
from hardware.image import layout
from hardware.image.__main__ import NAME, build
from hardware.image.root import USERS
from protocol.ocra import response
from tests.image.hands import Hands
from tests.image.machine import Machine, Pi, new_card
from tests.kernel.tools import run
from tests.powercut.machine import mounted

ROOT = Path(__file__).resolve().parents[2]
PIN, CHALLENGE = "7305", "248690"
STARTED = "Started challng-card.service"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an image is built by root alone")


@pytest.fixture(scope="module")
def image() -> Path:
    """The image of this commit; IMAGE= names one that is there already."""
    return Path(os.environ.get("IMAGE") or build(ROOT / "build/image"))


@pytest.fixture(scope="module")
def card(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card with the image flashed onto it."""
    path = tmp_path_factory.mktemp("card") / "card"
    new_card(image, path)
    return path


class Partition:
    """The card's data, mounted here as somebody would who has the card in a computer."""

    def __init__(self, card: Path, work: Path) -> None:
        self._card, self._work = card, work

    def __enter__(self) -> Path:
        self._image = self._work / "data"
        self._copy(self._card, self._image, skip=layout.DATA.start)
        root = self._work / "mounted"
        if not root.exists():
            system = self._work / "system"
            self._copy(self._card, system, skip=layout.ROOT.start)
            names = ("etc/passwd", "etc/os-release", "usr/lib/os-release", "var/lib")
            run("unsquashfs", "-quiet", "-no-progress", "-d", root, system, *names)
        self._mount = mounted(self._image, root / "var/lib")
        self._mount.__enter__()
        return root

    def __exit__(self, *error: object) -> None:
        self._mount.__exit__(None, None, None)
        self._copy(self._image, self._card, seek=layout.DATA.start)

    def _copy(self, source: Path, target: Path, skip: int = 0, seek: int = 0) -> None:
        part = layout.DATA if seek or skip == layout.DATA.start else layout.ROOT
        run(
            *("dd", f"if={source}", f"of={target}", "bs=1M", f"skip={skip // layout.MIB}"),
            *(f"seek={seek // layout.MIB}", f"count={part.size // layout.MIB}"),
            *("conv=notrunc", "status=none"),
        )


@pytest.fixture(scope="module")
def first(card: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The first start of a new card: secrets, self-test, E01, and off by an 8 s hold."""
    work = tmp_path_factory.mktemp("first")
    told: dict[str, Any] = {}
    with Machine(card, work / "machine") as machine:
        hands = machine.hands()
        hands.self_test()
        hands.until(lambda: STARTED in machine.told(), "the card has started")
        told["dark"] = hands.state()["on"]
        told["blank"] = hands.wake()
        hands.ask(f"contact {hands.press_pin} gnd 1")
        told["exit"] = machine.goes_off()
        told["console"] = machine.told()
    with Partition(card, work) as root:
        data = root / "var/lib"
        told["machine-id"] = (data / "machine-id").read_text()
        store = data / "challng"
        told["store"] = {
            path.name: (oct(path.stat().st_mode & 0o7777), path.stat().st_uid, path.stat().st_size)
            for path in (store, *store.iterdir())
        }
        told["done"] = (data / "challng-first-boot/done").exists()
    return told


@pytest.fixture(scope="module")
def second(
    card: Path, first: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """A key is loaded in a computer, the next start answers a challenge, the power fails."""
    work = tmp_path_factory.mktemp("second")
    told: dict[str, Any] = {}
    with Partition(card, work) as root:
        subprocess.run(
            [
                *(sys.executable, "-m", "provisioning", "new", "--passphrase-file", "-"),
                *("--root", root, "--out", work / "record.pskc"),
            ],
            input="a passphrase for this test",
            text=True,
            check=True,
        )
        told["before"] = FileKeyStore(root / "var/lib/challng").load("A")
    with Machine(card, work / "machine") as machine:
        hands = machine.hands()
        hands.until(lambda: STARTED in machine.told(), "the card has started")
        _login(hands, told)
        machine.cut()
        told["console"] = machine.told()
    with Partition(card, work) as root:
        told["after"] = FileKeyStore(root / "var/lib/challng").load("A")
    return told


def _login(hands: Hands, told: dict[str, Any]) -> None:
    """From dark to a response; again, where a slow machine overran the card's own times."""
    for _ in range(5):
        told["PIN>"] = hands.wake()
        for key in PIN:
            hands.press(key)
        told["PIN"] = hands.glass()
        hands.press("#")
        for key in CHALLENGE:
            hands.press(key)
        told["challenge"] = hands.glass()
        hands.press("#")
        # A picture comes in pieces, and the counter is written before it.
        hands.until(
            lambda: hands.is_dark() or hands.glass() not in (told["challenge"], []),
            "the response shows",
        )
        told["response"] = hands.glass()
        if told["response"]:
            return


def test_two_builds_of_one_commit_are_the_same_bytes(image: Path, tmp_path: Path) -> None:
    if "IMAGE" in os.environ:
        pytest.fail("build the image here: make test-image without IMAGE=")
    again = build(tmp_path / "again")
    for name in (f"{NAME}.img", f"{NAME}.img.gz", f"{NAME}.manifest"):
        assert image.with_name(name).read_bytes() == again.with_name(name).read_bytes(), name


def test_a_new_card_tests_itself_on_the_glass_and_lacks_nothing_but_a_key(
    first: dict[str, Any],
) -> None:
    found = re.findall(r"\]: ([ES]\d\d) ", first["console"])
    assert found == ["E01"]
    assert first["done"]


def test_a_new_card_says_that_it_has_no_key(first: dict[str, Any]) -> None:
    assert first["dark"] == "0"
    assert first["blank"][0] == "E01"


def test_a_new_card_has_made_its_secrets_for_its_user_alone(first: dict[str, Any]) -> None:
    owner = USERS["challng"]
    assert first["store"] == {
        "challng": ("0o700", owner, first["store"]["challng"][2]),
        "host.key": ("0o600", owner, 32),
    }
    assert re.fullmatch(r"[0-9a-f]{32}\n", first["machine-id"])


def test_an_eight_second_hold_halts_it_in_order(first: dict[str, Any]) -> None:
    assert first["exit"] == 0
    assert "Power down" in first["console"] or "power-off" in first["console"].lower()


def test_pin_is_on_the_glass_of_the_next_start_without_a_test(second: dict[str, Any]) -> None:
    assert second["PIN>"][0] == "PIN>"
    assert "Press 1." not in second["console"]
    assert "card on hardware parts" in second["console"]


def test_the_response_is_the_algorithm_s(second: dict[str, Any]) -> None:
    key: CardKey = second["before"]
    expected = response(key.suite, key.key, question=CHALLENGE, counter=key.counter, pin=PIN)
    assert (second["PIN"], second["challenge"]) == (["PIN>", "****"], ["CHALLNG>", CHALLENGE])
    assert second["response"] == [grouped(expected)]


def test_the_counter_outlives_a_power_cut(second: dict[str, Any]) -> None:
    assert second["after"].counter == second["before"].counter + 1
    assert second["after"].key == second["before"].key


def test_an_update_leaves_the_keys_as_they_are(
    card: Path, image: Path, second: dict[str, Any], tmp_path: Path
) -> None:
    run(
        *("dd", f"if={image}", f"of={card}", "bs=1M", "conv=notrunc", "status=none"),
        f"count={layout.SYSTEM_SIZE // layout.MIB}",
    )
    with Partition(card, tmp_path) as root:
        assert FileKeyStore(root / "var/lib/challng").load("A") == second["after"]


def test_a_raspberry_pi_3_starts_it_from_its_own_sd_controller(image: Path, tmp_path: Path) -> None:
    card = tmp_path / "card"
    new_card(image, card)
    machine = Pi(card, tmp_path / "pi")
    try:
        told = machine.until("Starting challng-card.service")
    finally:
        machine.cut()
    assert "challng-data: clean" in told
    assert "Emergency" not in told


def test_nothing_in_the_image_listens_or_lets_anybody_in(image: Path, tmp_path: Path) -> None:
    system = tmp_path / "system"
    run(
        *("dd", f"if={image}", f"of={system}", "bs=1M", f"skip={layout.ROOT.start // layout.MIB}"),
        *(f"count={layout.ROOT.size // layout.MIB}", "status=none"),
    )
    names = run("unsquashfs", "-lls", system)
    assert not re.search(r"/(sshd|wpa_supplicant|dhclient|dhcpcd|NetworkManager)\n", names)
    assert not re.search(r"/kernel/(net|drivers/net)/", names)
    assert not re.search(r"^-..s", names, re.MULTILINE)
    assert "getty@.service -> /dev/null" in names
    root = tmp_path / "root"
    run("unsquashfs", "-quiet", "-no-progress", "-d", root, system, "etc/passwd", "etc/shadow")
    open_doors = [
        line
        for name in ("passwd", "shadow")
        for line in (root / "etc" / name).read_text().splitlines()
        if line.split(":")[1] not in {"*", "!*", "x"}
    ]
    assert open_doors == []


@pytest.fixture
def boot(image: Path, tmp_path: Path) -> Path:
    """The files of the boot partition."""
    run("mcopy", "-s", "-n", "-i", f"{image}@@{layout.BOOT.start}", "::/", tmp_path)
    return tmp_path


def test_every_board_s_tree_has_the_bus_at_400_khz_a_gadget_and_no_radio(boot: Path) -> None:
    trees = sorted(boot.glob("*.dtb"))
    assert len(trees) == 6
    for tree in trees:
        asked = {
            "clock-frequency": ("/soc/i2c@7e804000", "400000"),
            "dr_mode": ("/soc/usb@7e980000", "peripheral"),
            "status": ("/soc/mmc@7e300000", "disabled"),
        }
        for name, (node, value) in asked.items():
            assert run("fdtget", tree, node, name).strip() == value, (tree.name, node)
