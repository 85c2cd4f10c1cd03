"""The house: who may import whom, and that every room says what it is for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocol", "drivers", "device", "provisioning", "server")

# What each package may import of the others. A module name allows just that module.
ALLOWED = {
    "protocol": set(),
    "drivers": set(),
    "device": {"drivers", "protocol"},
    "provisioning": {"protocol", "device.keystore", "device.errors"},
    "server": {"protocol"},
}
# What a Pi's card or a key file must never pull in, and the other way round.
FOREIGN = {
    "protocol": {"fastapi", "sqlalchemy", "gpiozero", "luma", "PIL", "textual"},
    "drivers": {"fastapi", "sqlalchemy", "textual", "cryptography", "board", "busio"},
    "device": {"fastapi", "starlette", "sqlalchemy", "granian", "jinja2", "board", "busio"},
    "provisioning": {"fastapi", "flask", "sqlalchemy", "gpiozero", "luma", "textual"},
    "server": {"gpiozero", "luma", "smbus2", "lgpio", "textual", "flask"},
}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports; `from a import b` gives a and a.b."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    here = parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def trespasses(package: str, imported: str) -> bool:
    top = imported.partition(".")[0]
    if top not in PACKAGES or top == package:
        return False
    if top in ALLOWED[package]:
        return False
    modules = {name for name in ALLOWED[package] if "." in name}
    return not any(
        imported == name or imported.startswith(f"{name}.") for name in modules
    ) and not any(name.startswith(f"{imported}.") for name in modules)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_stands_below_it(package: str) -> None:
    assert sources(package)
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imports(path)
        if trespasses(package, name)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("package", "imported", "expected"),
    [
        ("device", "server.login", True),
        ("server", "device.keystore", True),
        ("server", "drivers", True),
        ("protocol", "device", True),
        ("drivers", "protocol", True),
        ("provisioning", "device.loop", True),
        ("provisioning", "drivers.frame", True),
        ("provisioning", "device.keystore.CardKey", False),
        ("device", "drivers.frame", False),
        ("server", "protocol.ocra", False),
    ],
)
def test_the_rule_tells_right_from_wrong(package: str, imported: str, expected: bool) -> None:
    assert trespasses(package, imported) is expected


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_imports_what_belongs_to_another_floor(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imports(path)
        if name.partition(".")[0] in FOREIGN[package]
    ]
    assert found == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_says_what_it_is_for(package: str) -> None:
    for room in sorted((ROOT / package).rglob("__init__.py")):
        docstring = ast.get_docstring(ast.parse(room.read_text()))
        assert docstring, f"{room.relative_to(ROOT)} has no docstring"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_file_is_one_idea(package: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources(package)
        if (lines := len(path.read_text().splitlines())) > 350
    }
    assert long == {}


def test_the_card_store_is_free_of_pins_and_glass() -> None:
    """What provisioning may import must not drag the drivers in behind it."""
    seen: set[str] = set()
    todo = ["device.keystore", "device.errors"]
    while todo:
        module = todo.pop()
        path = ROOT / Path(*module.split(".")).with_suffix(".py")
        if module in seen or not path.exists():
            continue
        seen.add(module)
        todo += [name for name in imports(path) if name.startswith(("device.", "drivers"))]
        assert not [name for name in imports(path) if name.startswith("drivers")], module
    assert "device.keystore" in seen
