"""The card's leaflet as a page to print, from the same Markdown as the manual's.

    python -m tests.manual.leaflet docs/leaflet.pdf

Chromium lays it out. The file carries the digest of all that it was made from: so a test can tell,
without Chromium, whether it shows what the page says now.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import markdown
from pypdf import PdfReader, PdfWriter

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "leaflet.md"
STYLE = DOCS / "theme" / "leaflet.css"
PDF = DOCS / "leaflet.pdf"
DIGEST = "/MadeFrom"
_PICTURES = re.compile(r"\]\((pictures/[^)]+)\)")


def html() -> str:
    """The page that is printed; its pictures are found from docs/."""
    text = re.sub(r"\n\nOne page for [^\n]+\n", "\n", PAGE.read_text())
    body = markdown.markdown(text, extensions=["tables"], output_format="html")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><base href="{DOCS.as_uri()}/">'
        f"<title>Challng: operating the card</title><style>{STYLE.read_text()}</style>{body}</html>"
    )


def digest() -> str:
    """What the page, its looks and its pictures come to."""
    found = hashlib.sha256()
    pictures = [DOCS / name for name in _PICTURES.findall(PAGE.read_text())]
    for path in (PAGE, STYLE, *pictures):
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def make(target: Path) -> None:
    """Print the page into `target`."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is not installed: the leaflet cannot be laid out")
    with tempfile.TemporaryDirectory() as folder:
        page, printed = Path(folder) / "leaflet.html", Path(folder) / "leaflet.pdf"
        page.write_text(html())
        subprocess.run(
            [
                *(
                    chromium,
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--no-pdf-header-footer",
                ),
                *("--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}/profile"),
                *(f"--print-to-pdf={printed}", page.as_uri()),
            ],
            check=True,
            capture_output=True,
        )
        writer = PdfWriter(clone_from=PdfReader(printed))
    writer.metadata = {"/Title": "Challng: operating the card", DIGEST: digest()}
    writer.write(target)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
