"""`make wiring`: the picture of each build, and the tables of wires in the page about wiring."""

from hardware.pages import ROOT, fill, table, write
from hardware.wiring.builds import BUILDS, Build
from hardware.wiring.picture import picture
from hardware.wiring.wires import wires

PICTURES = ROOT / "docs" / "build" / "pictures"
PAGE = ROOT / "docs" / "build" / "wiring.md"


def main() -> None:
    """Write what the settings of the builds make."""
    for build in BUILDS:
        write(PICTURES / f"wiring-{build.name}.svg", picture(build))
    write(PAGE, page(PAGE.read_text()))


def page(text: str) -> str:
    """The page with every build's wires and settings as they are now."""
    for build in BUILDS:
        text = fill(text, f"wires of {build.name}", _wires(build))
        text = fill(text, f"settings of {build.name}", _settings(build))
    return text


def _wires(build: Build) -> str:
    rows = (
        (*(" – ".join(map(str, part)) for part in (wire.ends[:1], wire.ends[1:])), wire.color)
        for wire in wires(build)
        if not wire.track
    )
    return table(("from", "to", "colour"), rows)


def _settings(build: Build) -> str:
    """Both files without their comments, as a reader copies them."""
    lines = [
        line
        for line in build.settings_file.read_text().splitlines()
        if line and not line.startswith("#")
    ]
    card = "\n".join("    " + line for line in lines)
    config = "\n".join("    " + line for line in build.config())
    return f"`/etc/challng/card.toml`:\n\n{card}\n\n`config.txt`:\n\n{config}"


if __name__ == "__main__":
    main()
