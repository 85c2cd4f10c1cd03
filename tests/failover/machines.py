"""Three database machines on this one, made of the files in `docs/failover` (root).

Each is a network namespace with an address of its own, so that the files keep their ports: what is
replaced is addresses, folders, passwords, and the watchdog, of which a namespace has none.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx

from tests.authority import Authority
from tests.doors import free_port
from tests.postgres import place

FILES = Path(__file__).resolve().parents[2] / "docs" / "failover"
WRITTEN, NETWORK = "10.0.0.", "198.18.7."
"""The addresses in the files, and those here: RFC 2544's, which nobody has."""
BRIDGE = "challng-db"
OWNER = "postgres"
ROLES = ("primary", "synchronous", "replica")
"""In this order: a synchronous standby is a replica too."""
PROGRAMS = (
    *("etcd", "patroni", "haproxy", "ip", "setpriv"),
    "/usr/lib/postgresql/15/bin/postgres",
)


def until(true: Callable[[], object], what: str, seconds: float = 300) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it never came that {what}"
        time.sleep(0.1)


class Machine:
    """One machine, with etcd and Patroni, which keeps PostgreSQL."""

    def __init__(self, number: int, folder: Path, passwords: Mapping[str, str]) -> None:
        self.name = f"db{number}"
        self.address = f"{NETWORK}1{number}"
        self.folder = folder / self.name
        self.sockets = self.folder / "run"
        self._space = f"{BRIDGE}{number}"
        self._passwords = passwords

    # --- its life

    def make(self, authority: Authority) -> None:
        """Connect it to the others, and write its files."""
        _ip(f"netns add {self._space}")
        _ip(f"link add {self._space} type veth peer name eth0 netns {self._space}")
        _ip(f"link set {self._space} master {BRIDGE} up")
        _ip(f"-n {self._space} addr add {self.address}/24 dev eth0")
        _ip(f"-n {self._space} link set eth0 up")
        _ip(f"-n {self._space} link set lo up")
        for each in (self.folder, self.sockets):
            each.mkdir()
        certificate, key = authority.sign(self.name, dns=self.name)
        shutil.copy(certificate, self.folder / "server.crt")
        shutil.copy(key, self.folder / "server.key")
        (self.folder / "config.yml").write_text(self._settings())
        for path in (self.folder, *self.folder.iterdir()):
            shutil.chown(path, OWNER, OWNER)
            path.chmod(0o700 if path.is_dir() else 0o600)

    def start(self) -> None:
        """Start etcd and Patroni."""
        variables = re.findall(r'^(ETCD_\w+)="(.*)"$', self._own(FILES / "etcd"), re.M)
        told = [f"{name}={value}" for name, value in variables]
        self._begin("env", *told, f"ETCD_DATA_DIR={self.folder / 'etcd'}", "etcd")
        self._begin("patroni", str(self.folder / "config.yml"))

    def kill(self) -> None:
        """Kill all that runs on it with SIGKILL: PostgreSQL, Patroni, etcd."""
        while alive := _ip(f"netns pids {self._space}").split():
            for each in alive:
                with suppress(ProcessLookupError):
                    os.kill(int(each), signal.SIGKILL)

    def hand_over(self) -> None:
        """Have it give up being primary, as an operator does."""
        settings = str(self.folder / "config.yml")
        self.run("patronictl", "-c", settings, "switchover", "--force", "--leader", self.name)

    def remove(self) -> None:
        """Take it away, whatever runs there."""
        if Path("/run/netns", self._space).exists():
            self.kill()
            _ip(f"link del {self._space}")
            _ip(f"netns del {self._space}")

    # --- its use

    def role(self) -> str | None:
        """Return what it is now, in the way that a balancer asks."""
        for role in ROLES:
            with suppress(httpx.HTTPError):
                if httpx.get(f"http://{self.address}:8008/{role}", timeout=5).status_code == 200:
                    return role
        return None

    def run(self, *words: str) -> str:
        """Run a command there, as the account that the database belongs to."""
        done = subprocess.run(self._there(*words), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Return what a statement gives in psql."""
        return self.run("psql", "-h", str(self.sockets), "-XAtc", statement, database)

    def told(self) -> str:
        """Return the last of what its programs said."""
        return "".join((self.folder / "log").read_text().splitlines(True)[-60:])

    def _there(self, *words: str) -> list[str]:
        user = ("setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups", "--reset-env")
        return ["ip", "netns", "exec", self._space, *user, *words]

    def _begin(self, *words: str) -> None:
        with (self.folder / "log").open("ab") as log:
            subprocess.Popen(self._there(*words), stdout=log, stderr=log, cwd="/")

    def _settings(self) -> str:
        text = self._own(FILES / "patroni.yml")
        replaced = {
            "/var/lib/postgresql/15/challng": self.folder / "data",
            "/var/lib/postgresql/.pgpass-patroni": self.folder / "pgpass",
            "/var/run/postgresql": self.sockets,
            "/etc/patroni": self.folder,
            "mode: required": "mode: 'off'",
        }
        for old, new in (replaced | self._passwords).items():
            assert old in text, f"patroni.yml has no {old} any more"
            text = text.replace(old, str(new))
        return text

    def _own(self, file: Path) -> str:
        """Return one of the first machine's files as this one has it."""
        lines = []
        for line in file.read_text().splitlines():
            if not re.search(r"(db|\.1)2", line):  # a line about all three stays as it is
                line = line.replace("db1", self.name).replace(
                    f"{WRITTEN}11", f"{WRITTEN}1{self.name[2:]}"
                )
            lines.append(line.replace(WRITTEN, NETWORK))
        return "\n".join(lines) + "\n"


class Machines:
    """The three, the wire between them, and HAProxy on this side of it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="challng-patroni-", dir=place()))
        self.folder.chmod(0o755)
        self.authority = Authority(self.folder, "authority")
        passwords = {f"CHANGE-ME-{n}": secrets.token_hex(12) for n in range(1, 5)}
        self.all = [Machine(n, self.folder, passwords) for n in (1, 2, 3)]
        self._balanced = free_port()
        self._balancer: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start everything; returns when there is a primary with a synchronous standby."""
        _ip(f"link add {BRIDGE} type bridge")
        _ip(f"addr add {NETWORK}1/24 dev {BRIDGE}")
        _ip(f"link set {BRIDGE} up")
        for each in self.all:
            each.make(self.authority)
        for each in self.all:
            each.start()
        self._balance()
        self.whole()

    def remove(self) -> None:
        """End and remove all of it."""
        if self._balancer is not None:
            self._balancer.terminate()
            self._balancer.wait(60)
        for each in self.all:
            each.remove()
        if Path("/sys/class/net", BRIDGE).exists():
            _ip(f"link del {BRIDGE}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def whole(self) -> None:
        """Wait until there is a primary, and both others follow it, one synchronously."""
        try:
            until(self._is_whole, "two machines follow the third")
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *(m.told() for m in self.all)])) from None

    def roles(self) -> dict[str, str]:
        """Return the role of each that has one, as its own Patroni tells it."""
        asked = {each.name: each.role() for each in self.all}
        return {name: role for name, role in asked.items() if role is not None}

    def has(self, role: str) -> Machine:
        """Return the one that has a role."""
        roles = self.roles()
        return next(each for each in self.all if roles.get(each.name) == role)

    def create(self, name: str, password: str) -> None:
        """Make a role with a password, and its database."""
        primary = self.has("primary")
        primary.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        primary.run(
            *("createdb", "-h", str(primary.sockets)),
            *("--owner", name, "--encoding", "UTF8", name),
        )

    def url_by_hosts(self, database: str) -> str:
        """Return the URL with which libpq looks for the primary; nobody here knows their names."""
        names = ",".join(each.name for each in self.all)
        addresses = ",".join(each.address for each in self.all)
        return (
            f"postgresql://{database}@{names}/{database}?target_session_attrs=read-write"
            f"&sslmode=verify-full&sslrootcert={self.authority.file}&hostaddr={addresses}"
        )

    def url_by_balancer(self, database: str) -> str:
        """Return the URL with which HAProxy does."""
        return (
            f"postgresql://{database}@127.0.0.1:{self._balanced}/{database}"
            f"?sslmode=verify-ca&sslrootcert={self.authority.file}"
        )

    def _is_whole(self) -> bool:
        if set(self.roles().values()) != set(ROLES):
            return False
        streaming = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        return self.has("primary").sql(streaming) == "2"

    def _balance(self) -> None:
        text = (FILES / "haproxy.cfg").read_text().replace(WRITTEN, NETWORK)
        for old, new in (("127.0.0.1:5000", self._balanced), ("127.0.0.1:5001", free_port())):
            assert old in text
            text = text.replace(old, f"127.0.0.1:{new}")
        file = self.folder / "haproxy.cfg"
        file.write_text(text)
        with (self.folder / "haproxy.log").open("ab") as log:
            self._balancer = subprocess.Popen(
                ["haproxy", "-db", "-f", file], stdout=log, stderr=log, user=OWNER, group=OWNER
            )


def _ip(words: str) -> str:
    done = subprocess.run(["ip", *shlex.split(words)], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {words}: {done.stderr}"
    return done.stdout
