"""A served verifier with a provisioning credential, for tests from outside and from inside."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import httpx

from device.keystore import FileKeyStore
from protocol import ocra
from provisioning.cli import main
from server.factors import cards
from server.settings import Settings
from server.verifier import open_verifier
from tests.doors import Verifier, secret_file

PASSWORD = "correct horse battery"
PIN = "7305"
PASSPHRASE = "correct horse battery staple"
CHEAP = {"CHALLNG_ARGON2_TIME": "1", "CHALLNG_ARGON2_MEMORY_KIB": "8"}


@dataclass
class Desk:
    """The verifier, and the files that its desk works with."""

    folder: Path
    verifier: Verifier

    @property
    def token(self) -> Path:
        return self.folder / "token"

    @property
    def pin(self) -> Path:
        return self.folder / "pin"

    @property
    def passphrase(self) -> Path:
        return self.folder / "passphrase"

    def options(self, flag: str = "--enrol", user: str = "alice") -> list[str]:
        """What says which verifier, by which credential, for whom."""
        return [
            *(flag, self.verifier.url, "--token-file", str(self.token)),
            *("--user", user, "--pin-file", str(self.pin)),
        ]

    def revoke(self, serial: str) -> int:
        return main(["revoke", serial, "--url", self.verifier.url, "--token-file", str(self.token)])

    def states(self, serial: str) -> list[str]:
        """Where a card stands at the verifier, as the operator's list says."""
        opened = open_verifier(Settings(data=self.verifier.data))
        try:
            with opened.database.reading() as connection:
                listed = cards.all_of_them(connection)
        finally:
            opened.close()
        return [card.state.value for card in listed if card.serial == serial]

    def log_in(self, store: Path, user: str = "alice", slot: str = "A") -> int:
        """Log in with the key in a store; returns the status of the answer.

        Of several cards of a user, the one that the key fits: each is tried.
        """
        key = FileKeyStore(store).load(slot)
        base = f"{self.verifier.url}/api/v1/login"
        begun = httpx.post(base, json={"username": user, "password": PASSWORD}, verify=False).json()
        status = 0
        for factor in begun["factors"]:
            chosen = httpx.post(
                f"{base}/{begun['login']}/factor", json={"factor": factor["id"]}, verify=False
            )
            shown = ocra.response(
                key.suite,
                key.key,
                question=chosen.json()["prompt"]["challenge"],
                counter=key.counter,
                pin=PIN,
            )
            answer = {"answer": shown}
            status = httpx.post(
                f"{base}/{begun['login']}/answer", json=answer, verify=False
            ).status_code
            if status == 200:
                break
        return status


def open_desk(folder: Path, *users: str) -> Desk:
    """Make a verifier with these users and a credential, and serve it; stop it afterwards."""
    os.environ.update(CHEAP)
    desk = Desk(folder, Verifier(folder / "verifier"))
    secret_file(desk.pin, PIN)
    secret_file(desk.passphrase, PASSPHRASE)
    password = secret_file(folder / "password", PASSWORD)
    desk.verifier.command("init")
    for user in users:
        desk.verifier.command("user", "add", user, "--password-file", password)
    desk.verifier.command("provisioner", "add", "desk", "--out", desk.token)
    desk.verifier.start()
    return desk


def close_desk(desk: Desk) -> None:
    """Stop it."""
    assert desk.verifier.stop() == 0
    for name in CHEAP:
        os.environ.pop(name, None)
