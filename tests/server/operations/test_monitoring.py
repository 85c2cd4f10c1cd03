"""The page of metrics and log lines, the board and the alerts speak of what there is."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from server import metrics

from ..support import Api, Card, wrong

ROOT = Path(__file__).resolve().parents[3]
MONITORING = ROOT / "docs" / "monitoring"
PAGE = (ROOT / "docs" / "operations.md").read_text()
BOARD = json.loads((MONITORING / "challng-dashboard.json").read_text())
RULES = yaml.safe_load((MONITORING / "alerts.yml").read_text())
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def table(title: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)`", section(title), re.M))


@pytest.fixture
def shown(api: Api, card: Card) -> dict[str, set[str]]:
    """The verifier's own metrics by family: the names of its samples, and of its labels."""
    login, challenge = api.login()
    code = card.shows(challenge)
    api.answer(login, wrong(code))
    api.answer(login, code)
    metrics.RADIUS.labels("a-client", "accepted")  # told by another program of the same machine
    families = text_string_to_metric_families(api.client.get("/metrics").text)
    return {
        family.name: {each.name for each in family.samples}
        | {label for each in family.samples for label in each.labels}
        for family in families
        if family.name.startswith("challng_") and not family.name.endswith("_created")
    }


def used() -> Iterator[str]:
    """Every expression of the board and of the alerts."""
    for panel in BOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for group in RULES["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def test_the_page_names_exactly_the_metrics_there_are(shown: dict[str, set[str]]) -> None:
    assert shown
    bare = {name.removesuffix("_total") for name in table("Metrics")}
    assert bare == set(shown)


def test_the_board_and_the_alerts_use_metrics_and_labels_that_there_are(
    shown: dict[str, set[str]],
) -> None:
    there = {name for names in shown.values() for name in names}
    found = set()
    for expression in used():
        for name in re.findall(r"\bchallng_[a-z_]+", expression):
            assert name in there, expression
            found.add(name)
        labels = set(re.findall(r'([a-z_]+)(?:=~|!~|!=|=)"', expression))
        grouped = {
            label.strip()
            for inner in re.findall(r"\bby \(([^)]*)\)", expression)
            for label in inner.split(",")
        }
        assert labels | grouped <= there | {"job", "le"}, expression
    families = {family for family, names in shown.items() if any(name in found for name in names)}
    assert families == set(shown)  # and none is forgotten


def test_every_value_that_an_alert_asks_for_can_come() -> None:
    """A verdict or fate that is written wrong would never raise an alarm."""
    source = "".join(path.read_text() for path in (ROOT / "server").rglob("*.py"))
    for expression in used():
        for value in re.findall(r'(?:verdict|fate|state)(?:=~|!~|!=|=)"([^"]*)"', expression):
            assert all(f'"{word}"' in source for word in value.split("|")), expression


def test_alerts_say_what_to_do() -> None:
    names = []
    for group in RULES["groups"]:
        for rule in group["rules"]:
            names.append(rule["alert"])
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert set(rule["annotations"]) == {"summary", "description"}
    assert len(names) == len(set(names))
    assert set(re.findall(r"`(Challng\w+)`", section("Alerts"))) == set(names)


def test_expressions_are_whole() -> None:
    """What `promtool check rules` finds first, without its hundred megabytes."""
    for expression in used():
        for opening, closing in ("()", "{}", "[]"):
            assert expression.count(opening) == expression.count(closing), expression
        assert expression.count('"') % 2 == 0, expression
        for window in re.findall(r"\[([^\]]*)\]", expression):
            assert re.fullmatch(r"\d+[smhd](:\d+[smhd])?", window), expression
        ranged = r"\b(?:rate|increase|delta|changes)\("
        assert len(re.findall(ranged, expression)) == expression.count("["), expression
    for group in RULES["groups"]:
        assert set(group) == {"name", "rules"}
        for rule in group["rules"]:
            assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
            assert re.fullmatch(r"\d+[smhd]", rule.get("for", "1m"))


def test_every_panel_has_a_place_of_its_own() -> None:
    places = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        places.add((place["x"], place["y"]))
        assert place["x"] + place["w"] <= 24
    assert len(places) == len(BOARD["panels"])


def events() -> set[str]:
    """The first argument of every call of a logger in the verifier's code."""
    found = set()
    for path in (ROOT / "server").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and ast.unparse(node.func.value) in {"_log", "self._log"}
            ):
                named = [
                    each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)
                ]
                assert named, f"{path} logs something without a name"
                found |= {each for each in named if isinstance(each, str)}
    return found


def test_the_page_names_exactly_the_lines_that_are_logged() -> None:
    assert "request.failed" in events()
    assert table("Log lines") == events()
