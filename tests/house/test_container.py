"""The container file: a user of its own, nothing but what is checked, and only what is there."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "server" / "container" / "Containerfile").read_text()
STEPS = [
    tuple(step.split(None, 1))
    for step in re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", TEXT, flags=re.M)).splitlines()
    if step.strip()
]


def stages() -> list[list[tuple[str, ...]]]:
    """The steps from one FROM to the next."""
    found: list[list[tuple[str, ...]]] = []
    for step in STEPS:
        if step[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(step)
    return found


def given(stage: list[tuple[str, ...]], word: str) -> list[str]:
    return [step[1] for step in stage if step[0] == word]


def test_every_step_is_one_that_builders_know() -> None:
    known = {"ARG", "FROM", "RUN", "COPY", "WORKDIR", "ENV", "VOLUME", "USER", "EXPOSE"}
    known |= {"HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
    assert {step[0] for step in STEPS} <= known  # ADD, which can fetch, among others, is not


def test_what_builds_is_not_what_runs() -> None:
    build, run = stages()
    assert given(build, "FROM") == ["${BASE} AS build"]
    assert given(run, "FROM") == ["${BASE}"]
    assert given(run, "COPY") == ["--from=build /opt/challng /opt/challng"]
    assert "pip" not in " ".join(given(run, "RUN"))


def test_every_package_is_hash_checked_and_none_is_fetched_after_that() -> None:
    build, _ = stages()
    pips = [part for run in given(build, "RUN") for part in run.split("&&") if "/pip " in part]
    assert len(pips) == 2
    assert "--require-hashes" in pips[0]
    assert "--requirement requirements.lock" in " ".join(pips[0].split())
    assert "server/container/requirements.lock ./" in given(build, "COPY")
    assert "--no-index" in pips[1]


def locked(path: Path) -> dict[str, str]:
    """Each package of a lock file, with its version and its hashes."""
    text = path.read_text().replace("\\\n", " ")
    text = re.sub(r" ;.*?(?= --hash)", "", text)  # for which systems: the container knows its own
    return {
        line.split("==")[0]: " ".join(line.split()) for line in text.splitlines() if "==" in line
    }


def test_its_packages_are_those_that_are_tested() -> None:
    whole, own = (
        locked(ROOT / "requirements.lock"),
        locked(ROOT / "server" / "container" / "requirements.lock"),
    )
    assert {name: whole.get(name) for name in own} == own
    assert {"granian", "sqlalchemy", "psycopg"} <= own.keys()
    assert not {"pytest", "playwright", "rpi-gpio", "luma-oled"} & own.keys()


def test_it_runs_as_a_user_of_its_own_with_one_volume() -> None:
    _, run = stages()
    assert given(run, "USER") == ["8600:8600"]
    assert given(run, "VOLUME") == ["/var/lib/challng"]
    assert "--uid 8600" in " ".join(given(run, "RUN"))
    order = [step[0] for step in run]
    assert order.index("USER") < order.index("ENTRYPOINT") < order.index("CMD")
    assert max(i for i, word in enumerate(order) if word in {"RUN", "COPY"}) < order.index("USER")


def test_it_is_asked_whether_it_is_ready_without_a_program_beside() -> None:
    _, run = stages()
    (check,) = given(run, "HEALTHCHECK")
    command = json.loads(check.split("CMD", 1)[1])
    assert command[0] == "python"
    compile(command[2], "healthcheck", "exec")
    assert "/readyz" in command[2]


def test_no_secret_is_in_it() -> None:
    assert not re.search(r"KEY=|PASSWORD|SECRET|TOKEN", TEXT)


@pytest.mark.parametrize("stage", range(2))
def test_what_is_copied_is_there(stage: int) -> None:
    for copied in given(stages()[stage], "COPY"):
        if not copied.startswith("--from"):
            *sources, _ = copied.split()
            assert all((ROOT / source).exists() for source in sources), copied


def test_the_command_is_one_that_the_program_takes() -> None:
    _, run = stages()
    (program,) = json.loads(given(run, "ENTRYPOINT")[0])
    words = json.loads(given(run, "CMD")[0])
    assert program == "challng-server"
    assert words[0] == "serve"
    source = (ROOT / "server" / "cli.py").read_text()
    assert all(f'"{word}"' in source for word in words if word.startswith("--"))


def test_everything_that_the_package_is_made_of_is_copied() -> None:
    build, _ = stages()
    copied = {source.rstrip("/") for line in given(build, "COPY") for source in line.split()[:-1]}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = wheel["tool"]["hatch"]["build"]["targets"]["wheel"]
    wanted = [*wheel["packages"], *wheel.get("force-include", {})]
    assert {name.split("/")[0] for name in wanted} <= copied
