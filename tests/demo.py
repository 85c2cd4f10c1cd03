"""`make demo`: a verifier on this machine, and a card in this terminal, joined over their doors.

With `--scripted` it does one whole login by itself, prints each step, and exits 0.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from tests.doors import BIN, DoorError, Household

PORT = 8600


def main(argv: list[str] | None = None) -> int:
    """Run the demo; 0 done, 1 something was refused, and what to do."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--scripted", action="store_true", help="one login by itself")
    parser.add_argument("--port", type=int, default=PORT)
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="challng-demo-") as folder:
        household = Household(Path(folder), port=arguments.port)
        try:
            household.set_up()
            household.verifier.start()
        except DoorError as error:
            print(f"demo: {error}\nIs port {arguments.port} taken?", file=sys.stderr)
            return 1
        try:
            (scripted if arguments.scripted else by_hand)(household)
        except KeyboardInterrupt:
            return 0
        except (DoorError, httpx.HTTPError, StepError) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
        finally:
            household.verifier.stop()
    return 0


class StepError(RuntimeError):
    """A step of the scripted login went otherwise than it should."""


def by_hand(household: Household) -> None:
    """Print what a person needs, and open the card below it."""
    note = household.folder / "note"
    note.write_text(
        f"Open {household.verifier.url}/ in a browser.\n"
        f"User name {household.user}   Password {household.password}\n"
        f"Card PIN {household.pin}\n"
    )
    print(note.read_text())
    subprocess.run(
        [
            *(str(BIN / "challng-card"), "--store", str(household.card.store)),
            *("sim", "--note", str(note)),
        ],
        check=False,
    )


def scripted(household: Household) -> None:
    """One whole login by itself."""
    step = Steps()
    step(
        f"the verifier serves {household.verifier.url}; user {household.user}, "
        f"card {household.serial}"
    )
    one_login(household, step)


def one_login(household: Household, step: Steps) -> None:
    """The password, the card's keys, the response off its glass, the session."""
    url = household.verifier.url
    with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as client:
        person = {"username": household.user, "password": household.password}
        login = expect(client.post("/login", json=person), 200)
        challenge = login["prompt"]["challenge"]
        step(f"user name and password are right; the login page shows the challenge {challenge}")

        keys = ["press", household.pin, "ok", challenge, "ok", "show", "off"]
        step(f"keys pressed on the card: {' | '.join(keys[:-2])}".replace(household.pin, "****"))
        shown = household.card.play(keys)
        step("the glass shows: " + " / ".join(line for line in shown.splitlines() if line))
        response = "".join(shown.split())[-8:]

        session = expect(client.post(f"/login/{login['login']}/answer", json={"answer": response}))
        step(f"the verifier accepts it: access {session['access']} by {session['device_kind']}")

        who = expect(
            client.get("/session", headers={"Authorization": f"Bearer {session['session']}"})
        )
        step(f"the session is {who['user']}'s, until {who['until']}")

        expect(client.post(f"/login/{login['login']}/answer", json={"answer": response}), 409)
        step("the same response once more: refused, it is used up")
    step(household.verifier.command("audit", "verify").strip().splitlines()[-1])


class Steps:
    """Prints numbered steps."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, text: str) -> None:
        self.number += 1
        print(f"{self.number}. {text}", flush=True)


def expect(reply: httpx.Response, status: int = 200) -> dict[str, object]:
    """The reply's body if its status is the expected one, else StepError."""
    if reply.status_code != status:
        raise StepError(f"expected {status}, got {reply.status_code}: {reply.text}")
    return dict(reply.json())


if __name__ == "__main__":
    sys.exit(main())
