"""Key files between this package and others: a pre-shared key, pskctool, open formats."""

import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pskc import PSKC

from protocol.errors import PskcError
from protocol.pskc import Passphrase, PreSharedKey, Secret, open_formats, read, write
from tests.protocol.test_pskc import QUICK, a_record

WORDS = Passphrase("correct horse battery staple")
KEYS = [PreSharedKey(bytes(range(size)), "The club's key") for size in (16, 24, 32)]
SECRETS: list[Secret] = [WORDS, *KEYS]


def named(secret: Secret) -> str:
    return f"aes{8 * len(secret.key)}" if isinstance(secret, PreSharedKey) else "passphrase"


@pytest.mark.parametrize("key", KEYS, ids=named)
def test_a_file_under_a_pre_shared_key_is_read_here_and_elsewhere(key: PreSharedKey) -> None:
    data = write([a_record()], key)
    assert read(data, key) == [a_record()]
    other = PSKC(io.BytesIO(data))
    assert other.encryption.key_name == key.name
    other.encryption.key = key.key
    assert other.keys[0].secret == a_record().key
    assert other.keys[0].check()


@pytest.mark.parametrize("key", KEYS, ids=named)
def test_a_file_under_a_pre_shared_key_from_elsewhere_is_read(key: PreSharedKey) -> None:
    container = PSKC()
    container.add_key(
        id=a_record().key_id,
        serial=a_record().serial,
        secret=a_record().key,
        counter=3,
        algorithm="urn:ietf:params:xml:ns:keyprov:pskc:ocra",
        algorithm_suite=a_record().suite,
        issuer="The Club",
    )
    container.encryption.setup_preshared_key(
        key=key.key, key_name=key.name, algorithm=f"aes{8 * len(key.key)}-cbc"
    )
    written = io.BytesIO()
    container.write(written)
    assert read(written.getvalue(), key) == [a_record()]


def test_no_secret_shows_in_a_repr() -> None:
    assert "horse" not in repr(WORDS)
    assert repr(KEYS[0].key) not in repr(KEYS[0])


@pytest.mark.parametrize("size", [0, 15, 17, 20, 33, 64])
def test_a_pre_shared_key_of_another_length_is_none(size: int) -> None:
    with pytest.raises(PskcError, match="16, 24 or 32 bytes"):
        PreSharedKey(bytes(size))


@pytest.mark.parametrize("name", ["", "x" * 129, "a\nb"])
def test_a_key_is_named_in_printable_characters(name: str) -> None:
    with pytest.raises(PskcError, match="name must be"):
        PreSharedKey(bytes(16), name)


@pytest.fixture
def pskctool() -> str:
    found = shutil.which("pskctool")
    if found is None:
        pytest.skip("pskctool is not installed")
    return found


@pytest.mark.parametrize("secret", SECRETS, ids=named)
def test_pskctool_finds_what_is_written_valid_and_reads_its_open_parts(
    pskctool: str, secret: Secret, tmp_path: Path
) -> None:
    file = tmp_path / "card.pskc"
    file.write_bytes(write([a_record(), a_record(serial="CH00000025")], secret, iterations=QUICK))
    valid = subprocess.run([pskctool, "--validate", file], capture_output=True, text=True)
    assert (valid.returncode, valid.stdout) == (0, "OK\n")
    shown = subprocess.run([pskctool, "--info", file], capture_output=True, text=True)
    assert shown.returncode == 0
    for said in (
        *("SerialNo: CH00000013", "SerialNo: CH00000025", "Issuer: The Club", a_record().suite),
        *("keyprov:pskc:ocra", "Key Counter: 3", "Challenge Format Max: 6"),
        *("Response Format Length: 8", "PIN Usage Mode: Algorithmic"),
    ):
        assert said in shown.stdout


def test_pskctool_finds_fault_with_a_file_that_is_none(pskctool: str, tmp_path: Path) -> None:
    file = tmp_path / "card.pskc"
    text = write([a_record()], KEYS[0]).decode()
    file.write_text(text.replace("pskc:Suite", "pskc:Sweet"))
    valid = subprocess.run([pskctool, "--validate", file], capture_output=True, text=True)
    assert "OK" not in valid.stdout


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"serial,key\nCH00000013,00112233\n", "a CSV file shows its keys"),
        (b"\xef\xbb\xbfserial;key\n", "a CSV file shows its keys"),
        (b"CH00000013\t00112233\n", "a CSV file shows its keys"),
        (b"otpauth://totp/a?secret=AAAA", "an otpauth address"),
        (b"  OTPAUTH://hotp/a?secret=AAAA", "an otpauth address"),
        (b"otpauth-migration://offline?data=AA", "an otpauth address"),
        (b'"otpauth://totp/a?secret=AAAA"', "an otpauth address"),
    ],
)
def test_open_formats_are_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(PskcError) as caught:
        read(content, WORDS)
    assert reason in str(caught.value)
    assert "PSKC" in str(caught.value)
    assert "AAAA" not in str(caught.value)


@pytest.mark.parametrize("name", ["csv", ".csv", "CSV", "tsv", "otpauth"])
def test_open_formats_are_known_by_their_names(name: str) -> None:
    with pytest.raises(PskcError, match="refused"):
        open_formats.refuse_name(name)
    open_formats.refuse_name(".pskc")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            r"<xenc:CipherValue>[^<]*</xenc:CipherValue>",
            '<xenc:CipherReference URI="http://127.0.0.1/key"/>',
            "points outside of it",
        ),
        (
            r"<ds:KeyName>[^<]*</ds:KeyName>",
            '<ds:RetrievalMethod URI="file:///etc/passwd"/>',
            "points to a key outside of it",
        ),
        (
            r"(?s)<pskc:EncryptedValue>.*?</pskc:EncryptedValue>",
            "<pskc:PlainValue>AAAA</pskc:PlainValue>",
            "not encrypted (PlainValue)",
        ),
        (r"(?s)<pskc:EncryptionKey>.*</pskc:EncryptionKey>", "", "not encrypted, its keys"),
        (r"pskc:ocra", "pskc:totp", "it is TOTP, not OCRA"),
        (r"pskc:ocra", "pskc#valuecompare", "it is another algorithm's, not OCRA"),
        (r"<pskc:Suite>[^<]*</pskc:Suite>", "", "lacks its Suite"),
        (r"(?s)<pskc:MACKey>.*</pskc:MACKey>", "", "lacks MACKey"),
    ],
)
def test_values_outside_the_file_or_in_the_open_are_refused(
    old: str, new: str, reason: str
) -> None:
    text = write([a_record()], KEYS[0]).decode()
    assert re.search(old, text)
    with pytest.raises(PskcError) as caught:
        read(re.sub(old, new, text).encode(), KEYS[0])
    assert reason in str(caught.value)
