"""The card's case: parameters in `case.toml`, shapes in `case.scad`, meshes in `stl/`."""
