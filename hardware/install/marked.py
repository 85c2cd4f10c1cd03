"""Lines of our own in somebody else's file, between two marks. Pure."""

BEGIN = "# Challng card: begin (make uninstall-card removes these lines)"
END = "# Challng card: end"


def with_lines(text: str, lines: list[str]) -> str:
    """The text with these lines at its end, in place of older ones."""
    before = without_lines(text)
    gap = "" if not before or before.endswith("\n") else "\n"
    return "\n".join([before + gap + BEGIN, *lines, END]) + "\n"


def without_lines(text: str) -> str:
    """The text without our lines; all else is as it was.

    A block whose end somebody removed ends with the file's next empty line.
    """
    kept: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        if bare == BEGIN:
            inside = True
        elif not inside:
            kept.append(line)
        elif bare == END or not bare:
            inside = False
    return "".join(kept)
