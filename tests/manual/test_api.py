"""The API's reference in the manual is what the verifier itself says of its calls."""

from __future__ import annotations

import json

from tests.manual import api

_ANSWERS_ANYBODY = {"/healthz", "/readyz", "/metrics"}


def test_the_reference_is_what_the_verifier_says_of_itself() -> None:
    made = api.pages(api.description())
    kept = {path.name for path in api.PAGES.iterdir()} - {"index.md"}
    assert kept == set(made), "run `make pictures`"
    for name, text in made.items():
        assert (api.PAGES / name).read_text() == text, f"{name}: run `make pictures`"


def test_every_call_stands_on_one_page_under_its_own_heading() -> None:
    spec = json.loads((api.PAGES / "openapi.json").read_text())
    pages = "\n".join(page.read_text() for page in api.PAGES.glob("*.md"))
    calls = [f"{verb.upper()} {path}" for path, verbs in spec["paths"].items() for verb in verbs]
    assert len(calls) > 80
    assert [call for call in calls if pages.count(f"## {call}\n") != 1] == []
    assert set(spec["paths"]) >= _ANSWERS_ANYBODY


def test_the_words_for_a_field_say_what_may_stand_there() -> None:
    def kind(**schema: object) -> str:
        return api._kind(schema, {})

    assert kind(type="string", minLength=6, maxLength=6) == "string (6)"
    assert kind(type="string", minLength=1, maxLength=9, pattern="^a|b$") == (
        "string (1 to 9), `^a\\|b$`"
    )
    assert kind(type="integer", minimum=1.0, exclusiveMaximum=4e18) == (
        "whole number from 1 below 4000000000000000000"
    )
    assert kind(type="array", maxItems=3, items={"enum": ["x", "y"]}) == "list (0 to 3) of `x`, `y`"
