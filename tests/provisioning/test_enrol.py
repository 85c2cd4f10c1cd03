"""Cards into a served verifier: with `new`, from a key file, taken away, and cut anywhere."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import shutil
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from device.keystore import FileKeyStore
from protocol import pskc
from protocol.fingerprint import key_id
from provisioning import keyfile, verifier
from provisioning.cli import main
from provisioning.errors import UrlRefused, VerifierRefused, VerifierUnreachable
from provisioning.verifier import Verifier
from tests.doors import free_port

from .desk import PASSPHRASE, PIN, Desk, close_desk, open_desk
from .scissors import Scissors


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = open_desk(tmp_path_factory.mktemp("desk"), "alice", "bob", "carol", "dave")
    yield made
    close_desk(made)


class Bench:
    """One card's store and key file."""

    def __init__(self, folder: Path, desk: Desk) -> None:
        self.store = folder / "store"
        self.out = folder / "card.pskc"
        self.desk = desk

    def new(self, *more: str, out: Path | None = None) -> int:
        return main(
            [
                *("new", "--store", str(self.store), "--out", str(out or self.out)),
                *("--passphrase-file", str(self.desk.passphrase), *more),
            ]
        )

    def enrol(self, file: Path | None = None, user: str = "alice") -> int:
        return main(
            [
                *("enrol", str(file or self.out), *self.desk.options("--url", user)),
                *("--passphrase-file", str(self.desk.passphrase)),
            ]
        )

    @property
    def serial(self) -> str:
        return FileKeyStore(self.store).load("A").serial


@pytest.fixture
def bench(tmp_path: Path, desk: Desk) -> Bench:
    return Bench(tmp_path, desk)


# --- the straight way


def test_new_with_a_verifier_makes_a_card_that_logs_in(bench: Bench, desk: Desk) -> None:
    assert bench.new(*desk.options(user="bob")) == 0
    assert desk.states(bench.serial) == ["active"]
    assert desk.log_in(bench.store, "bob") == 200


def test_a_key_file_is_enrolled_and_a_second_time_changes_nothing(
    bench: Bench, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.new() == 0
    assert desk.states(bench.serial) == []
    assert [bench.enrol(user="carol") for _ in range(2)] == [0, 0]
    assert "active for carol" in capsys.readouterr().out
    assert desk.states(bench.serial) == ["active"]
    assert desk.log_in(bench.store, "carol") == 200


def test_a_revoked_card_is_gone_and_its_serial_is_free(bench: Bench, desk: Desk) -> None:
    assert bench.new(*desk.options()) == 0
    assert desk.revoke(bench.serial) == 0
    assert desk.states(bench.serial) == ["revoked"]
    assert desk.revoke(bench.serial) == 1
    bench.out.unlink()
    assert bench.new("--replace", *desk.options()) == 0
    assert desk.states(bench.serial) == ["revoked", "active"]


def test_an_active_card_keeps_its_key_until_it_is_revoked(
    bench: Bench, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.new(*desk.options())
    before = FileKeyStore(bench.store).load("A").key
    assert bench.new("--replace", *desk.options(), out=bench.out.with_suffix(".2")) == 1
    assert f"challng-provision revoke {bench.serial}" in capsys.readouterr().err
    assert FileKeyStore(bench.store).load("A").key == before
    assert sorted(path.name for path in bench.out.parent.iterdir()) == ["card.pskc", "store"]


# --- refusals, each a sentence


def said(capsys: pytest.CaptureFixture[str]) -> str:
    told = capsys.readouterr().err
    assert told.startswith("challng-provision: ")
    assert told.count("\n") == 1
    return told


def test_an_unconfirmed_record_is_not_enrolled(
    bench: Bench, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.new()
    unconfirmed = bench.out.with_name("card.pskc.unconfirmed")
    bench.out.rename(unconfirmed)
    for file in (unconfirmed, bench.out):
        assert bench.enrol(file) == 1
        assert f"pair --resume {bench.out}" in said(capsys)
    assert desk.states(bench.serial) == []


def test_an_unknown_user_an_easy_pin_and_a_wrong_token_are_told(
    bench: Bench, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.new(*desk.options(user="nobody")) == 1
    assert "no user nobody" in said(capsys)
    easy = tmp_path / "easy"
    easy.touch(mode=0o600)
    easy.write_text("1234\n")
    options = desk.options()
    assert bench.new(*options[:-1], str(easy)) == 1
    assert "PIN" in said(capsys)
    easy.write_text("12345\n")
    assert bench.new(*options[:-1], str(easy)) == 1
    assert "4 digits" in said(capsys)
    easy.write_text("chp_" + "x" * 43)
    options[options.index("--token-file") + 1] = str(easy)
    assert bench.new(*options) == 1
    assert "not valid" in said(capsys)
    assert bench.new("--user", "alice") == 1
    assert "--enrol" in said(capsys)
    assert list(tmp_path.iterdir()) == [easy]  # no store, no record


@pytest.mark.parametrize(
    "url",
    [
        *("http://login.example", "http://192.0.2.1", "ftp://login.example", "login.example", ""),
        *("https://", "https://a:b@login.example", "https://login.example/?a", "https://x:port"),
        *("http://127.0.0.1.example", "http://localhost.example", "https://a/#b", "https://a\n"),
    ],
)
def test_secrets_go_nowhere_but_by_https(url: str) -> None:
    with pytest.raises(UrlRefused, match="address"):
        verifier.checked(url)


@pytest.mark.parametrize(
    "url", ["https://login.example/", "http://127.0.0.1:8600", "http://[::1]:1", "http://localhost"]
)
def test_https_and_this_machine_are_taken(url: str) -> None:
    assert verifier.checked(url) == url.rstrip("/")


def test_nobody_who_answers_is_a_sentence_and_is_tried_thrice() -> None:
    slept: list[float] = []
    there = Verifier(f"http://127.0.0.1:{free_port()}", "token", sleep=slept.append)
    with pytest.raises(VerifierUnreachable, match="cannot be reached"):
        there.revoke("CH00000018")
    assert slept == [0.5, 2.0]


class Answering:
    """A server of a few lines that is no verifier."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        asked = self.asked = list[tuple[str, str]]()

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                asked.append((self.path, self.headers.get("authorization", "")))
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST = do_DELETE = answer

            def log_message(self, *given: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    def __enter__(self) -> Answering:
        self.thread.start()
        return self

    def __exit__(self, *_given: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def client(port: int, scheme: str = "http", ca: Path | None = None) -> Verifier:
    return Verifier(f"{scheme}://127.0.0.1:{port}", "token", ca=ca, sleep=lambda _: None)


@pytest.mark.parametrize(
    ("status", "body", "error", "tries"),
    [
        (200, b"<html>", VerifierUnreachable, 3),
        (200, b"[]", VerifierUnreachable, 3),
        (200, b"[" * 60_000, VerifierUnreachable, 3),
        (200, b"{" + b" " * 70_000 + b"}", VerifierUnreachable, 3),
        (503, b"{}", VerifierUnreachable, 3),
        (500, b"{}", VerifierRefused, 1),
        (409, b'{"detail": "No\x1b]0;x\x07"}', VerifierUnreachable, 3),
        (409, b'{"detail": "No \\u001b[2J\\n\\n' + b"x" * 900 + b'"}', VerifierRefused, 1),
    ],
)
def test_whatever_answers_ends_in_one_printable_sentence(
    status: int, body: bytes, error: type[Exception], tries: int
) -> None:
    with Answering(status, body) as other, pytest.raises(error) as refused:
        client(other.port).revoke("CH00000018")
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 600
    assert len(other.asked) == tries


def test_a_redirect_is_not_followed() -> None:
    with Answering(200, b"{}") as thief:
        location = {"Location": f"http://127.0.0.1:{thief.port}/"}
        with Answering(307, b"", location) as other, pytest.raises(VerifierRefused, match="own"):
            client(other.port).revoke("CH00000018")
    assert thief.asked == []


def test_the_environment_does_not_say_where_secrets_go(monkeypatch: pytest.MonkeyPatch) -> None:
    with Answering(200, b"{}") as proxy, Answering(200, b'{"was": "active"}') as real:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert client(real.port).revoke("CH00000018") == "active"
        assert proxy.asked == []


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "verifier")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    ca, private = folder / "ca.pem", folder / "key.pem"
    ca.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return ca, private


def test_a_certificate_is_trusted_where_its_file_is_named(tmp_path: Path) -> None:
    ca, private = certificate(tmp_path)
    with Answering(200, b'{"was": "active"}') as other:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(ca, private)
        other.server.socket = context.wrap_socket(other.server.socket, server_side=True)
        assert client(other.port, "https", ca).revoke("CH00000018") == "active"
        with pytest.raises(VerifierUnreachable, match="--ca"):
            client(other.port, "https").revoke("CH00000018")
        assert len(other.asked) == 1
    with pytest.raises(UrlRefused, match="--ca"):
        client(1, "https", tmp_path / "missing.pem")


def test_a_card_that_could_not_be_confirmed_is_named_with_what_finishes_it(
    bench: Bench,
    desk: Desk,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lost(*given: object) -> None:
        raise VerifierUnreachable("the verifier is away")

    with monkeypatch.context() as patched:
        patched.setattr(Verifier, "confirm", lost)
        assert bench.new(*desk.options(user="carol")) == 1
    told = capsys.readouterr().err
    assert f"it has the key, and {bench.out} is its record" in told
    assert f"challng-provision enrol {bench.out} --url {desk.verifier.url} --user NAME" in told
    assert desk.states(bench.serial) == ["pending"]
    assert bench.enrol(user="carol") == 0
    assert desk.states(bench.serial) == ["active"]


def test_a_card_without_its_key_is_not_said_to_have_it(
    bench: Bench,
    desk: Desk,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lost(*given: object) -> str:
        raise VerifierUnreachable("the verifier is away")

    monkeypatch.setattr(Verifier, "prepare", lost)
    assert bench.new(*desk.options(user="carol")) == 1
    assert "has the key" not in capsys.readouterr().err


# --- cut anywhere


STEPS = (
    (Verifier, "_once"),
    (FileKeyStore, "add"),
    (keyfile, "write_new"),
    (keyfile, "rename_new"),
    (keyfile, "remove"),
)


def key_ids(store: Path) -> set[str]:
    held = FileKeyStore(store)
    return {key_id(held.load(slot).serial, slot, held.load(slot).key) for slot in held.slots()}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_new_cut_at_any_step_leaves_a_card_that_can_be_made_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    scissors = Scissors(monkeypatch, *STEPS)
    cuts = 0
    for at in range(1, 20):
        folder = tmp_path / str(at)
        folder.mkdir()
        bench = Bench(folder, desk)
        if not scissors.run(at, after, lambda bench=bench: bench.new(*desk.options(user="dave"))):
            break
        cuts += 1
        serial = bench.serial if FileKeyStore(bench.store).slots() else None
        if serial is not None and desk.states(serial) == ["active"]:
            (record,) = pskc.read(bench.out.read_bytes(), pskc.Passphrase(PASSPHRASE))
            assert record.key_id in key_ids(bench.store)  # the card surely has it
            assert desk.revoke(serial) == 0
        # Once more, as the recovery table says: a new key in the place of whatever is there.
        again = folder / "again.pskc"
        assert bench.new("--replace", *desk.options(user="dave"), out=again) == 0
        assert desk.states(bench.serial)[-1] == "active"
        assert desk.states(bench.serial).count("active") == 1
        assert desk.log_in(bench.store, "dave") == 200
        assert desk.revoke(bench.serial) == 0
    assert cuts == 5  # record, PUT, store, the record's name, confirm


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_enrol_cut_at_any_step_finishes_when_it_is_run_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    bench = Bench(tmp_path, desk)
    bench.new()
    file = bench.out.read_bytes()
    scissors = Scissors(monkeypatch, *STEPS)
    cuts = 0
    for at in range(1, 20):
        if not scissors.run(at, after, bench.enrol):
            break
        cuts += 1
        assert (
            desk.states(bench.serial)[-1:]
            == {
                (1, False): [],
                (1, True): ["pending"],
                (2, False): ["pending"],
                (2, True): ["active"],
            }[(at, after)]
        )
        assert bench.enrol() == 0
        assert desk.states(bench.serial) == ["active"]
        desk.verifier.command("card", "revoke", bench.serial)
        shutil.rmtree(bench.store)
        bench.out.unlink()
        bench.new()
        assert bench.out.read_bytes() != file
    assert cuts == 2


def test_an_answer_that_is_lost_is_asked_for_again(
    bench: Bench, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Verifier._once
    lost: list[str] = []

    def losing(self: Verifier, method: str, *given: Any) -> Any:
        done = real(self, method, *given)
        if method not in lost:
            lost.append(method)
            raise VerifierUnreachable("the line is down")
        return done

    monkeypatch.setattr(Verifier, "_once", losing)
    monkeypatch.setattr(verifier.time, "sleep", lambda _: None)
    monkeypatch.setattr(Verifier.__init__, "__kwdefaults__", {"ca": None, "sleep": lambda _: None})
    assert bench.new(*desk.options()) == 0
    assert desk.states(bench.serial) == ["active"]
    assert desk.revoke(bench.serial) == 0
    assert lost == ["PUT", "POST", "DELETE"]
    assert desk.states(bench.serial) == ["revoked"]


def test_nothing_secret_is_printed_or_logged(
    bench: Bench, desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.new(*desk.options())
    record = bench.out.read_bytes()
    desk.revoke(bench.serial)
    key = FileKeyStore(bench.store).load("A").key
    printed = "".join(capfd.readouterr()).encode() + desk.verifier.log.read_bytes() + record
    token = desk.token.read_bytes().strip()
    for secret in (key, key.hex().encode(), PASSPHRASE.encode(), token):
        assert secret not in printed
    assert f'"{PIN}"'.encode() not in printed
    assert bench.serial.encode() not in desk.verifier.log.read_bytes()
