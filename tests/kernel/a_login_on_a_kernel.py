"""A whole login on the kernel's own GPIO and I2C: the firmware as it is, on a real kernel.

The kernel is User-Mode Linux, or with KERNEL=arm Debian's for arm64 in QEMU.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from device.keystore import CardKey, FileKeyStore
from device.screens import grouped
from protocol.ocra import response
from tests.kernel import arm, build, qemu, uml

KERNEL = os.environ.get("KERNEL", "uml")
HOSTS = {
    "uml": lambda work: uml.boot(build.build(), work),
    "arm": lambda work: qemu.boot(arm.build(), work),
}
MACHINES = {"uml": os.uname().machine, "arm": "aarch64"}


@dataclass
class Login:
    """What the guest told, and the card's key before and after."""

    told: dict[str, Any]
    before: CardKey
    after: CardKey
    log: str


@pytest.fixture(scope="module")
def login(tmp_path_factory: pytest.TempPathFactory) -> Login:
    """A key made by `challng-provision`, one boot, one login."""
    work = tmp_path_factory.mktemp("guest")
    store = FileKeyStore(work / "store")
    subprocess.run(
        [
            *(sys.executable, "-m", "provisioning", "new", "--passphrase-file", "-"),
            *("--store", store.directory, "--out", work / "record.xml"),
        ],
        input="a passphrase for this test",
        text=True,
        check=True,
    )
    before = store.load("A")
    told = HOSTS[KERNEL](work)
    log = (work / "card.log").read_text() if (work / "card.log").exists() else ""
    if "failed" in told:
        pytest.fail(f"{told['failed']}\nthe card's log:\n{log}\nthe report:\n{told}")
    return Login(told, before, FileKeyStore(work / "store after").load("A"), log)


def test_the_card_ran_on_the_machine_that_was_asked_for(login: Login) -> None:
    assert login.told["machine"] == MACHINES[KERNEL]


def test_the_card_finds_the_chip_with_the_header_s_pins_by_its_label(login: Login) -> None:
    assert "card on hardware parts" in login.log


def test_the_glass_is_dark_until_press_is_held(login: Login) -> None:
    assert login.told["dark at first"]["on"] == "0"


def test_what_is_typed_is_on_the_glass(login: Login) -> None:
    assert login.told["after the PIN"] == ["PIN>", "****"]
    assert login.told["after the challenge"] == ["CHALLNG>", login.told["challenge"]]


def test_the_response_in_the_display_s_ram_is_the_one_of_the_algorithm(login: Login) -> None:
    key = login.before
    expected = response(
        key.suite,
        key.key,
        question=login.told["challenge"],
        counter=key.counter,
        pin=login.told["pin"],
    )
    assert login.told["response"] == [grouped(expected)]


def test_the_counter_in_the_store_is_one_further(login: Login) -> None:
    assert login.after.key == login.before.key
    assert login.after.counter == login.before.counter + 1


def test_a_hold_leaves_the_glass_dark_and_its_memory_empty(login: Login) -> None:
    assert login.told["dark again"]["on"] == "0"
    assert not any(bytes.fromhex(login.told["ram when dark"]))


@pytest.mark.parametrize("when", ["waiting dark", "waiting lit"])
def test_a_waiting_card_touches_no_line_and_wakes_at_most_once_a_second(
    login: Login, when: str
) -> None:
    waiting = login.told[when]
    assert waiting["operations"] == 0
    assert waiting["transfers"] == 0
    assert waiting["wake_ups"] <= waiting["seconds"]


def test_lgpio_itself_wakes_up_more_often_than_a_card_may(login: Login) -> None:
    """Why the card has pins of its own. When this fails, `drivers/kernel_pins.py` can go."""
    watching = login.told["lgpio watching"]
    assert watching["wake_ups"] > 10 * watching["seconds"]


def test_the_end_is_in_order_and_leaves_no_line_driven_or_pulled(login: Login) -> None:
    assert login.told["exit code"] == 0
    assert "card ended" in login.log
    assert set(login.told["lines at the end"]) == {"-"}


def test_nothing_was_ever_shorted(login: Login) -> None:
    assert login.told["dark again"]["shorts"] == "0"


# The pairing cable, between the kernel's own two ends of it.

on_a_cable = pytest.mark.skipif(KERNEL == "arm", reason="Debian's arm64 kernel has no dummy_hcd")
EVERY_BYTE = bytes(range(256)).hex()


@on_a_cable
def test_the_card_is_found_by_its_usb_identity(login: Login) -> None:
    assert login.told["cable"]["found"] == "/dev/ttyACM0"


@on_a_cable
def test_every_byte_goes_over_usb_as_it_is_both_ways(login: Login) -> None:
    assert login.told["cable"]["to the card"] == EVERY_BYTE
    assert login.told["cable"]["to the computer"] == EVERY_BYTE


@on_a_cable
@pytest.mark.parametrize(
    "when", ["wakes unplugged", "wakes before the computer opens", "wakes when plugged again"]
)
def test_a_card_that_offers_pairing_to_nobody_sleeps(login: Login, when: str) -> None:
    assert login.told["cable"][when] is False


@on_a_cable
def test_a_card_that_writes_to_nobody_does_not_wait(login: Login) -> None:
    assert login.told["cable"]["unsent to nobody"] is False


@on_a_cable
def test_neither_end_hears_what_came_before_it_was_opened(login: Login) -> None:
    assert login.told["cable"]["kept for the next"] == ""
    assert login.told["cable"]["heard from before"] is False


@on_a_cable
def test_the_computer_knows_whether_the_card_listens(login: Login) -> None:
    assert login.told["cable"]["listens before the card opens"] is False


@on_a_cable
def test_a_pulled_cable_is_a_cut_at_both_ends(login: Login) -> None:
    cable = login.told["cable"]
    assert cable["wakes when pulled"]
    assert cable["cut on the card"]
    assert cable["cut on the card, writing"]
    assert cable["cut at the computer"]
