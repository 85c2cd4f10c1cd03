"""`make bom`: the page about parts, from the CSV files."""

from hardware.bom.items import BUILDS, COLUMNS, read
from hardware.pages import ROOT, fill, table, write

PAGE = ROOT / "docs" / "build" / "bom.md"


def page(text: str) -> str:
    """The page with the bill of every build as it is now."""
    for build in BUILDS:
        rows = (tuple(cell.replace("|", "\\|") for cell in item.cells()) for item in read(build))
        text = fill(text, f"parts of {build}", table(COLUMNS, rows))
    return text


if __name__ == "__main__":
    write(PAGE, page(PAGE.read_text()))
