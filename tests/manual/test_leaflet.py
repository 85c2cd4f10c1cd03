"""The leaflet to print says what the page says."""

from __future__ import annotations

import re
import shutil
import unicodedata
from pathlib import Path

import pytest
from pypdf import PdfReader

from device.faults import Fault
from tests.manual import leaflet


def words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text))  # a PDF has letters joined


def test_the_leaflet_is_made_from_the_page_as_it_is() -> None:
    kept = PdfReader(leaflet.PDF)
    assert kept.metadata is not None
    assert kept.metadata[leaflet.DIGEST] == leaflet.digest(), "run `make pictures`"


def test_the_leaflet_is_one_page_of_a4() -> None:
    (page,) = PdfReader(leaflet.PDF).pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)


def test_every_word_of_the_page_is_printed() -> None:
    unsaid = re.compile(r"<title>.*?</style>|<thead>.*?</thead>|<[^>]+>", re.S)
    said = words(unsaid.sub(" ", leaflet.html()))
    printed = set(words(PdfReader(leaflet.PDF).pages[0].extract_text()))
    assert len(said) > 150
    assert [word for word in said if word not in printed] == []


def test_the_codes_of_the_leaflet_are_the_cards() -> None:
    named = set(re.findall(r"`(E\d\d)`", leaflet.PAGE.read_text()))
    assert named
    assert named <= {fault.code for fault in Fault}


def test_it_can_be_printed_anew(tmp_path: Path) -> None:
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed")
    leaflet.make(tmp_path / "leaflet.pdf")
    made = PdfReader(tmp_path / "leaflet.pdf")
    assert len(made.pages) == 1
    assert made.metadata is not None
    assert made.metadata[leaflet.DIGEST] == leaflet.digest()
