"""The examples that RFC 6030 prints: the encrypted ones are read, the others refused and why."""

from pathlib import Path

import pytest

from protocol.errors import PskcError
from protocol.pskc import Passphrase, PreSharedKey, Secret, read, read_packages

FIGURES = Path(__file__).with_name("rfc6030")
KEY = PreSharedKey(bytes.fromhex("12345678901234567890123456789012"), "Pre-shared-key")
QWERTY = Passphrase("qwerty")


def figure(number: int) -> bytes:
    return (FIGURES / f"figure-{number}.xml").read_bytes()


@pytest.mark.parametrize(("number", "secret"), [(6, KEY), (7, QWERTY)], ids=["key", "passphrase"])
def test_an_encrypted_example_gives_the_key_that_the_rfc_names(number: int, secret: Secret) -> None:
    (package,) = read_packages(figure(number), secret)
    assert package.key == b"12345678901234567890"
    assert package.serial == "987654321"
    assert package.algorithm == "urn:ietf:params:xml:ns:keyprov:pskc:hotp"
    assert (package.response_length, package.counter, package.suite) == (8, 0, "")


@pytest.mark.parametrize(("number", "secret"), [(6, KEY), (7, QWERTY)], ids=["key", "passphrase"])
def test_a_hotp_key_is_no_card_record(number: int, secret: Secret) -> None:
    with pytest.raises(PskcError, match="it is HOTP, not OCRA, so it is no card's"):
        read(figure(number), secret)


@pytest.mark.parametrize(
    ("number", "secret", "reason"),
    [
        (2, QWERTY, "not encrypted, its keys are open to all"),
        (10, QWERTY, "not encrypted, its keys are open to all"),
        (8, QWERTY, "encrypted to a certificate or public key"),
        (8, KEY, "encrypted to a certificate or public key"),
        (6, QWERTY, "encrypted with a pre-shared key, not a passphrase: give 'Pre-shared-key'"),
        (7, KEY, "encrypted with a passphrase: give that, not a key"),
        (6, PreSharedKey(bytes(16), "Pre-shared-key"), "the passphrase or key is wrong"),
        (6, PreSharedKey(bytes(32), "Pre-shared-key"), "not AES-CBC with the file's key length"),
        (6, PreSharedKey(KEY.key, "Another"), "with the key 'Pre-shared-key': name and give that"),
        (7, Passphrase("Qwerty"), "the passphrase or key is wrong"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    number: int, secret: Secret, reason: str
) -> None:
    with pytest.raises(PskcError) as caught:
        read_packages(figure(number), secret)
    assert reason in str(caught.value)


def test_a_changed_byte_of_an_example_is_found() -> None:
    changed = figure(6).replace(b"AAECAwQF", b"AAECAwQG")
    assert changed != figure(6)
    with pytest.raises(PskcError, match="MAC is wrong"):
        read_packages(changed, KEY)
