"""Run in the booted machine: asks its RADIUS server once, by pyrad, and prints the reply as JSON.

    nas.py PORT SECRET USER PASSWORD [STATE]

`--unsigned` leaves Message-Authenticator out, and waits for two seconds. Without a reply: null.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pyrad.client import Client, Timeout
from pyrad.dictionary import Dictionary

DICTIONARY = Path(__file__).parents[2] / "server/radius/dictionary"


def main() -> None:
    """Ask, and print."""
    parser = argparse.ArgumentParser()
    for name in ("port", "secret", "user", "password"):
        parser.add_argument(name)
    parser.add_argument("state", nargs="?")
    parser.add_argument("--unsigned", action="store_true")
    given = parser.parse_args()
    client = Client(
        *("127.0.0.1", int(given.port)),
        secret=given.secret.encode(),
        dict=Dictionary(str(DICTIONARY)),
        retries=1,
        timeout=2 if given.unsigned else 60,
        enforce_ma=True,
    )
    packet = client.CreateAuthPacket(message_authenticator=None if given.unsigned else True)
    packet[1] = [given.user.encode()]
    packet[2] = [packet.PwCrypt(given.password)]
    if given.state:
        packet[24] = [bytes.fromhex(given.state)]
    try:
        reply = client.SendPacket(packet)
    except Timeout:
        print("null")
        return
    texts = [text.decode() for text in reply.get(18, [])]
    states = [state.hex() for state in reply.get(24, [])]
    print(json.dumps({"code": reply.code, "text": " ".join(texts), "state": "".join(states)}))


if __name__ == "__main__":
    main()
