"""Key files: what is written is read, by others too; what must not be trusted is refused."""

import io
import re
import secrets
from base64 import b64decode, b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pskc import PSKC

from protocol import ocra, serial
from protocol.errors import PskcError
from protocol.pskc import CardRecord, Passphrase, read, write

WORDS = "correct horse battery staple"
PASSPHRASE = Passphrase(WORDS)
QUICK = 1_000  # iterations: the least that is read, so that the tests are quick


def a_record(**changed: object) -> CardRecord:
    fields: dict = {
        "serial": serial.make(1),
        "suite": ocra.DEFAULT_SUITE,
        "key": bytes(range(32)),
        "counter": 3,
        "issuer": "The Club",
        "key_id": "The Club/CH00000013/A",
    }
    return CardRecord(**{**fields, **changed})


def a_file(*records: CardRecord) -> str:
    return write(list(records) or [a_record()], PASSPHRASE, iterations=QUICK).decode()


def refused(text: str | bytes, passphrase: str = WORDS) -> str:
    with pytest.raises(PskcError) as caught:
        read(text if isinstance(text, bytes) else text.encode(), Passphrase(passphrase))
    return str(caught.value)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 9_999_999),
    st.binary(min_size=16, max_size=64),
    st.integers(0, 2**63 - 1),
    st.text(min_size=1, max_size=20).filter(lambda s: s.isprintable() and s.strip() == s),
)
def test_what_is_written_is_read_again(number: int, key: bytes, counter: int, issuer: str) -> None:
    record = a_record(serial=serial.make(number), key=key, counter=counter, issuer=issuer)
    assert read(a_file(record).encode(), PASSPHRASE) == [record]


def test_many_cards_travel_in_one_file() -> None:
    records = [a_record(serial=serial.make(n), key=secrets.token_bytes(32)) for n in range(5)]
    assert read(a_file(*records).encode(), PASSPHRASE) == records


def test_an_independent_reader_reads_what_is_written() -> None:
    container = PSKC(io.BytesIO(a_file().encode()))
    container.encryption.derive_key(WORDS)
    (key,) = container.keys
    assert key.secret == a_record().key
    assert key.check()
    assert (key.serial, key.counter, key.issuer) == ("CH00000013", 3, "The Club")
    assert key.algorithm_suite == ocra.DEFAULT_SUITE
    assert (key.challenge_min_length, key.challenge_max_length, key.response_length) == (6, 6, 8)
    assert (key.policy.pin_usage, key.policy.pin_max_length) == ("Algorithmic", 4)


@pytest.mark.parametrize("prf", [None, "hmac-sha256"])  # an attribute here, a text there
@pytest.mark.parametrize("cipher", ["aes128-cbc", "aes192-cbc", "aes256-cbc"])
def test_what_an_independent_writer_writes_is_read(prf: str | None, cipher: str) -> None:
    container = PSKC()
    container.add_key(
        id="7",
        serial="CH00000013",
        secret=a_record().key,
        counter=9,
        algorithm="urn:ietf:params:xml:ns:keyprov:pskc:ocra",
        algorithm_suite=ocra.DEFAULT_SUITE,
        issuer="Other",
    )
    container.encryption.setup_pbkdf2(WORDS, iterations=QUICK, algorithm=cipher, prf=prf)
    written = io.BytesIO()
    container.write(written)
    (record,) = read(written.getvalue(), PASSPHRASE)
    assert record == a_record(counter=9, issuer="Other", key_id="7")


def test_the_key_is_not_in_the_file_in_any_spelling() -> None:
    text = a_file()
    key = a_record().key
    assert key.hex() not in text.lower()
    assert b64encode(key).decode() not in text


def test_no_key_shows_in_a_repr() -> None:
    assert a_record().key.hex() not in repr(a_record())
    assert repr(a_record().key) not in repr(a_record())


def test_a_wrong_passphrase_is_refused() -> None:
    assert "passphrase or key is wrong" in refused(a_file(), "correct horse battery stapler")


def test_a_key_without_mac_is_refused() -> None:
    text = a_file()
    assert "no MAC" in refused(re.sub(r"(?s)<pskc:ValueMAC>.*?</pskc:ValueMAC>", "", text))
    assert "no MAC" in refused(re.sub(r"(?s)<pskc:MACMethod.*?</pskc:MACMethod>", "", text))


def test_one_changed_bit_of_a_key_is_found_before_it_is_decrypted() -> None:
    text = a_file()
    sealed = re.findall(r"<xenc:CipherValue>(.*?)</xenc:CipherValue>", text)[1]
    raw = bytearray(b64decode(sealed))
    raw[3] ^= 1
    assert "MAC is wrong" in refused(text.replace(sealed, b64encode(raw).decode()))


@pytest.mark.parametrize("iterations", ["0", "999", "10000001", "9" * 23, "-5", "ten"])
def test_too_few_and_too_many_iterations_are_refused(iterations: str) -> None:
    text = a_file().replace(">1000<", f">{iterations}<")
    assert "teration" in refused(text)


def test_entities_and_document_types_are_refused() -> None:
    for head in (
        '<!DOCTYPE x [<!ENTITY a "b">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/p"> %p;]>',
    ):
        text = a_file().replace("?>", f"?>{head}", 1)
        assert "document type or entities" in refused(text)


def test_over_a_megabyte_is_refused_unread() -> None:
    assert "at most 1 MB" in refused(b" " * 1_000_001)


@pytest.mark.parametrize("junk", [b"", b"\0", b"<a/>", b"<a", b"\xff\xfe\0\0", b"CH00000013,key"])
def test_other_files_are_refused(junk: bytes) -> None:
    assert refused(junk)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("pskc:ocra", "pskc:hotp", "not OCRA"),
        ("OCRA-1:HOTP-SHA256-8", "OCRA-1:HOTP-MD5-8", "SHA1, SHA256 or SHA512"),
        ("#aes256-cbc", "#tripledes-cbc", "AES-CBC"),
        ("#aes256-cbc", "#aes128-cbc", "AES-CBC"),
        ("xmldsig-more#hmac-sha256", "xmldsig-more#hmac-md5", "PRF"),
        ("pkcs-5v2-0#pbkdf2", "pkcs-5v2-0#pbkdf1", "not PBKDF2"),
        (">32<", ">33<", "KeyLength"),
        ('Max="6"', 'Max="0"', "Max"),
        ('MaxLength="4"', 'MaxLength="²"', "MaxLength"),
        (">3<", ">-3<", "whole number"),
        (">3<", f">{2**63}<", "2**63"),
        ("<pskc:SerialNo>CH00000013<", "<pskc:SerialNo><", "SerialNo"),
        ("pskc:Secret", "pskc:Sacred", "lacks Secret"),
        ('Version="1.0"', 'Version="2.0"', "version 1.0"),
    ],
)  # fmt: skip
def test_what_is_unknown_or_malformed_is_refused(old: str, new: str, reason: str) -> None:
    text = a_file()
    assert old in text
    assert reason in refused(text.replace(old, new))


def test_a_serial_that_stands_twice_is_refused() -> None:
    assert "serial stands twice" in refused(a_file(a_record(), a_record(key=bytes(32))))


def test_an_element_that_stands_twice_is_refused() -> None:
    text = a_file()
    secret = re.search(r"(?s)<pskc:Secret>.*</pskc:Secret>", text)
    assert secret
    assert "Secret twice" in refused(text.replace(secret[0], secret[0] * 2))


def test_a_short_key_is_refused() -> None:
    assert "128 bits" in refused(a_file(a_record(key=b"short")))


def test_nothing_is_written_without_a_passphrase_or_a_record() -> None:
    with pytest.raises(PskcError, match="needs a passphrase"):
        Passphrase("")
    with pytest.raises(PskcError, match="no card record"):
        write([], PASSPHRASE)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_whole_or_refused_but_never_wrongly(data: st.DataObject) -> None:
    raw = bytearray(A_FILE)
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(0, 255))
    try:
        (record,) = read(bytes(raw), PASSPHRASE)
    except PskcError:
        return
    assert record.key == a_record().key


A_FILE = a_file().encode()
