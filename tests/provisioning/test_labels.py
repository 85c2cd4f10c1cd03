"""The sheet of labels: read back as text, and its codes by a scanner."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from protocol import serial
from provisioning.batch.labels import CODES, Label, Sheet, SheetRefused, grid, grouped, pdf, size

SERIALS = [serial.make(number * 123_457) for number in range(26)]
NAMES = ["Ann Smith", "Müller, Jürgen", "Łukasz Žižka", "x" * 64]


def program(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: {package})")
    return path


def text_of(content: bytes) -> str:
    found = subprocess.run(
        [program("pdftotext", "poppler-utils"), "-layout", "-", "-"],
        input=content,
        capture_output=True,
        check=True,
    )
    return found.stdout.decode()


def scanned(content: bytes, folder: Path) -> list[str]:
    """What a scanner reads on the pages, printed at 300 dots an inch."""
    scanner = program("zbarimg", "zbar-tools")
    subprocess.run(
        [program("pdftoppm", "poppler-utils"), "-r", "300", "-gray", "-png", "-", folder / "page"],
        input=content,
        check=True,
    )
    found = subprocess.run(
        [scanner, "-q", *sorted(folder.glob("page*.png"))],
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(found.stdout.split())


def test_a_serial_is_grouped_as_people_read_it() -> None:
    assert grouped("CH12345678") == "CH12 3456 78"
    assert serial.check(grouped(SERIALS[3])) == SERIALS[3]  # and is taken so by every command


def test_every_serial_stands_on_the_sheet_as_text() -> None:
    content = pdf([Label(each) for each in SERIALS], Sheet())
    pages = text_of(content).split("\f")
    assert [len(re.findall(r"CH\d\d \d{4} \d\d", page)) for page in pages] == [24, 2, 0]
    assert re.findall(r"CH\d\d \d{4} \d\d", "".join(pages)) == [grouped(each) for each in SERIALS]


@pytest.mark.parametrize("code", CODES)
def test_a_name_stands_beside_its_code(code: str) -> None:
    labels = [Label(each, name) for each, name in zip(SERIALS, NAMES, strict=False)]
    told = text_of(pdf(labels, Sheet(), code))
    for name in NAMES[:3]:
        assert name in told
    assert "xxx..." in told or code == "code128"


@pytest.mark.parametrize(("code", "kind"), [("code128", "CODE-128"), ("qr", "QR-Code")])
def test_a_scanner_reads_every_code(tmp_path: Path, code: str, kind: str) -> None:
    labels = [Label(each, NAMES[0]) for each in SERIALS]
    assert scanned(pdf(labels, Sheet(), code), tmp_path) == sorted(
        f"{kind}:{each}" for each in SERIALS
    )


@pytest.mark.parametrize("code", CODES)
def test_the_smallest_label_that_is_taken_can_be_scanned(tmp_path: Path, code: str) -> None:
    sheet = Sheet(columns=4, rows=11, width=50, height=25, top=8, left=5)
    for each in SERIALS[::5]:  # one by one, as labels are scanned
        folder = tmp_path / each
        folder.mkdir()
        (read,) = scanned(pdf([Label(each)], sheet, code), folder)
        assert read.endswith(each)


def test_the_same_cards_give_the_same_sheet() -> None:
    labels = [Label(SERIALS[0], "Łukasz Žižka"), Label(SERIALS[1])]
    assert pdf(labels, Sheet()) == pdf(labels, Sheet())
    assert pdf(labels, Sheet()) != pdf(labels, Sheet(left=0, top=0))


@pytest.mark.parametrize(
    "sheet",
    [
        Sheet(columns=4),
        Sheet(rows=9),
        Sheet(top=2),
        Sheet(left=1),
        Sheet(columns=0),
        Sheet(top=-1),
        Sheet(columns=1, rows=1, width=49),
        Sheet(columns=1, rows=1, height=24),
    ],
)
def test_a_sheet_that_does_not_fit_is_refused(sheet: Sheet) -> None:
    with pytest.raises(SheetRefused):
        pdf([], sheet)


@pytest.mark.parametrize("text", ["", "3", "3x", "x8", "3x8x1", "a x b", "-3x8", "333x8"])
def test_a_grid_or_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SheetRefused, match="3x8"):
        grid(text)
    with pytest.raises(SheetRefused, match="70x37"):
        size(text if text != "333x8" else "3333x8")
    assert (grid("2x7"), size("99.1x38.1")) == ((2, 7), (99.1, 38.1))


def test_letters_that_no_font_has_are_told_before_anything_is_drawn() -> None:
    with pytest.raises(SheetRefused, match="DejaVu"):
        pdf([Label(SERIALS[0], "山田太郎")], Sheet())
