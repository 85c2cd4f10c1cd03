"""OCRA computations a second, beside a bare HMAC over the same bytes."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256
from statistics import median
from time import perf_counter

from protocol import ocra
from tests.bench import Figure, Figures

KEY = bytes(range(32))
NUMBER, ROUNDS = 2_000, 75  # short turns, so that both halves of a pair see the same machine


def rate(work: Callable[[], object]) -> float:
    """Calls a second, once."""
    begun = perf_counter()
    for _ in range(NUMBER):
        work()
    return NUMBER / (perf_counter() - begun)


def message(suite: str) -> bytes:
    """As many bytes as OCRA hashes for this suite (C and QN, and P with SHA-256)."""
    size = 8 + 128 + (32 if "-P" in suite else 0)
    return suite.encode() + b"\0" + bytes(size)


def figures() -> Figures:
    """Rates are medians; the ratio is taken pair by pair, so that it holds on a noisy machine."""
    plain, default = "OCRA-1:HOTP-SHA256-8:C-QN06", ocra.DEFAULT_SUITE

    def ocra_plain() -> str:
        return ocra.response(plain, KEY, question="123456", counter=5)

    def ocra_default() -> str:
        return ocra.response(default, KEY, question="123456", counter=5, pin="7305")

    data_plain, data_default = message(plain), message(default)

    def bare_plain() -> bytes:
        return hmac.digest(KEY, data_plain, "sha256")

    def bare_default() -> bytes:
        return hmac.digest(KEY, data_default, "sha256")

    def bare_with_pin() -> bytes:
        return hmac.digest(KEY, data_default[:-32] + sha256(b"7305").digest(), "sha256")

    for name, ours, bare in (
        ("C-QN06", ocra_plain, bare_plain),
        ("C-QN06-PSHA256", ocra_default, bare_default),
        ("C-QN06-PSHA256 with the PIN's SHA-256", ocra_default, bare_with_pin),
    ):
        pairs = [(rate(ours), rate(bare)) for _ in range(ROUNDS)]
        yield Figure(f"ocra {name}", median(one for one, _ in pairs), "computations/s")
        yield Figure(f"bare hmac.digest, {name}", median(b for _, b in pairs), "1/s")
        yield Figure(f"ocra / bare, {name}", median(one / b for one, b in pairs), "ratio")
