"""The card's page lists every finding of the self-test, and no other."""

import re
from pathlib import Path

import pytest

from device.selftest.findings import Kind
from device.selftest.screens import CELLS, FONT

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "card.md").read_text()


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.code)
def test_every_finding_is_in_the_page_of_the_card(kind: Kind) -> None:
    assert f"| {kind.code} | {kind.words} | {kind.sentence} |" in PAGE


def test_the_page_knows_no_finding_that_the_self_test_has_not() -> None:
    codes = [kind.code for kind in Kind]
    assert re.findall(r"^\| (S\d\d) ", PAGE, re.M) == codes == sorted(set(codes))


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.code)
def test_the_words_of_every_finding_fit_the_glass(kind: Kind) -> None:
    assert len(kind.words) <= CELLS
    assert set(kind.words + kind.code) <= {" ", *FONT.glyphs}
