"""Every sentence for people is marked, and every catalogue says all of them and no other."""

from __future__ import annotations

import ast
import html
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from hatchling.builders.wheel import WheelBuilder
from jinja2 import Environment, nodes

from server import errors, language

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "server"
TEMPLATES = sorted((SERVER / "portal" / "templates").glob("**/*.html"))
CATALOGUES = sorted(language.CATALOGUES.glob("*.po"))
PLACE = re.compile(r"%\((\w+)\)[sd]")
KEPT = re.compile(r"<(samp|kbd)>(.*?)</\1>")
NAMES = {"Challng", "PDF", "UTC"}
"""What stands on a page in every language alike."""

Key = str | tuple[str, ...]


@pytest.fixture(scope="module")
def said() -> set[Key]:
    """All that the code and the templates say to people."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(str(ROOT), methods, options)
    return {tuple(each[2]) if isinstance(each[2], tuple | list) else each[2] for each in found}


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, path.stem)


def messages(path: Path) -> list[Message]:
    return [message for message in read(path) if message.id]


def key(message: Message) -> Key:
    return tuple(message.id) if isinstance(message.id, list | tuple) else str(message.id)


def in_words(words: Key) -> list[str]:
    return [words] if isinstance(words, str) else list(words)


def test_traditional_chinese_is_there() -> None:
    assert "zh_Hant" in language.LOCALES


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_has_every_message_and_no_other(path: Path, said: set[Key]) -> None:
    has = {key(message) for message in messages(path)}
    assert sorted(map(str, said - has)) == [], "run `make catalogues`, then translate"
    assert sorted(map(str, has - said)) == [], "run `make catalogues`"
    assert list(read(path).obsolete) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_message_is_translated_and_none_is_a_guess(path: Path) -> None:
    unsaid = [
        message.id
        for message in messages(path)
        if message.fuzzy or not all(in_words(message.string or ""))
    ]
    assert unsaid == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_has_the_places_and_the_keys_of_its_message(path: Path) -> None:
    for message in messages(path):
        wanted = set(PLACE.findall(in_words(key(message))[-1]))
        for text in in_words(message.string):
            assert set(PLACE.findall(text)) == wanted, message.id
            assert text.count("%") == len(PLACE.findall(text)), message.id
            kept = sorted(KEPT.findall(in_words(key(message))[-1]))
            assert sorted(KEPT.findall(text)) == kept, message.id
            assert text == text.strip(), message.id


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_past_the_catalogues(path: Path) -> None:
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text())
    # A template's own text with a mark for each thing that it fills in, so that tags stay whole.
    text = "".join(
        part.data if isinstance(part, nodes.TemplateData) else "\0"
        for output in tree.find_all(nodes.Output)
        for part in output.nodes
    )
    labels = re.findall(r'(?:aria-label|alt|title|placeholder)="([^"\0]*)"', text)
    bare = re.sub(r'[\w-]+="[^"]*"', "", text)
    between = re.sub(r"<[^>]*>|<[^>]*$|^[^<]*>", "\0", bare)
    words = {
        word
        for piece in [*between.split("\0"), *labels]
        for word in re.findall(r"[^\W\d_]{2,}", html.unescape(piece))
    }
    attributes = {"selected", "checked", "autofocus", "required"}
    assert words - NAMES - attributes == set()


def leaves() -> set[str]:
    """Names of the refusals that a page can show."""
    todo, found = [errors.Refusal], set()
    while todo:
        each = todo.pop()
        if each is not errors.ProvisioningRefused:
            found.add(each.__name__)
            todo += each.__subclasses__()
    return found - {"SlowDown", "AnswerWrong"}  # these know their own sentence


def is_marked(tree: ast.Module, given: ast.expr) -> bool:
    if isinstance(given, ast.Constant):
        return False
    if isinstance(given, ast.Name):
        values = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and any(isinstance(to, ast.Name) and to.id == given.id for to in node.targets)
        ]
        return all(
            isinstance(value, ast.Name | ast.Call) or ast.unparse(value) == "''" for value in values
        )
    return not isinstance(given, ast.JoinedStr)


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in SERVER.rglob("*.py")
        if path.parent.name not in {"api", "applications", "commands", "provisioning"}
    ),
    ids=lambda path: str(path.relative_to(SERVER)),
)
def test_every_refusal_says_a_marked_sentence(path: Path) -> None:
    tree = ast.parse(path.read_text())
    unmarked = [
        f"line {node.lineno}: {ast.unparse(node)[:80]}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in leaves()
        and node.args
        and not is_marked(tree, node.args[0])
    ]
    assert unmarked == []


def test_the_wheel_has_the_catalogues_the_templates_and_the_style_sheet() -> None:
    files = {each.path for each in WheelBuilder(str(ROOT)).recurse_included_files()}
    wanted = [*CATALOGUES, *TEMPLATES, SERVER / "portal" / "static" / "challng.css"]
    assert {str(path) for path in wanted} <= files
