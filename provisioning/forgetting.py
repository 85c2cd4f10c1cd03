"""What flash storage forgets when a file is wiped, and what it may keep: said honestly."""

from __future__ import annotations

_KEPT = (
    "Flash storage (SD cards, SSDs) does not write in place: the slot was written anew at every "
    "login, and old copies may lie in cells that no file names any more."
)
_ENDS = {
    "host": "They are sealed under the key file beside the store, which was overwritten and "
    "removed too: they are worth nothing, unless old cells of that file are found as well. To be "
    "sure, destroy the medium.",
    "board": "They are sealed under the board's own key and a salt, which was overwritten and "
    "removed too: they are worth nothing, unless someone has this board and finds old cells of "
    "the salt.",
    "others": "They are sealed under the store's key, which stays for the other slots: whoever has "
    "that and finds them opens them. `wipe --all` destroys it, too.",
}


def what_remains(sealed: str, *, empty: bool) -> str:
    """The sentences for a store sealed under `host` or `board`; `empty` when no slot is left."""
    return f"{_KEPT} {_ENDS[sealed if empty else 'others']}"
