"""The booth: its visits, its parts, and a day of it."""
