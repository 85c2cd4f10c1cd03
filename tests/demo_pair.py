"""`make demo-pair`: a blank card gets its key over a cable, and logs in, step by step.

The card is the firmware on simulated pins, the cable a pseudo-terminal, the verifier a served one.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

import httpx

from tests.cable import BlankHousehold
from tests.demo import StepError, Steps, one_login
from tests.doors import DoorError


def main() -> int:
    """Run the demo; 0 done, 1 something was refused, and what to do."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="challng-demo-") as folder:
        household = BlankHousehold(Path(folder))
        try:
            household.set_up()
            household.verifier.start()
        except DoorError as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
        try:
            from_blank_to_login(household)
        except KeyboardInterrupt:
            return 0
        except (DoorError, httpx.HTTPError, StepError) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
        finally:
            household.verifier.stop()
    return 0


def from_blank_to_login(household: BlankHousehold) -> None:
    """Pair, enrol, log in."""
    step = Steps()
    step(f"the verifier serves {household.verifier.url}; user {household.user}, without a card")
    card = household.plug_in()
    step(f"a card without a key is on the cable; OK is held for 2 seconds: {card.begin_pairing()}")

    pairing = household.pair(*household.enrolling)
    step("challng-provision pair --port ... --out card.pskc --enrol URL --user " + household.user)
    shown, told = card.number(), pairing.number()
    step(f"the glass shows {shown}, the terminal {told}")
    if shown != told:
        raise StepError("the numbers are not the same: somebody is in the middle")
    pairing.say("yes")
    step(f"`yes` is typed, OK is held on the card; its glass: {card.consent()}")
    code, rest = pairing.end()
    if code:
        raise StepError(f"the pairing was refused: {pairing.printed}{rest}")
    step("the terminal: " + " / ".join(rest.strip().splitlines()[-3:]))
    card.say("off")
    card.end()
    household.out.unlink()
    step("the key file is deleted: card and verifier have the key, and nobody else")
    one_login(household, step)


if __name__ == "__main__":
    sys.exit(main())
