"""The look over the built manual finds what it is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.manual.built import faults, main

GOOD = '<p id="a"><a href="b.html#there">b</a> <a href="https://www.debian.org/doc/">Debian</a>'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "a.html").write_text(GOOD)
    (tmp_path / "b.html").write_text('<h1 id="there">B</h1><img src="b.png">')
    (tmp_path / "b.png").write_bytes(b"")
    (tmp_path / "a.css").write_text("p { background: url(b.png) }")
    return tmp_path


def test_a_sound_site_has_no_fault(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert faults(site) == []
    assert main(str(site)) == 0
    assert "2 pages" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ('<a href="c.html">', "a.html links to c.html: it is not there"),
        ('<a href="b.html#gone">', "a.html links to b.html#gone: it is not there"),
        ('<a href="#gone">', "a.html links to #gone: it is not there"),
        ('<img src="c.png">', "a.html links to c.png: it is not there"),
        ('<a href="ftp://www.debian.org/">', "expected https"),
        ('<a href="https://no host/">', "expected the name of a host"),
        ('<script src="https://cdn.example/x.js">', "a.html loads https://cdn.example/x.js"),
        ('<link rel="stylesheet" href="//fonts.example/">', "a.html loads //fonts.example/"),
    ],
)
def test_what_is_wrong_with_a_page_is_found(site: Path, added: str, fault: str) -> None:
    (site / "a.html").write_text(GOOD + added)
    (found,) = faults(site)
    assert fault in found


def test_a_font_from_elsewhere_is_found(site: Path) -> None:
    (site / "a.css").write_text("@font-face { src: url('https://fonts.example/a.woff2') }")
    assert faults(site) == ["a.css loads https://fonts.example/a.woff2"]


def test_no_page_at_all_is_a_fault(tmp_path: Path) -> None:
    assert main(str(tmp_path)) == 1
