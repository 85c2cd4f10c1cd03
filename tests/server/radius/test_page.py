"""The pages about RADIUS and SSH name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.cli import _parser
from server.login.access import Access
from server.radius import attributes, server
from server.settings import Settings

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "radius.md").read_text()


def helps() -> str:
    """What `--help` says of every command under `radius`."""
    found, todo = "", [_parser()]
    while todo:
        parser = todo.pop()
        found += parser.format_help()
        todo += [
            sub
            for action in parser._actions
            if isinstance(action.choices, dict)
            for sub in action.choices.values()
        ]
    return found


@pytest.mark.parametrize("name", ["radius.md", "ssh.md"])
def test_every_option_and_setting_on_a_page_is_one(name: str) -> None:
    page, known = (DOCS / name).read_text(), helps()
    ours = "\n".join(
        line
        for line in page.splitlines()
        if not re.match(r" +(useradd|groupadd|install|systemctl) ", line)
    )
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", ours))
    assert "--without-message-authenticator" in options
    assert [each for each in options if each not in known] == []
    settings = set(re.findall(r"CHALLNG_([A-Z_]+)", page))
    assert [each for each in settings if each.lower() not in Settings.model_fields] == []


def test_every_outcome_that_is_counted_is_on_the_page() -> None:
    outcomes = {
        *server._OUTCOMES.values(),
        *server._DROPPED.values(),
        *server._SEEN.values(),
        *("served", "unknown", "failed"),
    }
    (table,) = re.findall(r"\| `challng_radius_requests_total.*?\n\n", PAGE, re.S)
    assert outcomes == set(re.findall(r"`([a-z]+)`", table)) - {"served"} | {"served"}


def test_every_access_level_and_attribute_is_on_the_page() -> None:
    assert [each for each in Access if f"| `{each}` |" not in PAGE] == []
    assert [each for each in attributes.MANY | attributes.ONCE if f"`{each}`" not in PAGE] == []


def test_the_mapping_on_the_page_is_one() -> None:
    (mapping,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    assert attributes.check(mapping)
