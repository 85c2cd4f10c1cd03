"""Pairing as people do it: two programs, a cable between them, a person at each end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from device.faults import Fault
from device.keystore import FileKeyStore
from tests.cable import BlankHousehold, CabledCard, PairCommand
from tests.e2e.test_nothing_secret_is_left import holds, watched_processes
from tests.provisioning.lines import TO_CARD, TO_HOST, Cut, Line, Middle
from tests.provisioning.test_pair import (
    CARD_HELLO,
    CONFIRM,
    HELLO,
    OFFER,
    REVEAL,
    SHARE,
)


@pytest.fixture
def household(tmp_path: Path) -> BlankHousehold:
    """A blank card and the files of a desk, without a verifier."""
    household = BlankHousehold(tmp_path)
    household.lay_out()
    return household


@pytest.fixture
def card(household: BlankHousehold) -> Iterator[CabledCard]:
    """A blank card that offers pairing."""
    card = household.plug_in()
    card.begin_pairing()
    yield card
    card.stop()


def keys(household: BlankHousehold) -> list[bytes]:
    """Every key that the card has."""
    store = FileKeyStore(household.card.store)
    return [store.load(slot).key for slot in store.slots()]


def records(household: BlankHousehold) -> list[str]:
    """Key files, whole or not."""
    return sorted(file.name for file in household.folder.glob("*card.pskc*"))


def login(household: BlankHousehold) -> int:
    """One login with the card; the verifier's answer to its response."""
    api = f"{household.verifier.url}/api/v1"
    person = {"username": household.user, "password": household.password}
    opened = httpx.post(f"{api}/login", json=person, timeout=30).json()
    answer = household.card.response(household.pin, opened["prompt"]["challenge"])
    answered = httpx.post(
        f"{api}/login/{opened['login']}/answer", json={"answer": answer}, timeout=30
    )
    return answered.status_code


def test_a_blank_card_is_paired_enrolled_and_accepted_and_nothing_secret_is_told(
    tmp_path: Path,
) -> None:
    household = BlankHousehold(tmp_path)
    household.set_up()
    household.verifier.start()
    with watched_processes() as command_lines:
        card = household.plug_in()
        card.begin_pairing()
        pairing = household.pair(*household.enrolling)
        assert card.number() == pairing.number()
        pairing.say("yes")
        assert card.consent() == "PAIRED  SLOT A"
        assert pairing.end()[0] == 0
        card.say("off")
        assert card.end()[0] == 0
        assert login(household) == 200
    assert household.verifier.stop() == 0
    assert records(household) == ["card.pskc"]
    (key,) = keys(household)
    told = f"{pairing.printed}{card.printed}{household.verifier.log.read_text()}".encode()
    told += b"\n".join(line.replace(b"\0", b" ") for line in command_lines if b"challng" in line)
    assert b"challng-provision pair" in told
    for secret in (
        key,
        household.pin.encode(),
        household.passphrase.read_bytes().strip(),
        household.token.read_bytes().strip(),
    ):
        assert not holds(told, secret)
        files = [file for file in household.folder.rglob("*") if file.is_file()]
        mine = {household.passphrase, household.pin_file, household.token}
        assert [f.name for f in files if f not in mine and holds(f.read_bytes(), secret)] == []


def test_a_record_from_the_cable_can_be_imported_by_hand(tmp_path: Path) -> None:
    household = BlankHousehold(tmp_path)
    household.set_up()
    card = household.plug_in()
    card.begin_pairing()
    pairing = household.pair()
    assert card.number() == pairing.number()
    pairing.say("yes")
    card.consent()
    assert pairing.end()[0] == 0
    card.stop()
    household.verifier.command(
        *("card", "import", household.out, "--passphrase-file", household.passphrase),
        *("--user", household.user, "--pin-file", household.pin_file),
    )
    household.verifier.start()
    assert login(household) == 200
    assert household.verifier.stop() == 0


def test_a_person_who_says_no_ends_it_at_both_ends(
    household: BlankHousehold, card: CabledCard
) -> None:
    pairing = household.pair()
    assert card.number() == pairing.number()
    pairing.say("no")
    code, told = pairing.end()
    assert code == 1
    assert "the numbers were not the same" in told
    assert card.ended() == Fault.PAIRING_DIFFERS.code
    assert (keys(household), records(household)) == ([], [])


def test_ctrl_c_ends_it_at_both_ends(household: BlankHousehold, card: CabledCard) -> None:
    pairing = household.pair()
    assert card.number() == pairing.number()
    pairing.interrupt(signal.SIGINT)
    code, told = pairing.end()
    assert code == 130, told
    assert "Traceback" not in told
    assert card.ended() == Fault.PAIRING_STOPPED.code
    assert (keys(household), records(household)) == ([], [])


def test_a_card_that_dies_leaves_nothing(household: BlankHousehold, card: CabledCard) -> None:
    pairing = household.pair()
    assert card.number() == pairing.number()
    card.interrupt(signal.SIGKILL)
    assert "the cable was pulled" in pairing.line(lambda line: "challng-provision" in line)
    assert pairing.end()[0] == 1
    assert (keys(household), records(household)) == ([], [])


def test_a_machine_in_the_middle_is_seen(household: BlankHousehold, card: CabledCard) -> None:
    middle = Middle(card.link, household.folder / "middle")
    try:
        pairing = PairCommand(
            middle.link, "--out", household.out, "--passphrase-file", household.passphrase
        )
        shown = card.number()
        told = pairing.number()
        assert told != shown
        assert middle.shown.wait(20)
        assert middle.numbers == {"computer": told, "card": shown}
        pairing.say("no")
        assert pairing.end()[0] == 1
    finally:
        middle.close()
    assert (keys(household), records(household)) == ([], [])


@pytest.mark.parametrize(
    ("direction", "count", "loaded"),
    [
        (TO_CARD, HELLO + OFFER + REVEAL + CONFIRM // 2, False),
        (TO_HOST, CARD_HELLO + SHARE + CONFIRM + CONFIRM // 2, True),
    ],
)
def test_a_cut_at_the_last_messages_is_settled_by_resuming(
    household: BlankHousehold, card: CabledCard, direction: str, count: int, loaded: bool
) -> None:
    line = Line(card.link, household.folder / "line", Cut(direction, count))
    pairing = PairCommand(
        line.link, "--out", household.out, "--passphrase-file", household.passphrase
    )
    card.number()
    pairing.number()
    pairing.say("yes")
    card.consent("PAIRED" if loaded else Fault.CABLE_CUT.code)
    code, told = pairing.end()
    line.close()
    assert code == 1
    assert f"--resume {household.out}`" in told
    assert records(household) == ["card.pskc.unconfirmed"]
    assert bool(keys(household)) is loaded

    card.say("off")
    card.begin_pairing()
    resumed = PairCommand(
        card.link, "--resume", household.out, "--passphrase-file", household.passphrase
    )
    card.say("wait 60")  # the card serves its cable; once it is closed, time takes none
    resumed.say("yes")
    code, told = resumed.end()
    assert code == 0, told
    assert records(household) == (["card.pskc"] if loaded else [])
    assert ("its record is confirmed" if loaded else "its record is removed") in resumed.printed


def test_a_card_whose_last_message_was_lost_is_active_only_after_resuming(tmp_path: Path) -> None:
    household = BlankHousehold(tmp_path)
    household.set_up()
    household.verifier.start()
    card = household.plug_in()
    card.begin_pairing()
    cut = Cut(TO_HOST, CARD_HELLO + SHARE + CONFIRM + CONFIRM // 2)
    line = Line(card.link, household.folder / "line", cut)
    files = ("--passphrase-file", household.passphrase)
    pairing = PairCommand(line.link, "--out", household.out, *files, *household.enrolling)
    card.number()
    pairing.number()
    pairing.say("yes")
    card.consent()
    code, told = pairing.end()
    line.close()
    assert (code, len(keys(household))) == (1, 1)
    assert f"--resume {household.out} --enrol {household.verifier.url}`" in told
    person = {"username": household.user, "password": household.password}
    answer = httpx.post(f"{household.verifier.url}/api/v1/login", json=person, timeout=30).json()
    assert "session" in answer  # a pending card is no factor: there is none yet

    card.say("off")
    card.begin_pairing()
    resume = ("--resume", household.out, "--enrol", household.verifier.url)
    resumed = PairCommand(card.link, *resume, "--token-file", household.token, *files)
    card.say("wait 60")
    code, told = resumed.end()
    assert code == 0, told
    card.stop()
    assert records(household) == ["card.pskc"]
    assert login(household) == 200
    assert household.verifier.stop() == 0


def test_a_missing_port_and_a_taken_file_are_refused_before_anything_is_asked(
    household: BlankHousehold,
) -> None:
    pairing = household.pair()
    code, told = pairing.end()
    assert code == 1
    assert "there is no port" in told
    household.out.write_text("precious")
    code, told = household.pair().end()
    assert code == 1
    assert "is there already" in told
    assert household.out.read_text() == "precious"
