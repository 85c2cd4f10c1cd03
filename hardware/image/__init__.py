"""`make image`: a card's SD image out of Debian's arm64 packages, the same bytes every time.

In this room: what the image is (`layout`, `files/`, `boot/`), and the steps that make it
(`debian`, `software`, `root`, `first`, `firmware`, `disk`), all without running a program of the
image but its Python, which compiles. Not in this room: anything that runs on a card beside what
is copied there, and the machine that the image is tried on (`tests/image`).
"""
