"""The container file, built by buildah in a chroot and served: `make test-container` (root).

Named so that `make test` leaves it out: it fetches Debian's packages and all wheels. The base is
made by mmdebstrap, because no registry of images is asked; it trusts whom this machine trusts.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.doors import Card, free_port, secret_file

ROOT = Path(__file__).resolve().parents[2]
BASE, IMAGE = "localhost/challng-test-base", "localhost/challng-test"
PIN, PASSWORD = "7305", secrets.token_hex(8)
OWNER = 8600
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
_MISSING = [name for name in ("buildah", "mmdebstrap") if shutil.which(name) is None]

pytestmark = [
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING}; apt-get install them"),
    pytest.mark.skipif(os.geteuid() != 0, reason="chroot isolation needs root"),
]


def buildah(*words: object) -> str:
    """Run one of buildah's commands; what it prints is shown when it fails."""
    done = subprocess.run(
        ["buildah", "--log-level", "error", *map(str, words)], capture_output=True, text=True
    )
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The image, from a base of Debian's own packages."""
    archive = tmp_path_factory.mktemp("base") / "base.tar"
    subprocess.run(["mmdebstrap", "--quiet", "--variant=apt", "bookworm", str(archive)], check=True)
    made = buildah("from", "scratch")
    buildah("add", made, archive, "/")
    if TRUSTED.exists():
        buildah("add", made, TRUSTED, "/etc/ssl/trusted.crt")
        buildah("config", "--env", "PIP_CERT=/etc/ssl/trusted.crt", made)
    buildah("commit", "--rm", made, BASE)
    archive.unlink()
    buildah(
        *("build", "--isolation", "chroot", "--build-arg", f"BASE={BASE}"),
        *("-f", "server/container/Containerfile", "-t", IMAGE, ROOT),
    )
    yield IMAGE
    buildah("rmi", "--force", IMAGE, BASE)


class Container:
    """The image at work, with a folder of this machine as its volume."""

    def __init__(self, image: str, volume: Path) -> None:
        self.volume = volume
        self._name = buildah("from", image)

    def command(self, *words: str) -> list[str]:
        """Return what runs the program inside."""
        return [
            *("buildah", "--log-level", "error", "run", "--isolation", "chroot"),
            *("--volume", f"{self.volume}:/var/lib/challng", self._name, "--"),
            *("challng-server", *words),
        ]

    def run(self, *words: str) -> str:
        """Run the program inside."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def close(self) -> None:
        """Throw it away; the volume stays."""
        buildah("rm", self._name)


@pytest.fixture
def container(image: str, tmp_path: Path) -> Iterator[Container]:
    volume = tmp_path / "volume"
    volume.mkdir()
    os.chown(volume, OWNER, OWNER)
    made = Container(image, volume)
    yield made
    made.close()


def shared(container: Container, name: str, text: str) -> str:
    """Put a secret where the program inside can read it; return its name there."""
    path = secret_file(container.volume / name, text)
    os.chown(path, OWNER, OWNER)
    return f"/var/lib/challng/{name}"


def test_a_card_logs_in_at_the_verifier_in_the_container(
    container: Container, tmp_path: Path
) -> None:
    passphrase = shared(container, "passphrase", secrets.token_hex(16))
    card = Card(tmp_path / "card")
    record = container.volume / "card.pskc"
    card.provision(record, container.volume / "passphrase")
    os.chown(record, OWNER, OWNER)
    container.run("init")
    container.run("user", "add", "ada", "--password-file", shared(container, "pass", PASSWORD))
    container.run(
        *("card", "import", "/var/lib/challng/card.pskc", "--passphrase-file", passphrase),
        *("--user", "ada", "--pin-file", shared(container, "pin", PIN)),
    )
    assert {path.stat().st_uid for path in container.volume.rglob("*")} == {OWNER}

    port = free_port()
    served = subprocess.Popen(
        container.command("serve", "--host", "127.0.0.1", "--port", str(port)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            until_ready(client, served)
            begun = client.post("/api/v1/login", json={"username": "ada", "password": PASSWORD})
            challenge = begun.json()["prompt"]["challenge"]
            answer = {"answer": card.response(PIN, challenge)}
            path = f"/api/v1/login/{begun.json()['login']}/answer"
            accepted = client.post(path, json=answer)
            assert accepted.status_code == 200, accepted.text
            assert client.post(path, json=answer).status_code == 409
    finally:
        os.killpg(served.pid, signal.SIGTERM)
        served.wait(timeout=60)
    assert "in order" in container.run("audit", "verify")


def until_ready(client: httpx.Client, served: subprocess.Popen[bytes]) -> None:
    """Wait until the verifier answers."""
    for _ in range(1_200):
        assert served.poll() is None
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("it does not answer")


def test_what_only_builds_is_not_in_it(image: str) -> None:
    container = buildah("from", image)
    try:
        root = Path(buildah("mount", container))
        assert not (root / "src").exists()
        assert not (root / "wheels").exists()
        assert not list(root.glob("opt/challng/lib/python3*/site-packages/pytest"))
        assert not list(root.rglob("*.pskc"))
        buildah("umount", container)
    finally:
        buildah("rm", container)
