"""Lines of our own in somebody else's file, between two marks. Pure."""

BEGIN = "# Challng card: begin (make uninstall-card removes these lines)"
#: The same after a last line that had no end, which it gets back.
BEGIN_JOINED = "# Challng card: begin, joined (make uninstall-card removes these lines)"
END = "# Challng card: end"


def with_lines(text: str, lines: list[str]) -> str:
    """The text with these lines at its end, in place of older ones."""
    before = without_lines(text)
    joined = before != "" and not before.endswith("\n")
    begin = f"\n{BEGIN_JOINED}" if joined else BEGIN
    return "\n".join([before + begin, *lines, END]) + "\n"


def without_lines(text: str) -> str:
    """The text without our lines; all else is as it was.

    A block whose end somebody removed ends with the file's next empty line.
    """
    kept: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        if bare in (BEGIN, BEGIN_JOINED):
            inside = True
            if bare == BEGIN_JOINED and kept:
                kept[-1] = kept[-1].removesuffix("\n")
        elif not inside:
            if kept and not kept[-1].endswith("\n"):
                kept[-1] += "\n"  # something follows by now
            kept.append(line)
        elif bare == END or not bare:
            inside = False
    return "".join(kept)
