"""What is installed where: extras, the lock file, the console scripts."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# The extras that requirements.lock holds, with what tests them.
LOCKED = ("card", "provision", "sim", "server")
GROUPS = {
    name: [line for line in lines if isinstance(line, str)]  # a table takes in another group
    for name, lines in PROJECT["dependency-groups"].items()
}
LOCK = (ROOT / "requirements.lock").read_text()
DOCS_LOCK = (ROOT / "docs" / "requirements.lock").read_text()
CONTAINER_LOCK = (ROOT / "server" / "container" / "requirements.lock").read_text()


def locked(lock: str = LOCK) -> set[str]:
    return {canonicalize_name(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock, re.M)}


def closure(extra: str) -> set[str]:
    """Everything that installing `challng[extra]` brings, by the installed packages' metadata."""
    found: set[str] = set()
    extras = PROJECT["project"]["optional-dependencies"]
    todo = [Requirement(line) for line in PROJECT["project"]["dependencies"] + extras[extra]]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if name == "challng":
            todo += [Requirement(line) for one in requirement.extras for line in extras[one]]
        if name in found or name == "challng":
            continue
        found.add(name)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue  # not for this machine
        for line in lines:
            inner = Requirement(line)
            chosen = requirement.extras or {""}
            if not inner.marker or any(inner.marker.evaluate({"extra": one}) for one in chosen):
                todo.append(inner)
    return found


def test_a_card_installs_no_web_server() -> None:
    web = {"fastapi", "starlette", "granian", "uvicorn", "sqlalchemy", "jinja2", "alembic"}
    assert "gpiozero" in closure("card")
    assert "lgpio" in closure("pi")
    assert closure("card") & web == set()
    assert closure("pi") & web == set()
    assert "rpi-gpio" in closure("rpigpio")


def test_no_extra_asks_for_lumas_pins_or_for_two_pin_libraries() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    asked = [Requirement(line) for lines in extras.values() for line in lines]
    assert [str(one) for one in asked if "gpio" in one.extras] == []
    assert closure("pi") & {"rpi-gpio", "rpi-lgpio"} == set()
    assert closure("rpigpio") & {"lgpio", "rpi-lgpio"} == set()


def test_a_verifier_installs_no_gpio() -> None:
    pins = {"gpiozero", "lgpio", "rpi-gpio", "smbus2", "luma-oled", "luma-core"}
    assert "fastapi" in closure("server")
    assert closure("server") & (pins | {"textual", "flask"}) == set()


@pytest.mark.parametrize(
    "lock", [LOCK, DOCS_LOCK, CONTAINER_LOCK], ids=["requirements.lock", "docs", "container"]
)
def test_everything_is_locked_with_hashes_and_no_host(lock: str) -> None:
    assert not re.search(r"https?:|--index|--find-links|//", lock)
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", lock.strip())
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_manuals_lock_has_what_builds_it_and_nothing_of_the_program() -> None:
    lines = GROUPS["docs"]
    assert {canonicalize_name(Requirement(line).name) for line in lines} <= locked(DOCS_LOCK)
    assert locked(DOCS_LOCK) & {"fastapi", "sqlalchemy", "gpiozero", "pytest"} == set()
    assert locked() & {"sphinx", "myst-parser"} == set()


def test_every_dependency_is_locked() -> None:
    wanted = {
        canonicalize_name(Requirement(line).name)
        for lines in (
            PROJECT["project"]["dependencies"],
            *(
                PROJECT["project"]["optional-dependencies"][e]
                for e in ("card", "provision", "sim", "server")
            ),
            GROUPS["build"],
            GROUPS["dev"],
        )
        for line in lines
    } - {"challng"}
    assert wanted <= locked()


def test_nothing_that_needs_a_compiler_is_locked() -> None:
    # These have no wheels for some Python that is supported, or only a source archive.
    assert locked() & {"lgpio", "rpi-gpio", "rpi-lgpio", "adafruit-blinka", "sysv-ipc"} == set()


@pytest.mark.parametrize(
    "group",
    ["dependencies", "card", "pi", "rpigpio", "provision", "sim", "server", "build", "dev", "docs"],
)
def test_every_dependency_has_its_line_in_the_docs(group: str) -> None:
    lines = {
        "dependencies": PROJECT["project"]["dependencies"],
        **GROUPS,
        **PROJECT["project"]["optional-dependencies"],
    }[group]
    page = (ROOT / "docs" / "dependencies.md").read_text().lower()
    for line in lines:
        name = Requirement(line).name.lower()
        if name != "challng":
            assert f"| `{name}`" in page, f"{name} has no line in docs/dependencies.md"
