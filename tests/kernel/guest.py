"""One login on the card, inside the guest: pressed, watched and written down. It judges nothing."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

from device.settings import parse
from tests.kernel.hands import Hands
from tests.kernel.usb import CONTROLLERS, cable

WORK = Path("/mnt")
STORE = Path("/run/store")
OTHER_CHIP = Path("/sys/kernel/config/gpio-sim/other")
LGPIO_WATCHES_A_LINE = """
from gpiozero.pins.lgpio import LGPIOFactory
pin = LGPIOFactory(1).pin(26)
pin.pull, pin.edges = "up", "both"
def changed(ticks, state): pass
pin.when_changed = changed
print(flush=True)
input()
"""
PIN, CHALLENGE = "7305", "248690"
SECONDS_OF_WAITING = 3.0
POWER_OFF = 0x4321FEDC


def another_chip_first() -> None:
    """Let /dev/gpiochip0 be one that is not the Pi's, as an expander's may be."""
    if Path("/dev/gpiochip0").exists():
        return  # QEMU's machine has one of its own
    bank = OTHER_CHIP / "bank0"
    bank.mkdir(parents=True)
    (bank / "label").write_text("raspberrypi-exp-gpio")
    (bank / "num_lines").write_text("8")
    (OTHER_CHIP / "live").write_text("1")


def wake_ups(process: int) -> int:
    """How often any thread of the process has slept and been woken."""
    found = 0
    for status in Path(f"/proc/{process}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "voluntary_ctxt_switches":
                found += int(value)
    return found


def waiting(hands: Hands, process: int) -> dict[str, float]:
    """What the card does while nothing happens: counts, and over how many seconds."""
    began, woken, before = time.monotonic(), wake_ups(process), hands.state()
    time.sleep(SECONDS_OF_WAITING)
    after = hands.state()
    return {
        "seconds": time.monotonic() - began,
        "wake_ups": wake_ups(process) - woken,
        "operations": int(after["operations"]) - int(before["operations"]),
        "transfers": int(after["transfers"]) - int(before["transfers"]),
    }


def lgpio_watching(hands: Hands) -> dict[str, float]:
    """The same measure of the pin library that the card does without: one watched line."""
    process = subprocess.Popen(
        [sys.executable, "-c", LGPIO_WATCHES_A_LINE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/run",
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        return waiting(hands, process.pid)
    finally:
        process.communicate(b"\n")


def login(report: dict[str, object]) -> None:
    """The card from its start to its end."""
    another_chip_first()
    subprocess.run(["insmod", os.environ["CHALLNG_MODULE"]], check=True)
    shutil.copytree(WORK / "store", STORE)
    STORE.chmod(0o700)
    runtime = Path("/run/challng-card")
    runtime.mkdir()
    hands = Hands(parse({}, "defaults").board)
    began = time.monotonic()
    with (WORK / "card.log").open("wb") as log:
        card = subprocess.Popen(
            [
                Path(sys.executable).with_name("challng-card"),
                *("--store", STORE, "--driver", "hardware", "run"),
            ],
            env={**os.environ, "RUNTIME_DIRECTORY": str(runtime)},
            cwd=runtime,
            stderr=log,
        )
    try:
        hands.until(lambda: hands.parked() or card.poll() is not None, "the card has started")
        report["started after"] = time.monotonic() - began
        if card.poll() is not None:
            report["failed"] = f"the card ended by itself, exit code {card.poll()}"
            return
        report["dark at first"] = hands.state()
        report["waiting dark"] = waiting(hands, card.pid)
        hands.hold(lambda: hands.glass()[:1] == ["PIN>"], "PIN> shows")
        for key in PIN:
            hands.press(key)
        report["after the PIN"] = hands.glass()
        report["waiting lit"] = waiting(hands, card.pid)
        hands.press("#")
        for key in CHALLENGE:
            hands.press(key)
        report["after the challenge"] = hands.glass()
        hands.press("#")
        report["response"] = hands.glass()
        hands.hold(lambda: hands.state()["on"] == "0", "the glass is dark")
        report["dark again"] = hands.state()
        report["ram when dark"] = hands.ram().hex()
    finally:
        card.send_signal(signal.SIGTERM)
        report["exit code"] = card.wait(60)
    report["lines at the end"] = hands.state()["lines"]
    report["lgpio watching"] = lgpio_watching(hands)
    shutil.copytree(STORE, WORK / "store after")


def main() -> None:
    """Write the report, whatever happens, and switch the guest off."""
    report: dict[str, object] = {"pin": PIN, "challenge": CHALLENGE, "machine": os.uname().machine}
    try:
        login(report)
        if CONTROLLERS.is_dir():  # a kernel with a USB controller that loops back
            report["cable"] = cable()
    except Exception:
        report["failed"] = traceback.format_exc()
    (WORK / "report.json").write_text(json.dumps(report, indent=1))
    os.sync()
    ctypes.CDLL(None).reboot(POWER_OFF)


if __name__ == "__main__":
    main()
