"""The card's board: circuit, schematic, layout and tracks, made from the card's settings.

Nothing here is drawn by hand. `circuit` says what is joined to what, from the settings in
`hardware/wiring/card.toml` and its lines for config.txt; `layout` says where it sits, from
`hardware/outline.toml`; the others find the tracks and write all that as a KiCad project, in
`kicad/`. What only KiCad can do (rule checks, pouring the ground, films for the factory, pictures)
is in `kicad_cli` and `outputs`.
"""
