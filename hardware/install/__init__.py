"""`make install-card` and `make uninstall-card`: a card out of a Pi with Raspberry Pi OS.

It runs before anything is installed, so it is Python's standard library alone. In this room: what
is put where (`places`), the steps (`packages`, `software`, `account`, `boot`, `units`), each with
what undoes it, and the two orders in which they are done (`__main__`). Not in this room: an image
that is flashed (`hardware.image`).
"""
