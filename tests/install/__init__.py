"""`make install-card` for real, in Debian's Bookworm and Trixie under a booted systemd."""
