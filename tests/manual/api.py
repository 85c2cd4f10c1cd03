"""The API's reference in the manual, written from the verifier's own OpenAPI description.

    python -m tests.manual.api docs/api

One page for each group of calls, and `openapi.json` beside them for programs.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from server import setup
from server.app import create_app
from server.clock import SystemClock
from server.settings import Settings
from server.verifier import open_verifier
from tests.server.support import quick_tables

PAGES = Path(__file__).resolve().parents[2] / "docs" / "api"
Schema = Mapping[str, Any]

GROUPS = {
    "login": "A user name, a password, and the answer of a device.",
    "session": "Who is logged in, and in which language.",
    "devices": "What a user has, activating it, and changing its PIN.",
    "code cards": "Making, printing and activating the cards on paper.",
    "requests": "Ordering a card.",
    "returns": "Sending a card back, and recording that it came.",
    "people": "Sharing a device, logging in without one, and documents.",
    "desk": "What the support desk does.",
    "provisioning": "What the makers of cards call, with a credential of their own.",
    "mobile key": "Registering a phone, and what its app calls.",
    "confirmations": "Having an action confirmed on the user's device.",
    "validate": "The calls that plug-ins of privacyIDEA know.",
    "machines": "Whether it runs, and its numbers.",
}
"""The groups of calls in the order of the manual, and what each is for."""

FURTHER = {
    "code cards": "what a code card is, for its user: [help](../help/code-cards.md)",
    "confirmations": "what an application does: [confirmations](../confirmations.md)",
    "desk": "who may do what: [the support desk](../desk.md)",
    "devices": "states and moves: [the life of devices](../life.md)",
    "machines": "what to watch: [operations](../operations.md)",
    "mobile key": "signatures and steps: [the mobile key](../mobile-key.md#the-calls)",
    "provisioning": "credentials, and what is pending: [provisioning]("
    "../verifier.md#provisioning-over-the-api)",
    "validate": "parameters and answers: [validate-api](../validate-api.md#the-calls)",
}

_BOUNDS = {
    "minimum": "from",
    "exclusiveMinimum": "above",
    "maximum": "to",
    "exclusiveMaximum": "below",
}


def description() -> dict[str, Any]:
    """The OpenAPI description, as a verifier with every part switched on gives it."""
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data=Path(folder) / "verifier",
            argon2_time=1,
            argon2_memory_kib=8,
            public_url="https://login.example",
        )
        with quick_tables():
            setup.make(settings, SystemClock(), "manual")
        verifier = open_verifier(settings)
        try:
            found = create_app(verifier).openapi()
        finally:
            verifier.close()
            logging.disable(logging.NOTSET)
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def pages(spec: Schema) -> dict[str, str]:
    """Every file of the reference by its name."""
    groups: dict[str, list[tuple[str, str, Schema]]] = defaultdict(list)
    for path, calls in spec["paths"].items():
        for method, call in calls.items():
            groups[call["tags"][0]].append((method.upper(), path, call))
    assert set(groups) == set(GROUPS), set(groups) ^ set(GROUPS)
    made = {
        f"{_file(name)}.md": "\n".join(_page(name, groups[name], spec)) + "\n" for name in GROUPS
    }
    made["openapi.json"] = json.dumps(spec, indent=1, ensure_ascii=False) + "\n"
    return made


def _file(group: str) -> str:
    return group.replace(" ", "-")


def _page(name: str, calls: list[tuple[str, str, Schema]], spec: Schema) -> Iterator[str]:
    yield f"# {name.capitalize()}\n"
    further = FURTHER.get(name, "what each call answers: [the verifier](../verifier.md#the-api)")
    yield f"{GROUPS[name]} How calls are made, and their errors: [the API](index.md); {further}.\n"
    for method, path, call in calls:
        yield f"## {method} {path}\n"
        yield f"{call['summary']}.\n"
        if call.get("description"):
            yield f"{call['description']}\n"
        parameters = call.get("parameters", [])
        if any(each["in"] == "header" and each["name"] == "authorization" for each in parameters):
            yield "With `Authorization: Bearer ...`.\n"
        rows = [
            _row(each["name"], each["in"], each["schema"], each["required"], spec)
            for each in parameters
            if each["in"] != "header"
        ]
        body = call.get("requestBody")
        if body:
            schema = _resolved(body["content"]["application/json"]["schema"], spec)
            rows += list(_fields(schema, spec))
            if schema.get("description"):
                yield f"Body: {_line(schema['description'])}\n"
        if rows:
            yield "| name | where | what it is | needed |\n|---|---|---|---|"
            yield "\n".join(rows) + "\n"


def _fields(schema: Schema, spec: Schema, within: str = "") -> Iterator[str]:
    needed = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        yield _row(f"{within}{name}", "body", field, name in needed, spec)
        for each in _choices(field):
            inner = _resolved(each.get("items", each), spec)
            if "properties" in inner:
                mark = "[]" if "items" in each else ""
                yield from _fields(inner, spec, f"{within}{name}{mark}.")


def _row(name: str, where: str, schema: Schema, needed: bool, spec: Schema) -> str:
    kinds = " or ".join(_kind(each, spec) for each in _choices(schema))
    if schema.get("description"):
        kinds += f": {_line(schema['description'])}"
    return f"| `{name}` | {where} | {kinds} | {'yes' if needed else 'no'} |"


def _choices(schema: Schema) -> list[Schema]:
    return list(schema.get("anyOf", [schema]))


def _kind(schema: Schema, spec: Schema) -> str:
    """What may stand there, in a few words."""
    schema = _resolved(schema, spec)
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"{_limits('list', schema, 'Items')} of {_kind(schema['items'], spec)}"
    if kind == "string":
        text = _limits("string", schema, "Length")
        return text + (f", `{_line(schema['pattern'])}`" if "pattern" in schema else "")
    if kind == "integer":
        bounds = [f"{word} {schema[of]:.0f}" for of, word in _BOUNDS.items() if of in schema]
        return " ".join(["whole number", *bounds])
    return str(kind)


def _limits(word: str, schema: Schema, of: str) -> str:
    low, high = schema.get(f"min{of}", 0), schema.get(f"max{of}")
    if high is None:
        return f"{word} ({low} or more)" if low else word
    return f"{word} ({low})" if low == high else f"{word} ({low} to {high})"


def _resolved(schema: Schema, spec: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = spec
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def write(folder: Path) -> None:
    """Write every file of the reference into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(description()).items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
