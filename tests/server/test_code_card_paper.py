"""The code card on paper: read back out of the PDF, as a person reads it off the page."""

from __future__ import annotations

from itertools import pairwise

import pytest

from server.factors import code_card
from server.paper.code_card import CARD_HEIGHT, CARD_WIDTH, Grid, Size, Words, draw

from .printed import read

WORDS = Words("Code card", "How it is used.", "Keep it.", "Cut and fold.", "Valid until then.")
VALUES = code_card.draw()
MM = 72 / 25.4


@pytest.mark.parametrize("size", Size)
def test_each_value_stands_beside_its_index_number(size: Size) -> None:
    paper = read(draw(Grid("CC12345678", "alice", VALUES), WORDS, size))
    assert paper.values == dict(enumerate(VALUES, 1))
    assert "CC12345678" in paper.text
    assert "Valid until then." in paper.text


@pytest.mark.parametrize("size", Size)
def test_it_is_one_page_of_a4(size: Size) -> None:
    paper = read(draw(Grid("CC12345678", "alice", VALUES), WORDS, size))
    assert (round(paper.width / MM), round(paper.height / MM)) == (210, 297)


def test_index_numbers_are_large_enough_to_read() -> None:
    large = read(draw(Grid("CC12345678", "alice", VALUES), WORDS, Size.A4))
    small = read(draw(Grid("CC12345678", "alice", VALUES), WORDS, Size.WALLET))
    assert min(size for _, _, size in large.places.values()) >= 9
    assert min(size for _, _, size in small.places.values()) >= 5


def test_the_wallet_card_has_the_size_of_a_bank_card_and_112_values_on_each_side() -> None:
    assert (round(CARD_WIDTH / MM, 3), round(CARD_HEIGHT / MM, 3)) == (85.6, 54)
    paper = read(draw(Grid("CC12345678", "alice", VALUES), WORDS, Size.WALLET))
    left, fold = (paper.width - CARD_WIDTH) / 2, paper.height / 2
    sides = {True: 0, False: 0}
    for x, y, _ in paper.places.values():
        assert left < x < left + CARD_WIDTH
        assert fold - CARD_HEIGHT < y < fold + CARD_HEIGHT
        sides[y > fold] += 1
    assert sides == {True: 112, False: 112}


def test_nothing_is_written_over_something_else() -> None:
    for size in Size:
        paper = read(draw(Grid("CC12345678", "a" * 64, VALUES), WORDS, size))
        heights = sorted({round(y, 1) for _, y, _ in paper.places.values()})
        gaps = [above - below for below, above in pairwise(heights)]
        assert min(gaps) > max(each[2] for each in paper.places.values())


def test_chinese_words_are_on_the_paper_too() -> None:
    words = Words("代碼卡", "登入頁面會要求兩個索引號碼。", "請妥善保管。", "沿線剪下。")
    paper = read(draw(Grid("CC12345678", "alice", VALUES), words, Size.A4))
    assert paper.values == dict(enumerate(VALUES, 1))
    assert b"MSung" in draw(Grid("CC12345678", "alice", VALUES), words, Size.A4)
    assert "代碼卡" in paper.text
