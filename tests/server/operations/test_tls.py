"""TLS by the server itself: with a real certificate, and a client that checks it."""

from __future__ import annotations

import socket
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server import tls
from server.errors import SettingsRefused
from server.settings import Settings

from .served import serving

NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])


@dataclass(frozen=True)
class Made:
    certificate: Path
    key: Path


def make(folder: Path, days: int = 30) -> Made:
    """A certificate for localhost, signed by itself, and its key."""
    folder.mkdir(exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Made(folder / "cert.pem", folder / "key.pem")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.touch(mode=0o600)
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


def test_a_client_that_checks_the_certificate_is_served(tmp_path: Path) -> None:
    made, other = make(tmp_path / "one"), make(tmp_path / "other")
    trusting = ssl.create_default_context(cafile=str(made.certificate))
    options = ("--tls-cert", made.certificate, "--tls-key", made.key)
    with serving(tmp_path, *options, trusting=trusting) as served:
        url = f"https://localhost:{served.port}"
        with httpx.Client(verify=trusting, timeout=180) as client:
            page = client.get(f"{url}/login")
            assert page.status_code == 200
            assert "strict-transport-security" in page.headers
            assert all(each.startswith("__Host-") for each in client.cookies)
            assert client.cookies
        assert f"Serving at https://127.0.0.1:{served.port}" in served.log.read_text()

        distrusting = ssl.create_default_context(cafile=str(other.certificate))
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            httpx.get(f"{url}/login", verify=distrusting, timeout=180)
        old = ssl.create_default_context(cafile=str(made.certificate))
        with warnings.catch_warnings(action="ignore"):
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with (
            socket.create_connection(("localhost", served.port), timeout=180) as plain,
            pytest.raises((ssl.SSLError, ConnectionError)),
        ):
            old.wrap_socket(plain, server_hostname="localhost")


def settings(certificate: Path | None, key: Path | None) -> Settings:
    return Settings(tls_cert=certificate, tls_key=key)


def test_what_cannot_be_served_is_refused_before_anything_listens(tmp_path: Path) -> None:
    made, other = make(tmp_path / "one"), make(tmp_path / "other")
    assert tls.pair(settings(None, None)) is None
    assert tls.pair(settings(made.certificate, made.key)) is not None
    for certificate, key, reason in (
        (made.certificate, None, "give --tls-cert and --tls-key"),
        (None, made.key, "give --tls-cert and --tls-key"),
        (made.certificate, tmp_path / "nothing", "cannot be read"),
        (tmp_path / "nothing", made.key, "cannot be read"),
        (made.key, made.key, "cannot be read"),
        (made.certificate, other.key, "belong together"),
    ):
        with pytest.raises(SettingsRefused, match=reason):
            tls.pair(settings(certificate, key))
    made.key.chmod(0o640)
    assert tls.pair(settings(made.certificate, made.key)) is not None
    made.key.chmod(0o644)
    with pytest.raises(SettingsRefused, match="Others may read"):
        tls.pair(settings(made.certificate, made.key))
