"""`fulfil`: the card of an order that waits at a served verifier; cut anywhere, taken up again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pypdf
import pytest
from sqlalchemy import select

from device.keystore import FileKeyStore
from protocol import ocra
from provisioning import keyfile
from provisioning.cli import main
from provisioning.fulfil.bench import Cable
from provisioning.fulfil.run import fulfil, paper
from provisioning.pair.port import Port
from provisioning.verifier import Verifier
from server.accounts import people, users
from server.db import tables
from server.lifecycle import accounts
from server.settings import Settings
from server.verifier import open_verifier

from .cards import EndCard
from .desk import PASSWORD, Desk, close_desk, open_desk
from .people import Desk as Person
from .scissors import Scissors

ADDRESS = {
    "name": "Alice Doe",
    "street": "1 Main Street",
    "city": "Springfield",
    "postal_code": "01101",
    "region": "MA",
    "country": "US",
}
ORDER_PIN = "8152"


class Customer:
    """A user at the served verifier who orders cards; each is a new user."""

    def __init__(self, desk: Desk, name: str) -> None:
        self.desk, self.name = desk, name
        desk.verifier.command("user", "add", name, "--password-file", desk.folder / "password")
        opened = open_verifier(Settings(data=desk.verifier.data))
        with opened.database.writing() as connection:
            user = users.get(connection, name)
            now = opened.clock.now()
            told = people.Identification(now.date(), "US", "US", "passport", "X")
            entity = people.add_entity(connection, opened.keyring, "Alice Doe", told, now)
            accounts.open_(connection, f"U{user.id}", entity, 0, now)
            accounts.join(connection, f"U{user.id}", name, is_primary=True)
        opened.close()
        begun = httpx.post(
            f"{desk.verifier.url}/api/v1/login",
            json={"username": name, "password": PASSWORD},
            verify=False,  # plain http: no certificates have to be loaded for it
        )
        self.headers = {"Authorization": f"Bearer {begun.json()['session']}"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.desk.verifier.url}/api/v1{path}"
        answer = httpx.request(method, url, json=body, headers=self.headers, verify=False)
        answer.raise_for_status()
        return answer.json()

    def order(self) -> int:
        order = int(self.call("POST", "/card-requests", {"reason": "first"})["id"])
        self.call("PUT", f"/card-requests/{order}/address", ADDRESS)
        self.call("PUT", f"/card-requests/{order}/pin", {"pin": ORDER_PIN, "again": ORDER_PIN})
        self.call("POST", f"/card-requests/{order}/submit")
        return order

    def state(self, order: int) -> str:
        return str(self.call("GET", f"/card-requests/{order}")["state"])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = open_desk(tmp_path_factory.mktemp("desk"))
    yield made
    close_desk(made)


_names = iter(f"alice-{number}" for number in range(1, 1_000))


@pytest.fixture
def alice(desk: Desk) -> Customer:
    return Customer(desk, next(_names))


class Shop:
    """Where the cards of orders are made, into store directories."""

    def __init__(self, folder: Path, desk: Desk) -> None:
        self.stores, self.papers, self.desk = folder / "stores", folder / "papers", desk

    def options(self) -> list[str]:
        return ["--url", self.desk.verifier.url, "--token-file", str(self.desk.token)]

    def fulfil(self) -> int:
        return main(
            [
                *("fulfil", *self.options()),
                *("--stores", str(self.stores), "--papers", str(self.papers)),
            ]
        )

    def serials(self) -> list[str]:
        return sorted(path.name for path in self.stores.iterdir()) if self.stores.exists() else []


@pytest.fixture
def shop(tmp_path: Path, desk: Desk) -> Shop:
    return Shop(tmp_path, desk)


def activates(alice: Customer, desk: Desk, store: Path, serial: str) -> bool:
    """Whether the card in a store answers with the PIN of the order."""
    opened = open_verifier(Settings(data=desk.verifier.data))
    with opened.database.reading() as connection:
        device = connection.execute(
            select(tables.devices.c.id).where(
                tables.devices.c.serial == serial, tables.devices.c.state != "revoked"
            )
        ).scalar_one()
    opened.close()
    begun = alice.call("POST", f"/devices/{device}/activate")
    key = FileKeyStore(store).load("A")
    shown = ocra.response(
        key.suite,
        key.key,
        question=begun["prompt"]["challenge"],
        counter=key.counter,
        pin=ORDER_PIN,
    )
    done = alice.call("POST", f"/devices/{device}/activate/{begun['proof']}", {"answer": shown})
    return bool(done["state"] == "active")


def test_the_card_of_an_order_is_made_and_activated_by_its_owner(
    alice: Customer, shop: Shop, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    order = alice.order()
    assert shop.fulfil() == 0
    (serial,) = shop.serials()
    told = capsys.readouterr()
    assert f"order    {order}" in told.out
    assert serial in told.out
    assert ORDER_PIN not in told.out + told.err
    assert alice.state(order) == "provisioned"
    assert desk.states(serial) == ["inactive"]
    assert activates(alice, desk, shop.stores / serial, serial)


def test_where_nothing_waits_nothing_is_made(
    shop: Shop, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop.fulfil() == 0
    assert "none waits" in capsys.readouterr().out
    assert shop.serials() == []


def test_slip_and_label_have_the_addresses_and_the_serial_and_no_pin(
    alice: Customer, shop: Shop
) -> None:
    order = alice.order()
    assert shop.fulfil() == 0
    (serial,) = shop.serials()
    grouped = f"{serial[:4]} {serial[4:8]} {serial[8:]}"
    slip, label = (text(paper(shop.papers, order, name)) for name in ("slip", "return"))
    for expected in ("Alice Doe", "1 Main Street", "01101 Springfield MA", "US", grouped):
        assert expected in slip
    for expected in ("Card returns", "United States and Canada", grouped, "+1 555"):
        assert expected in label
    assert ORDER_PIN not in (slip + label).replace(serial, "").replace(grouped, "")
    assert (paper(shop.papers, order, "slip").stat().st_mode & 0o777) == 0o600


def text(file: Path) -> str:
    (page,) = pypdf.PdfReader(io.BytesIO(file.read_bytes())).pages
    return page.extract_text()


STEPS = (
    (Verifier, "take_order"),
    (Verifier, "prepare_for_order"),
    (FileKeyStore, "add"),
    (keyfile, "replace"),
    (Verifier, "confirm"),
)


def test_cut_off_at_every_step_the_next_run_finishes_the_same_order(
    shop: Shop, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    scissors = Scissors(monkeypatch, *STEPS)
    cuts = 0
    for after in (False, True):
        for at in range(1, 20):
            alice = Customer(desk, next(_names))
            order = alice.order()
            before = set(shop.serials())
            if not scissors.run(at, after, shop.fulfil):
                assert alice.state(order) == "provisioned"
                break
            cuts += 1
            assert alice.state(order) in {"waiting", "taken", "provisioned"}
            if alice.state(order) != "provisioned":
                assert shop.fulfil() == 0
            assert alice.state(order) == "provisioned"
            assert all(paper(shop.papers, order, name).exists() for name in ("slip", "return"))
            (serial,) = set(shop.serials()) - before
            assert desk.states(serial) == ["inactive"]
            assert activates(alice, desk, shop.stores / serial, serial)
    assert cuts == 12  # six steps, before and after each


def test_an_order_that_is_given_back_waits_for_another(
    alice: Customer, shop: Shop, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = alice.order()
    scissors = Scissors(monkeypatch, (FileKeyStore, "add"))
    assert scissors.run(1, False, shop.fulfil)
    assert alice.state(order) == "taken"
    assert main(["fulfil", *shop.options(), "--give-back", str(order)]) == 0
    assert alice.state(order) == "waiting"
    assert main(["fulfil", *shop.options(), "--give-back", str(order)]) == 1
    assert shop.fulfil() == 0
    assert alice.state(order) == "provisioned"


def test_a_card_that_cannot_be_written_leaves_the_order_to_be_taken_up_again(
    alice: Customer, shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = alice.order()
    shop.stores.write_text("a file, where the directory should be")
    assert shop.fulfil() == 1
    assert capsys.readouterr().err.startswith("challng-provision: ")
    assert alice.state(order) == "taken"
    shop.stores.unlink()
    assert shop.fulfil() == 0
    assert alice.state(order) == "provisioned"


def test_papers_that_cannot_be_printed_keep_the_card_from_counting(
    alice: Customer, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    order = alice.order()
    shop.papers.write_text("a file, where the directory should be")
    assert shop.fulfil() == 1
    assert alice.state(order) == "waiting"  # it was not even taken
    shop.papers.unlink()
    assert shop.fulfil() == 0


def test_the_card_on_the_cable_is_paired_for_its_order_and_again_after_a_cut(
    alice: Customer, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = alice.order()
    card, person = EndCard(tmp_path), Person()
    there = Verifier(desk.verifier.url, desk.token.read_text())
    said: list[str] = []

    def make() -> int:
        card.offer()
        bench = Cable(lambda: Port(str(card.link)), person, "the same again")
        made = fulfil(
            there, bench, None, slot="A", issuer="Challng", suite=ocra.DEFAULT_SUITE,
            say=said.append,
        )  # fmt: skip
        return 0 if made is not None else 1

    with monkeypatch.context() as patch:
        assert Scissors(patch, (Verifier, "confirm")).run(1, False, make)
    card.close()
    (lost,) = card.keys()
    assert alice.state(order) == "taken"
    assert make() == 0
    card.close()
    (key,) = card.keys()
    assert key != lost
    assert alice.state(order) == "provisioned"
    serial = card.store.load("A").serial
    assert desk.states(serial) == ["inactive"]
    assert activates(alice, desk, tmp_path / "card-store", serial)
