"""Files of the docs that are made: pages in part, between two comments that name it."""

import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def write(path: Path, text: str) -> None:
    """Write a made file if it is not that already, and say which."""
    current = path.exists() and path.read_text() == text
    if not current:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    print(f"{path.relative_to(ROOT)}: {'is current' if current else 'written'}")


def fill(page: str, name: str, block: str) -> str:
    """The page with `block` between `<!-- name -->` and `<!-- /name -->`, whatever was there."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    whole = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(whole.findall(page)) != 1:
        raise ValueError(f"expected the comments {begin} and {end} once in the page: put them in")
    return whole.sub(lambda _: f"{begin}\n\n{block}\n\n{end}", page)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    names = list(head)
    lines = [names, ["---"] * len(names), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
